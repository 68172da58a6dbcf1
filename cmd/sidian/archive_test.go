package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sidian/gm"
	"sidian/internal/archive/pack"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses/sestest"
)

// parcel makes the story's package: one licence with its seal, one receipt.
func parcel(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		pki := sestest.New(t)
		var b bytes.Buffer
		ts.Check(dossier(ts, pki).Write(&b, &pack.Key{
			Signer: pki.SignerKey, Certificate: pki.Signer, Issuers: []*gm.Certificate{pki.Root}, Time: sestest.Now, Timestamp: pki.Timestamp(sestest.Now),
		}))
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), pki.Root.PEM(), 0o600))
	}
}

func dossier(ts *testscript.TestScript, pki *sestest.PKI) *pack.Package {
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "营业执照"})
	b.AddPage(210, 297)
	d, err := b.Build()
	ts.Check(err)
	d, err = sign.Stamp(d, sign.StampOptions{Seal: pki.Seal(), Signer: pki.SignerKey, Certificate: pki.Signer,
		Places: []sign.Place{{X: 140, Y: 220, W: 40, H: 40}}, Time: sestest.Now})
	ts.Check(err)
	licence, err := d.Bytes()
	ts.Check(err)
	at := sestest.Now.Add(-time.Hour)
	return &pack.Package{
		Number: "Z109-2026-000001",
		Meta: pack.Meta{TaskCode: "1", TaskName: "企业设立登记", ConstitutingUnit: "样例县市场监督管理局", FondsID: "Z109", Retention: "永久",
			Security: "公开", ProjectID: "1", ProjectName: "样例公司设立登记", ArchiveTime: sestest.Now, TransactTime: at, Result: "准予登记"},
		Process: []pack.File{{Name: "B1-receipt.txt", Data: []byte("receipt of the application"), CreatedAt: at}},
		Results: []pack.File{{Name: "C1-licence.ofd", Data: licence, CreatedAt: at}},
	}
}
