package ses_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ses"
	"sidian/ses/sestest"
)

func TestMakeSeal(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	for name, digests := range map[string]bool{"certificates": false, "digests": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := p.SealOptions()
			o.Digests = digests
			o.Extensions = []ses.Extension{{ID: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte("x")}, {ID: asn1.ObjectIdentifier{1, 2, 4}, Critical: true, Value: []byte("y")}}
			s, err := ses.MakeSeal(o, p.MakerKey, p.Maker)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Notes) > 0 || s.Version != ses.V4 || s.Stated != 4 {
				t.Errorf("version %d says %d, notes %v", s.Version, s.Stated, s.Notes)
			}
			if notes, err := s.VerifyMaker(); err != nil || len(notes) > 0 {
				t.Errorf("maker: %v %v", notes, err)
			}
			if _, ok := s.Lists(p.Signer.Raw); !ok {
				t.Error("signer not listed")
			}
			if _, ok := s.Lists(p.Maker.Raw); ok {
				t.Error("maker listed as a signer")
			}
			if s.ID != o.ID || s.Name != o.Name || s.VendorID != o.VendorID || !s.ValidTo.Equal(o.ValidTo) || !bytes.Equal(s.Picture.Data, o.Picture.Data) {
				t.Errorf("read back %+v", s)
			}
			if len(s.Extensions) != 2 || s.Extensions[0].Critical || !s.Extensions[1].Critical {
				t.Errorf("extensions %v", s.Extensions)
			}
		})
	}
}

