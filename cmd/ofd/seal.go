package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/gif"  // registers the decoder
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder
	"math"
	"strconv"
	"strings"

	"sidian/ses"
)

type sealCommand struct {
	Make  sealMakeCommand  `cmd:"" help:"${help_make}"`
	Stamp sealStampCommand `cmd:"" help:"${help_stamp}"`
}

type sealMakeCommand struct {
	Image      string   `required:"" help:"${flag_image}" placeholder:"FILE"`
	Name       string   `required:"" help:"${flag_name}"`
	Size       string   `required:"" help:"${flag_size}" placeholder:"MM"`
	MakerKey   string   `required:"" help:"${flag_makerkey}" placeholder:"FILE"`
	MakerCert  string   `required:"" help:"${flag_makercert}" placeholder:"FILE"`
	SignerCert []string `required:"" help:"${flag_signercert}" placeholder:"FILE" sep:"none"`
	From       string   `required:"" help:"${flag_from}" placeholder:"DATE"`
	To         string   `required:"" help:"${flag_to}" placeholder:"DATE"`
	Out        string   `short:"o" required:"" help:"${flag_output}" placeholder:"OUT.esl"`
	ID         string   `name:"id" help:"${flag_id}"`
	Type       int      `default:"1" help:"${flag_kind}"`
	Vendor     string   `default:"sidian" help:"${flag_vendor}"`
	keyFlags   `embed:""`
}

// Run makes a seal of GB/T 38540-2020.
func (c *sealMakeCommand) Run(p *program) error {
	opts := ses.SealOptions{ID: c.ID, VendorID: c.Vendor, Type: c.Type, Name: c.Name, Created: p.now}
	var err error
	if opts.ValidFrom, err = parseTime("--from", c.From, false); err != nil {
		return err
	}
	if opts.ValidTo, err = parseTime("--to", c.To, true); err != nil {
		return err
	}
	if opts.Picture, err = c.picture(); err != nil {
		return err
	}
	for _, name := range c.SignerCert {
		cert, err := certificate(name)
		if err != nil {
			return err
		}
		opts.Signers = append(opts.Signers, cert)
	}
	maker, err := certificate(c.MakerCert)
	if err != nil {
		return err
	}
	key, err := c.key(c.MakerKey)
	if err != nil {
		return err
	}
	if opts.ID == "" {
		id := make([]byte, 16)
		if _, err := rand.Read(id); err != nil {
			return fmt.Errorf("choosing an identifier: %w", err)
		}
		opts.ID = hex.EncodeToString(id)
	}
	seal, err := ses.MakeSeal(opts, key, maker)
	if err != nil {
		return refusal(c.Out, err)
	}
	if err := writeFile(c.Out, seal.Raw); err != nil {
		return err
	}
	p.tell("%s：印章“%s”，标识 %s，%d × %d 毫米", "%s: seal %q, identifier %s, %d × %d mm", c.Out, seal.Name, seal.ID, seal.Picture.Width, seal.Picture.Height)
	return nil
}

// maxImprint bounds the picture's pixels: at 40 mm this is 2,500 dots an inch.
const maxImprint = 16 << 20

// picture reads the imprint and works out its size in whole millimetres, as the standard stores it.
func (c *sealMakeCommand) picture() (ses.Picture, error) {
	data, err := need(c.Image, maxSmall)
	if err != nil {
		return ses.Picture{}, err
	}
	bad := &problem{where: c.Image, zh: "不是可用的印模图片", en: "is not a usable picture of an imprint",
		todoZH: "给出 PNG（宜带透明底）、JPEG 或 GIF 图片", todoEN: "give a PNG (transparent at best), JPEG or GIF"}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxImprint/cfg.Height {
		bad.err = err
		return ses.Picture{}, bad
	}
	_, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		bad.err = err
		return ses.Picture{}, bad
	}
	w, h, err := imprintSize(c.Size, cfg)
	kind := map[string]string{"png": "PNG", "jpeg": "JPG", "gif": "GIF"}[format]
	return ses.Picture{Type: kind, Data: data, Width: w, Height: h}, err
}

// imprintSize reads "42" or "40x30".
func imprintSize(s string, cfg image.Config) (w, h int, err error) {
	first, second, both := strings.Cut(strings.ToLower(s), "x")
	w, err = strconv.Atoi(strings.TrimSpace(first))
	if err == nil && both {
		h, err = strconv.Atoi(strings.TrimSpace(second))
	} else {
		h = int(math.Max(1, math.Round(float64(w)*float64(cfg.Height)/float64(cfg.Width))))
	}
	if err != nil || w < 1 || h < 1 || w > 500 || h > 500 {
		return 0, 0, &problem{where: "--size", zh: fmt.Sprintf("印章大小 %q 无法使用", s), en: fmt.Sprintf("cannot use the size %q", s),
			todoZH: "写整数毫米，如 42 或 40x30", todoEN: "write whole millimetres, such as 42 or 40x30"}
	}
	return w, h, nil
}
