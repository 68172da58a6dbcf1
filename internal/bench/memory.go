package main

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io/fs"
	"runtime"
	"time"

	"sidian/gm"
	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/kinds"
	"sidian/ofd"
	"sidian/ofd/draw"
	"sidian/ofd/draw/imprint"
	"sidian/ofd/sign"
	"sidian/ses"
)

// A bench is what issuing in memory needs: a kind with its compiled face, a
// seal, and the chain that verifies it.
type bench struct {
	kind   *catalogue.Kind
	face   *face.Face
	seal   *ses.Seal
	part   *ofd.Part // the seal, compressed and digested once
	key    *gm.PrivateKey
	cert   *gm.Certificate
	root   *gm.Certificate
	stamps *gm.TimestampAuthority
	now    time.Time
}

func newBench() (*bench, error) {
	b := &bench{now: time.Now()}
	fonts, err := draw.Embedded()
	if err != nil {
		return nil, err
	}
	folder, err := fs.Sub(kinds.FS, "business_license")
	if err != nil {
		return nil, err
	}
	if b.kind, err = catalogue.Load("business_license", folder); err != nil {
		return nil, err
	}
	if b.face, err = catalogue.Compile(b.kind, fonts); err != nil {
		return nil, err
	}
	return b, b.makeSeal()
}

func (b *bench) makeSeal() error {
	rootKey, err := gm.GenerateKey()
	if err != nil {
		return err
	}
	issue := func(name string, key *gm.PrivateKey, ca bool, usage x509.KeyUsage) (*gm.Certificate, error) {
		t := &gm.CertificateTemplate{Subject: pkix.Name{CommonName: name}, NotBefore: b.now.Add(-time.Hour), NotAfter: b.now.AddDate(5, 0, 0), IsCA: ca, MaxPathLen: -1, KeyUsage: usage}
		if name == "样例时间戳" {
			t.ExtKeyUsage = append(t.ExtKeyUsage, gm.OIDTimeStamping)
		}
		return gm.CreateCertificate(t, key.Public(), b.root, rootKey)
	}
	if b.root, err = issue("样例根", rootKey, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign); err != nil {
		return err
	}
	makerKey, err := gm.GenerateKey()
	if err != nil {
		return err
	}
	maker, err := issue("样例制章", makerKey, false, x509.KeyUsageDigitalSignature)
	if err != nil {
		return err
	}
	if b.key, err = gm.GenerateKey(); err != nil {
		return err
	}
	if b.cert, err = issue("青禾县市场监督管理局", b.key, false, x509.KeyUsageDigitalSignature); err != nil {
		return err
	}
	stampKey, err := gm.GenerateKey()
	if err != nil {
		return err
	}
	stamp, err := issue("样例时间戳", stampKey, false, x509.KeyUsageDigitalSignature)
	if err != nil {
		return err
	}
	b.stamps = &gm.TimestampAuthority{Certificate: stamp, Signer: stampKey, Policy: []int{1, 2, 3, 4}}
	picture, err := imprint.PNG(imprint.Spec{Name: "青禾县市场监督管理局", Width: 42, Height: 42})
	if err != nil {
		return err
	}
	b.seal, err = ses.MakeSeal(ses.SealOptions{
		ID: "bench", VendorID: "sidian", Type: 1, Name: "青禾县市场监督管理局", Signers: []*gm.Certificate{b.cert},
		Created: b.now, ValidFrom: b.cert.NotBefore, ValidTo: b.cert.NotAfter,
		Picture: ses.Picture{Type: "PNG", Data: picture, Width: 42, Height: 42},
	}, makerKey, maker)
	if err != nil {
		return err
	}
	b.part = sign.SealPart(b.seal)
	return nil
}

// issue makes the n-th document: the request is checked, the face filled, its
// glyphs embedded, the seal stamped and the package written.
func (b *bench) issue(n int64, stamped bool) ([]byte, error) {
	d, err := b.draft(n)
	if err != nil {
		return nil, err
	}
	return b.stamp(d, stamped)
}

