package pki

import (
	"context"
	"encoding/hex"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// maxAnswer bounds what an authority answers with: a chain of both halves of a
// double certificate needs a tenth of it.
const maxAnswer = 128 << 10

// Install takes what the authority answered: one or more digital certificates
// in PEM or DER, ours and what leads from it to an anchor. It needs pki.manage.
//
// It is checked from every side ([Service.Check]) and then registered, bound to
// the request's key. Of a double certificate (签名、加密双证) the signing half is
// kept, and Notes says so. The same answer again is the same registration.
func (s *Service) Install(ctx context.Context, id string, answer []byte) (*Registered, error) {
	var r *CertificateRequest
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = s.requestTx(ctx, tx, id, false); return err }); err != nil {
		return nil, err
	}
	made, err := s.install(ctx, r, answer)
	if err != nil {
		return nil, s.refused(ctx, "pki.install", "pki/request/"+id, err)
	}
	return made, nil
}

func (s *Service) install(ctx context.Context, r *CertificateRequest, answer []byte) (*Registered, error) {
	if len(answer) > maxAnswer {
		return nil, fault.TooLarge.New("签发机构的应答超过 %d KiB", maxAnswer>>10).WithCode("pki.answer").WithHint("请只提交签发的数字证书及其上级证书")
	}
	all, err := gm.ParseCertificates(answer)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "应答中读不出数字证书").WithCode("pki.answer").WithHint("请提交 PEM 或 DER 格式的数字证书（.cer、.crt、.pem），PKCS#7 请先导出其中的证书")
	}
	public, err := s.Keys.Public(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	leaf, chain, notes, err := sortAnswer(all, public)
	if err != nil {
		return nil, err
	}
	if r.State == Installed && r.Certificate == idOf(leaf) {
		return s.again(ctx, r, notes)
	}
	if err := answerable(r, s.DB.Now().After(r.Until)); err != nil {
		return nil, err
	}
	if err := Refusal(s.Check(ctx, CheckRequest{Certificate: leaf, Chain: chain, Name: r.Name, Code: r.Code, Public: public, Use: r.Use})); err != nil {
		return nil, err
	}
	chain, err = s.needed(ctx, leaf, chain)
	if err != nil {
		return nil, err
	}
	s.step("checked")
	if err := s.bind(ctx, r.ID, leaf, chain); err != nil {
		return nil, err
	}
	s.step("installed")
	return s.again(ctx, r, notes, leaf)
}

func idOf(c *gm.Certificate) string { d := c.Digest(); return hex.EncodeToString(d[:]) }

func answerable(r *CertificateRequest, late bool) error {
	switch {
	case r.State != Waiting:
		return errState(r)
	case late:
		return fault.Conflict.New("这个证书请求已过期").WithCode("pki.request.expired").WithHint("请重新申请；密钥搁置过久的请求不再接受应答")
	}
	return nil
}

// sortAnswer finds our digital certificate among what came, by its key.
func sortAnswer(all []*gm.Certificate, public *gm.PublicKey) (leaf *gm.Certificate, chain []*gm.Certificate, notes []string, err error) {
	encryption := false
	for _, c := range all {
		p, err := c.PublicKey()
		switch ours := err == nil && p.Equal(public); {
		case ours && (leaf == nil || len(leaf.CheckSigningUsage()) > 0):
			leaf = c
		case ours, c.IsCA, c.SelfIssued():
			chain = append(chain, c)
		case slices.ContainsFunc(c.CheckSigningUsage(), func(p gm.Problem) bool { return p.Code == "encryption_only" }):
			encryption = true
		default:
			chain = append(chain, c)
		}
	}
	if encryption {
		notes = append(notes, "应答含双证书，已保留签名证书；加密证书及其私钥信封本平台不用，没有保存")
	}
	switch {
	case leaf == nil && encryption:
		return nil, nil, nil, fault.Invalid.New("应答中只有加密证书，没有签名证书").WithCode(CheckUsage).WithHint("双证书请一并提交签名证书；只有签名证书可以用于印章和签名")
	case leaf == nil:
		return nil, nil, nil, fault.Invalid.New("应答中没有为该请求的密钥签发的数字证书").WithCode(CheckKey).WithHint("%s", ways[CheckKey])
	}
	return leaf, chain, notes, nil
}

// needed is what of the chain leads to an anchor and is not known already.
func (s *Service) needed(ctx context.Context, leaf *gm.Certificate, came []*gm.Certificate) ([]*gm.Certificate, error) {
	t, err := s.Trust(ctx)
	if err != nil {
		return nil, err
	}
	known := t.Intermediates.Certificates()
	return slices.DeleteFunc(chainOf(leaf, came, t).Chain[1:], func(c *gm.Certificate) bool {
		return t.Anchors.Contains(c) || slices.ContainsFunc(known, c.Equal)
	}), nil
}

// bind registers the digital certificate with the key of its request, in one
// transaction: after a crash it is either waiting or installed.
func (s *Service) bind(ctx context.Context, id string, leaf *gm.Certificate, chain []*gm.Certificate) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.requestTx(ctx, tx, id, true)
		if err != nil {
			return err
		}
		if err := answerable(r, tx.Now().After(r.Until)); err != nil {
			return err
		}
		e := entry{use: r.Use, org: r.Org, account: r.Account, key: r.Key, certificate: leaf, replaces: unhex(r.Replaces)}
		if err := registerTx(tx, "pki.install", e, chain); err != nil {
			return err
		}
		d := leaf.Digest()
		if err := endRequest(tx, id, Installed, d[:]); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "pki.request.answer", Object: "pki/request/" + id, After: d})
	})
	s.endTrust()
	return err
}

// again reads back what stands in the register.
func (s *Service) again(ctx context.Context, r *CertificateRequest, notes []string, leaf ...*gm.Certificate) (made *Registered, err error) {
	ref := r.Certificate
	if len(leaf) > 0 {
		ref = idOf(leaf[0])
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { made, err = GetTx(tx, ref); return err })
	if err == nil {
		made.Notes = notes
	}
	return made, err
}
