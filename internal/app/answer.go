package app

import (
	"bytes"
	"errors"
	"os"

	"sidian/gm"
	"sidian/internal/auth/ukey"
)

// AnswerRequest says with which key a challenge of the sign-in page is answered.
type AnswerRequest struct {
	Challenge  []byte // all lines of it
	Key        string // file of the private key, PEM or DER
	Cert       string // file of its digital certificate
	Passphrase string // file of the key's passphrase; empty: it has none
}

// Answer signs a challenge, for people whose SM2 key is in a file. What comes
// back is pasted into the page.
func Answer(r AnswerRequest) ([]byte, error) {
	key, err := readKey(r.Key, r.Passphrase)
	if err != nil {
		return nil, err
	}
	certs, err := readCertificates(r.Cert)
	if err != nil {
		return nil, err
	}
	answer, err := ukey.Answer(r.Challenge, key, certs[0])
	if err != nil {
		return nil, &Trouble{Part: "answer", Err: err, What: Words{"这段文字不能签名", "this text cannot be signed"},
			Do: Words{"请从登录页复制挑战的全部各行，再试一次", "copy all lines of the challenge from the sign-in page and try again"}}
	}
	return answer, nil
}

func readKey(path, passphraseFile string) (*gm.PrivateKey, error) {
	trouble := func(err error) error {
		return &Trouble{Part: "key", Where: path, Err: err, What: Words{"私钥读不出", "the private key cannot be read"},
			Do: Words{"需要 SM2 私钥（PEM 或 DER）；有口令时用 --passphrase-file 指明存放口令的文件", "an SM2 key is needed, PEM or DER; a passphrase comes by --passphrase-file"}}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, trouble(err)
	}
	var passphrase []byte
	if passphraseFile != "" {
		if passphrase, err = os.ReadFile(passphraseFile); err != nil {
			return nil, trouble(err)
		}
		passphrase = bytes.TrimRight(passphrase, "\r\n")
	}
	key, err := gm.ParsePrivateKey(data, passphrase)
	if err != nil {
		return nil, trouble(err)
	}
	return key, nil
}

func readCertificates(path string) ([]*gm.Certificate, error) {
	data, err := os.ReadFile(path)
	var certs []*gm.Certificate
	if err == nil {
		certs, err = gm.ParseCertificates(data)
	}
	if err == nil && len(certs) == 0 {
		err = errors.New("there is none in it")
	}
	if err != nil {
		return nil, &Trouble{Part: "certificate", Where: path, Err: err, What: Words{"数字证书读不出", "the digital certificate cannot be read"},
			Do: Words{"需要与私钥相配的数字证书（PEM 或 DER）", "the key's digital certificate is needed, PEM or DER"}}
	}
	return certs, nil
}
