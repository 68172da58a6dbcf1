package main

import (
	"sidian/gm"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses"
)

type sealStampCommand struct {
	In       string   `arg:"" placeholder:"IN.ofd"`
	Out      string   `arg:"" placeholder:"OUT.ofd"`
	Seal     string   `required:"" help:"${flag_seal}" placeholder:"FILE"`
	Key      string   `required:"" help:"${flag_key}" placeholder:"FILE"`
	Cert     string   `required:"" help:"${flag_cert}" placeholder:"FILE"`
	Page     int      `help:"${flag_stamppage}" placeholder:"N"`
	X        *float64 `help:"${flag_x}" placeholder:"MM"`
	Y        *float64 `help:"${flag_y}" placeholder:"MM"`
	Keyword  string   `help:"${flag_keyword}" placeholder:"TEXT"`
	Straddle bool     `help:"${flag_straddle}"`
	TSA      string   `name:"tsa" help:"${flag_tsa}" placeholder:"URL"`
	Closed   bool     `help:"${flag_closed}"`
	keyFlags `embed:""`
}

// Run puts the seal on the document at its own size.
func (c *sealStampCommand) Run(p *program) error {
	doc, key, cert, err := signingInputs(c.In, c.Out, c.Key, c.Cert, &c.keyFlags)
	if err != nil {
		return err
	}
	seal, err := readSeal(c.Seal)
	if err != nil {
		return err
	}
	opts := sign.StampOptions{Seal: seal, Signer: key, Certificate: cert, Time: p.now, Closed: c.Closed}
	if opts.Places, err = c.places(doc, float64(seal.Picture.Width), float64(seal.Picture.Height)); err != nil {
		return err
	}
	if c.TSA != "" {
		client, err := newTSAClient(c.TSA)
		if err != nil {
			return err
		}
		opts.Timestamp = func(value []byte) ([]byte, error) { return client.token(p.ctx, value) }
	}
	stamped, err := sign.Stamp(doc, opts)
	if err != nil {
		return refusal(c.In, err)
	}
	return p.save(stamped, c.Out)
}

func readSeal(name string) (*ses.Seal, error) {
	data, err := need(name, maxSmall)
	if err != nil {
		return nil, err
	}
	seal, err := ses.ParseSeal(data)
	if err != nil {
		return nil, &problem{where: name, zh: "不是电子印章", en: "is not an electronic seal", err: err,
			todoZH: "用 ofd seal make 制作，或向制章机构重新索取", todoEN: "make one with ofd seal make, or ask its maker for it again"}
	}
	return seal, nil
}

type signCommand struct {
	In       string `arg:"" placeholder:"IN.ofd"`
	Out      string `arg:"" placeholder:"OUT.ofd"`
	Key      string `required:"" help:"${flag_key}" placeholder:"FILE"`
	Cert     string `required:"" help:"${flag_cert}" placeholder:"FILE"`
	Closed   bool   `help:"${flag_closed}"`
	keyFlags `embed:""`
}

// Run signs without a seal. Further certificates in the --cert file go into the signature as its chain.
func (c *signCommand) Run(p *program) error {
	doc, key, cert, err := signingInputs(c.In, c.Out, c.Key, c.Cert, &c.keyFlags)
	if err != nil {
		return err
	}
	chain, err := certificateFile(c.Cert)
	if err != nil {
		return err
	}
	signed, err := sign.Sign(doc, sign.SignOptions{Signer: key, Certificate: cert, Chain: chain[1:], Time: p.now, Closed: c.Closed})
	if err != nil {
		return refusal(c.In, err)
	}
	return p.save(signed, c.Out)
}

// signingInputs reads what both ways of signing need.
func signingInputs(in, out, keyFile, certFile string, flags *keyFlags) (*ofd.Document, *gm.PrivateKey, *gm.Certificate, error) {
	if err := different(in, out); err != nil {
		return nil, nil, nil, err
	}
	doc, err := openDocument(in)
	if err != nil {
		return nil, nil, nil, err
	}
	cert, err := certificate(certFile)
	if err != nil {
		return nil, nil, nil, err
	}
	key, err := flags.key(keyFile)
	return doc, key, cert, err
}

func (p *program) save(doc *ofd.Document, out string) error {
	data, err := doc.Bytes()
	if err != nil {
		return &problem{where: out, zh: "文件没有写成", en: "was not written", err: err, todoZH: "检查输入文件", todoEN: "check the input document"}
	}
	if err := writeFile(out, data); err != nil {
		return err
	}
	p.tell("%s：已签署", "%s: signed", out)
	return nil
}