// draft is the n-th document before it is sealed.
func (b *bench) draft(n int64) (*ofd.Document, error) {
	req, err := b.request(n)
	if err != nil {
		return nil, err
	}
	content, err := b.kind.Validate(req)
	if err != nil {
		return nil, err
	}
	i := catalogue.SampleIssuance()
	i.Sequence = n
	draft, err := b.kind.Draft(content, i)
	if err != nil {
		return nil, err
	}
	return b.face.Fill(draft.Face)
}

// names vary the glyphs that a document needs.
var names = []string{"青禾县样例信息技术有限公司", "青禾县示范运输有限公司（样例）", "青禾县样例农业专业合作社", "青禾县样例旅行社有限公司", "青禾县示范餐饮店（样例）"}

func (b *bench) request(n int64) (catalogue.Request, error) {
	var req catalogue.Request
	if err := json.Unmarshal(b.kind.Example, &req); err != nil {
		return req, err
	}
	req.Holders[0].Name = names[n%int64(len(names))]
	return req, nil
}

func (b *bench) stamp(d *ofd.Document, stamped bool) ([]byte, error) {
	at := b.kind.Seals[0].At
	o := sign.StampOptions{Seal: b.seal, SealPart: b.part, Signer: b.key, Certificate: b.cert, Time: b.now, Places: []sign.Place{{X: at[0], Y: at[1], W: at[2], H: at[3]}}}
	if stamped {
		o.Timestamp = func(value []byte) ([]byte, error) {
			request, err := gm.NewTimestampRequest(value, nil)
			if err != nil {
				return nil, err
			}
			response, err := b.stamps.Respond(request, b.now)
			if err != nil {
				return nil, err
			}
			return gm.ParseTimestampResponse(response)
		}
	}
	sealed, err := sign.Stamp(d, o)
	if err != nil {
		return nil, err
	}
	return sealed.Bytes()
}

// rate runs fn over and over on one core and returns how often a second.
func rate(span time.Duration, fn func(n int64) error) (float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for n := range int64(50) { // caches, allocator
		if err := fn(n); err != nil {
			return 0, err
		}
	}
	start, n := time.Now(), int64(0)
	for ; time.Since(start) < span; n++ {
		if err := fn(n); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}

func issueMemory(ctx context.Context, span time.Duration) (figure, error) {
	return issueFigure(ctx, span, false)
}

func issueMemoryStamped(ctx context.Context, span time.Duration) (figure, error) {
	return issueFigure(ctx, span, true)
}

func issueFigure(_ context.Context, span time.Duration, stamped bool) (f figure, err error) {
	b, err := newBench()
	if err != nil {
		return f, err
	}
	var last []byte
	f.unit = "documents/s"
	if f.value, err = rate(span, func(n int64) (err error) { last, err = b.issue(n+1, stamped); return err }); err != nil {
		return f, err
	}
	// The floor: one signature, and the digest of the finished document.
	f.floor, err = rate(span, func(int64) error {
		sum := gm.Sum(last)
		_, err := b.key.Sign(sum[:])
		return err
	})
	glyphs, sealed := weigh(last)
	f.note = fmt.Sprintf("%s: document of %d bytes: glyphs %d, seal %d, rest %d", b.kind.Name, len(last), glyphs, sealed, len(last)-glyphs-sealed)
	return f, err
}

func verifyMemory(_ context.Context, span time.Duration) (f figure, err error) {
	b, err := newBench()
	if err != nil {
		return f, err
	}
	data, err := b.issue(1, false)
	if err != nil {
		return f, err
	}
	o := sign.Options{Anchors: gm.NewPool(b.root), Now: b.now, ChainCache: sign.NewChainCache()}
	f.unit = "documents/s"
	f.value, err = rate(span, func(int64) error {
		if r := sign.Verify(data, o); r.Verdict != sign.Valid {
			return fmt.Errorf("the document is %s", r.Verdict)
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	message := []byte("message")
	value, err := b.key.Sign(message)
	if err != nil {
		return f, err
	}
	// The floor: two signatures verified, and the digest of the document.
	f.floor, err = rate(span, func(int64) error {
		gm.Sum(data)
		if err := gm.Verify(b.key.Public(), message, value); err != nil {
			return err
		}
		return gm.Verify(b.key.Public(), message, value)
	})
	return f, err
}
