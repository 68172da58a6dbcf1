package pack

import (
	"time"

	"sidian/gm"
)

// A Signer signs the list of digests, and with it the package.
type Signer interface {
	// SignDetached gives a SignedData (GB/T 35275) over content, without it, with
	// the signer's certificate inside.
	SignDetached(content []byte) (der []byte, err error)
	// Chain is the signer's certificate and its issuers, up to the root.
	Chain() []*gm.Certificate
}

// A Key is a Signer by one key.
type Key struct {
	Signer      gm.Signer
	Certificate *gm.Certificate
	Issuers     []*gm.Certificate // towards the root
	Time        time.Time         // of signing

	// Timestamp, when set, returns a time-stamp token over the signature value.
	Timestamp func(value []byte) (token []byte, err error)
}

// SignDetached implements Signer.
func (k *Key) SignDetached(content []byte) ([]byte, error) {
	return gm.SignData(content, gm.SignDataOptions{
		Signer: k.Signer, Certificate: k.Certificate, Chain: k.Issuers,
		SigningTime: k.Time, Form: gm.FormAttributes, Timestamp: k.Timestamp,
	})
}

// Chain implements Signer.
func (k *Key) Chain() []*gm.Certificate {
	return append([]*gm.Certificate{k.Certificate}, k.Issuers...)
}
