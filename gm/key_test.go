package gm

import (
	"bytes"
	"encoding/pem"
	"testing"
)

func TestPrivateKeyForms(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	plain, err := key.PEM(nil)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := key.PEM([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(wrapped, []byte("BEGIN PRIVATE")) || !bytes.Contains(wrapped, []byte("BEGIN ENCRYPTED PRIVATE KEY")) {
		t.Errorf("wrapped key in a block of the wrong type: %.40s", wrapped)
	}
	plainDER, wrappedDER := decodePEM(t, plain), decodePEM(t, wrapped)
	other := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: plainDER})
	tests := []struct {
		name       string
		data       []byte
		passphrase string
		err        error
		fails      bool
	}{
		{"plain PEM", plain, "", nil, false},
		{"plain DER", plainDER, "", nil, false},
		{"wrapped PEM", wrapped, "secret", nil, false},
		{"wrapped DER", wrappedDER, "secret", nil, false},
		{"wrong passphrase", wrapped, "Secret", ErrPassphrase, true},
		{"no passphrase", wrapped, "", ErrPassphrase, true},
		{"passphrase for a plain key", plain, "secret", nil, true},
		{"flipped", flipped(wrappedDER, -1), "secret", ErrPassphrase, true},
		{"cut", plainDER[:len(plainDER)-1], "", ErrMalformed, true},
		{"another block", other, "", ErrMalformed, true},
		{"empty", nil, "", ErrMalformed, true},
		{"empty with passphrase", nil, "secret", nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParsePrivateKey(test.data, []byte(test.passphrase))
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			if test.err != nil {
				wantError(t, err, test.err)
			}
			if err == nil && !got.Public().Equal(key.Public()) {
				t.Error("another key")
			}
		})
	}
}

func decodePEM(t *testing.T, data []byte) []byte {
	t.Helper()
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Fatal("not one PEM block")
	}
	return block.Bytes
}

func TestSampleKeySignsForItsCertificate(t *testing.T) {
	t.Parallel()
	key, err := ParsePrivateKey(readFile(t, "testdata", "signer-key.pk8"), nil)
	if err != nil {
		t.Fatal(err)
	}
	certificate := sample(t, "signer.der")
	pub, err := certificate.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if !pub.Equal(key.Public()) {
		t.Fatal("the key is not the certificate's")
	}
	sig, err := key.Sign([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	notes, err := certificate.CheckSignature(OIDSM2WithSM3, []byte("x"), sig)
	if err != nil || len(notes) > 0 {
		t.Fatal(notes, err)
	}
}

// TestHostileWrapping: a file must not decide how much work its reader does, nor by how weak a scheme.
func TestHostileWrapping(t *testing.T) {
	t.Parallel()
	wrapped, err := newKey(t).DER([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	iterations := []byte{0x02, 0x03, 0x09, 0x27, 0xc0} // 600,000
	if bytes.Count(wrapped, iterations) != 1 {
		t.Fatal("iteration count not found in the key")
	}
	replace := func(old, now []byte) []byte { return bytes.Replace(wrapped, old, now, 1) }
	pbkdf2 := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c}
	pbes2 := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d}
	pbes1 := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x03}
	tests := []struct {
		name string
		data []byte
		err  error
	}{
		{"negative iterations", replace(iterations, []byte{0x02, 0x03, 0x89, 0x27, 0xc0}), ErrMalformed},
		{"too many iterations", replace(append(iterations, 0x02, 0x01, 0x10), []byte{0x02, 0x06, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff}), ErrMalformed},
		{"other derivation", replace(pbkdf2, pbes1), ErrUnsupported},
		{"other scheme", replace(pbes2, pbes1), ErrUnsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if bytes.Equal(test.data, wrapped) {
				t.Fatal("nothing was replaced")
			}
			_, err := ParsePrivateKey(test.data, []byte("secret"))
			wantError(t, err, test.err)
		})
	}
}