func TestMakeSealRefuses(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	encryption := sestest.Template("加密证书")
	encryption.KeyUsage = x509.KeyUsageKeyEncipherment
	encKey := sestest.Key(t)
	encCert := p.Issue(encryption, encKey)
	for name, change := range map[string]func(*ses.SealOptions){
		"identifier not ASCII":   func(o *ses.SealOptions) { o.ID = "印章" },
		"identifier empty":       func(o *ses.SealOptions) { o.ID = "" },
		"vendor not ASCII":       func(o *ses.SealOptions) { o.VendorID = "四电" },
		"name empty":             func(o *ses.SealOptions) { o.Name = "" },
		"name not UTF-8":         func(o *ses.SealOptions) { o.Name = "\xff" },
		"name too long":          func(o *ses.SealOptions) { o.Name = strings.Repeat("章", 2000) },
		"no signer":              func(o *ses.SealOptions) { o.Signers = nil },
		"ends before it begins":  func(o *ses.SealOptions) { o.ValidTo = o.ValidFrom },
		"no creation date":       func(o *ses.SealOptions) { o.Created = time.Time{} },
		"picture type not ASCII": func(o *ses.SealOptions) { o.Picture.Type = "图" },
		"picture empty":          func(o *ses.SealOptions) { o.Picture.Data = nil },
		"picture without size":   func(o *ses.SealOptions) { o.Picture.Width = 0 },
		"maker not yet valid":    func(o *ses.SealOptions) { o.Created = sestest.Now.AddDate(-5, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := p.SealOptions()
			change(&o)
			if _, err := ses.MakeSeal(o, p.MakerKey, p.Maker); !errors.Is(err, ses.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("key of another certificate", func(t *testing.T) {
		t.Parallel()
		if _, err := ses.MakeSeal(p.SealOptions(), p.SignerKey, p.Maker); !errors.Is(err, ses.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("encryption certificate", func(t *testing.T) {
		t.Parallel()
		if _, err := ses.MakeSeal(p.SealOptions(), encKey, encCert); !errors.Is(err, ses.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}

func signOptions(p *sestest.PKI) ses.SignOptions {
	hash := gm.Sum([]byte("xml"))
	return ses.SignOptions{Seal: p.Seal(), DataHash: hash[:], PropertyInfo: sestest.Path, Time: sestest.Now}
}

func TestSign(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	o := signOptions(p)
	der, err := ses.Sign(o, p.SignerKey, p.Signer)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ses.ParseSignature(der)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Notes) > 0 || s.Version != ses.V4 || s.Timestamp != nil {
		t.Errorf("version %d, notes %v", s.Version, s.Notes)
	}
	if notes, err := s.VerifyValue(); err != nil || len(notes) > 0 {
		t.Errorf("value: %v %v", notes, err)
	}
	if !bytes.Equal(s.Seal.Raw, o.Seal.Raw) || !s.Time.Equal(o.Time) || s.PropertyInfo != o.PropertyInfo || !bytes.Equal(s.DataHash, o.DataHash) {
		t.Error("what was signed differs from what was given")
	}
}

func TestSignWithTimestamp(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	o := signOptions(p)
	var stamped []byte
	o.Timestamp = func(value []byte) ([]byte, error) { stamped = value; return []byte("token"), nil }
	der, err := ses.Sign(o, p.SignerKey, p.Signer)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ses.ParseSignature(der)
	if err != nil {
		t.Fatal(err)
	}
	if string(s.Timestamp) != "token" || !bytes.Equal(stamped, s.Value) || len(s.Notes) > 0 {
		t.Errorf("token %q over %x, value %x, notes %v", s.Timestamp, stamped, s.Value, s.Notes)
	}
	o.Timestamp = func([]byte) ([]byte, error) { return nil, errors.New("down") }
	if _, err := ses.Sign(o, p.SignerKey, p.Signer); err == nil {
		t.Error("signed without the time stamp asked for")
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	v1, err := ses.ParseSeal(p.SealDER(sestest.Form{Version: ses.V1}))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ses.SignOptions){
		"no seal":               func(o *ses.SignOptions) { o.Seal = nil },
		"V1 seal":               func(o *ses.SignOptions) { o.Seal = v1 },
		"digest of other size":  func(o *ses.SignOptions) { o.DataHash = o.DataHash[:20] },
		"property not ASCII":    func(o *ses.SignOptions) { o.PropertyInfo = "/文档" },
		"no time":               func(o *ses.SignOptions) { o.Time = time.Time{} },
		"before the seal":       func(o *ses.SignOptions) { o.Time = sestest.Now.AddDate(0, -2, 0) },
		"after the seal":        func(o *ses.SignOptions) { o.Time = sestest.Now.AddDate(2, 1, 0) },
		"after the certificate": func(o *ses.SignOptions) { o.Time = sestest.Now.AddDate(4, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := signOptions(p)
			change(&o)
			if _, err := ses.Sign(o, p.SignerKey, p.Signer); !errors.Is(err, ses.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("signer not in the seal", func(t *testing.T) {
		t.Parallel()
		if _, err := ses.Sign(signOptions(p), p.MakerKey, p.Maker); !errors.Is(err, ses.ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzParseSeal(f *testing.F) {
	p := sestest.New(f)
	for _, form := range []sestest.Form{{}, {Version: ses.V1}, {Version: ses.V5, SealTimestamp: []byte{1}}, {SealExt: "tag0"}, {Digest: "SM3"}} {
		f.Add(p.SealDER(form))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ses.ParseSeal(data)
		if err != nil {
			return
		}
		again, err := ses.ParseSeal(s.Raw)
		if err != nil || again.Version != s.Version || again.Name != s.Name {
			t.Errorf("what was read cannot be read again: %v", err)
		}
		_, _ = s.VerifyMaker()
	})
}

func FuzzParseSignature(f *testing.F) {
	p := sestest.New(f)
	for _, form := range []sestest.Form{{}, {Version: ses.V1}, {Version: ses.V5}, {Ext: "tag0"}, {OctetString: true}, {SealWrapped: true}, {Timestamp: garbage}} {
		f.Add(p.SignatureDER([]byte("xml"), p.SealDER(form), form))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ses.ParseSignature(data)
		if err != nil {
			return
		}
		if s.Seal == nil || len(s.TBS) == 0 {
			t.Error("accepted without a seal or signed octets")
		}
		_, _ = s.VerifyValue()
		_, _ = s.SignerInSeal()
	})
}

func BenchmarkParseSignature(b *testing.B) {
	p := sestest.New(b)
	der := p.SignatureDER([]byte("xml"), p.SealDER(sestest.Form{}), sestest.Form{})
	for b.Loop() {
		if _, err := ses.ParseSignature(der); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	p := sestest.New(b)
	o := signOptions(p)
	for b.Loop() {
		if _, err := ses.Sign(o, p.SignerKey, p.Signer); err != nil {
			b.Fatal(err)
		}
	}
}
