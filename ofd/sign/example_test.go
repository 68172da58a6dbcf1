package sign_test

import (
	"fmt"
	"os"
	"time"

	"sidian/gm"
	"sidian/ofd/sign"
)

func ExampleVerify() {
	data, err := os.ReadFile("testdata/signed/q01-seal-raw-rs.ofd")
	if err != nil {
		fmt.Println(err)
		return
	}
	der, err := os.ReadFile("testdata/signed/root.der")
	if err != nil {
		fmt.Println(err)
		return
	}
	root, err := gm.ParseCertificate(der)
	if err != nil {
		fmt.Println(err)
		return
	}
	report := sign.Verify(data, sign.Options{
		Anchors: gm.NewPool(root),
		Now:     time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	})
	fmt.Println(report.Verdict, report.HasWarning(gm.NoteRawRS))
	for _, s := range report.Signatures {
		fmt.Println(s.Seal.Name, s.SigningTime, s.Check(sign.CheckSealSignature).Result)
	}
	// Output:
	// valid true
	// 测试章 2026-11-22T02:12:52Z warn
}
