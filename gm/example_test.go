package gm_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"sidian/gm"
)

var (
	begin = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

func ExampleSum() {
	fmt.Printf("%x\n", gm.Sum([]byte("abc")))
	// Output: 66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0
}

func ExampleVerify() {
	key, err := gm.GenerateKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	sig, err := key.Sign([]byte("电子证照"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(gm.Verify(key.Public(), []byte("电子证照"), sig))
	fmt.Println(errors.Is(gm.Verify(key.Public(), []byte("电子证件"), sig), gm.ErrInvalidSignature))
	// Output:
	// <nil>
	// true
}

// authority makes a root and a certificate below it.
func authority(usage ...asn1.ObjectIdentifier) (root, leaf *gm.Certificate, rootKey, leafKey *gm.PrivateKey, err error) {
	if rootKey, err = gm.GenerateKey(); err != nil {
		return
	}
	if leafKey, err = gm.GenerateKey(); err != nil {
		return
	}
	root, err = gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{Country: []string{"CN"}, CommonName: "示例根"}, NotBefore: begin, NotAfter: end,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: -1,
	}, rootKey.Public(), nil, rootKey)
	if err != nil {
		return
	}
	leaf, err = gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{Country: []string{"CN"}, CommonName: "电子印章", Organization: []string{"某县行政审批局"}}, NotBefore: begin, NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, ExtKeyUsage: usage,
	}, leafKey.Public(), root, rootKey)
	return
}

func ExampleCertificate_BuildChain() {
	root, leaf, _, _, err := authority()
	if err != nil {
		fmt.Println(err)
		return
	}
	chain := leaf.BuildChain(nil, gm.NewPool(root))
	fmt.Println(chain.Reached, len(chain.Chain), leaf.SubjectName())
	for _, problem := range leaf.BuildChain(nil, nil).Problems {
		fmt.Println(problem.Code, problem.Message)
	}
	for _, problem := range leaf.CheckValidity(end.AddDate(1, 0, 0)) {
		fmt.Println(problem.Code)
	}
	// Output:
	// true 2 电子印章（某县行政审批局）
	// no_issuer 没有找到颁发者“示例根”的数字证书
	// expired
}

func ExampleSignData() {
	_, leaf, _, key, err := authority()
	if err != nil {
		fmt.Println(err)
		return
	}
	content := []byte("<ofd:Signature/>")
	der, err := gm.SignData(content, gm.SignDataOptions{Signer: key, Certificate: leaf, SigningTime: begin.AddDate(0, 1, 0)})
	if err != nil {
		fmt.Println(err)
		return
	}
	signed, err := gm.ParseSignedData(der)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := signed.Verify(content)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Form, result.Certificate.SubjectName(), result.SigningTime.Format(time.DateOnly))
	_, err = signed.Verify([]byte("other"))
	fmt.Println(errors.Is(err, gm.ErrDigestMismatch))
	// Output:
	// attributes 电子印章（某县行政审批局） 2027-02-01
	// true
}

func ExampleTimestampAuthority() {
	_, certificate, _, key, err := authority(gm.OIDTimeStamping)
	if err != nil {
		fmt.Println(err)
		return
	}
	tsa := &gm.TimestampAuthority{Certificate: certificate, Signer: key, Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 7}, Accuracy: time.Second}
	request, err := gm.NewTimestampRequest([]byte("signature value"), big.NewInt(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := tsa.Respond(request, begin.AddDate(0, 6, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := gm.ParseTimestampResponse(response)
	if err != nil {
		fmt.Println(err)
		return
	}
	stamp, err := gm.ParseTimestamp(token)
	if err != nil {
		fmt.Println(err)
		return
	}
	matched, notes, err := stamp.Verify(gm.Candidate{Name: "signature", Message: []byte("signature value")})
	fmt.Println(matched, len(notes), err, stamp.Time.Format(time.RFC3339))
	// Output: signature 0 <nil> 2027-07-01T00:00:00Z
}

func ExampleCreateCRL() {
	root, leaf, key, _, err := authority()
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := gm.CreateCRL(&gm.CRLTemplate{
		Number: big.NewInt(1), ThisUpdate: begin, NextUpdate: begin.AddDate(0, 0, 1),
		Revoked: []gm.Revoked{{Serial: leaf.SerialNumber, At: begin, Reason: gm.ReasonKeyCompromise}},
	}, root, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	at, reason, revoked := list.Status(leaf.SerialNumber)
	fmt.Println(revoked, reason == gm.ReasonKeyCompromise, at.Format(time.DateOnly))
	// Output: true true 2027-01-01
}
