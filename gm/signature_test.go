package gm

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func TestSelfTest(t *testing.T) {
	t.Parallel()
	if err := SelfTest(); err != nil {
		t.Fatal(err)
	}
}

// integers splits a DER signature into r and s of 32 octets each.
func integers(t testing.TB, sig []byte) (r, s []byte) {
	t.Helper()
	var seq cryptobyte.String
	input := cryptobyte.String(sig)
	var ri, si big.Int
	if !input.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&ri) || !seq.ReadASN1Integer(&si) {
		t.Fatal("not a signature")
	}
	return ri.FillBytes(make([]byte, 32)), si.FillBytes(make([]byte, 32))
}

// pair writes a SEQUENCE of two INTEGERs with the contents as given, however wrong.
func pair(r, s []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(r) })
		b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(s) })
	})
	return b.BytesOrPanic()
}

// highSignature signs until both integers have their top bit set or, when high is false, neither has.
func highSignature(t testing.TB, key *PrivateKey, message []byte, high bool) []byte {
	t.Helper()
	for range 1000 {
		sig, err := key.Sign(message)
		if err != nil {
			t.Fatal(err)
		}
		if r, s := integers(t, sig); (r[0] >= 0x80) == high && (s[0] >= 0x80) == high && r[0] != 0 && s[0] != 0 {
			return sig
		}
	}
	t.Fatal("no such signature in a thousand")
	return nil
}

func TestSignatureEncodings(t *testing.T) {
	t.Parallel()
	key, message := newKey(t), []byte("编码")
	high, low := highSignature(t, key, message, true), highSignature(t, key, message, false)
	hr, hs := integers(t, high)
	lr, ls := integers(t, low)
	zero := []byte{0}
	tests := []struct {
		name  string
		sig   []byte
		notes []string
		err   error // of the lenient reading
	}{
		{"DER with sign octets", high, nil, nil},
		{"DER without", low, nil, nil},
		{"raw", append(bytes.Clone(hr), hs...), []string{NoteRawRS}, nil},
		{"raw, low", append(bytes.Clone(lr), ls...), []string{NoteRawRS}, nil},
		{"missing sign octets", pair(hr, hs), []string{NoteIntegerEncoding}, nil},
		{"padded", pair(append(zero, lr...), append(zero, ls...)), []string{NoteIntegerEncoding}, nil},
		{"padded twice", pair(append([]byte{0, 0}, lr...), ls), []string{NoteIntegerEncoding}, nil},
		{"octets after", append(bytes.Clone(low), 0, 0), []string{NoteTrailing}, nil},
		{"flipped", flipped(high, -1), nil, ErrInvalidSignature},
		{"swapped", pair(append(zero, hs...), append(zero, hr...)), nil, ErrInvalidSignature},
		{"zero", pair(zero, zero), []string{}, ErrMalformed},
		{"r of 33 octets", pair(append([]byte{1}, lr...), ls), nil, ErrMalformed},
		{"empty", nil, nil, ErrMalformed},
		{"63 octets", append(bytes.Clone(lr), ls[1:]...), nil, ErrMalformed},
		{"65 octets", append(append(bytes.Clone(lr), ls...), 0), nil, ErrMalformed},
		{"one integer", low[:4+32], nil, ErrMalformed},
		{"empty integers", pair(nil, nil), nil, ErrMalformed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			notes, err := VerifyLenient(key.Public(), message, test.sig)
			if test.err != nil {
				if err == nil || (test.name != "zero" && !errors.Is(err, test.err)) {
					t.Errorf("error %v, want %v", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantCodes(t, codes(notes), test.notes...)
			strict := Verify(key.Public(), message, test.sig)
			if (strict == nil) != (len(test.notes) == 0) {
				t.Errorf("strict reading says %v, notes %v", strict, notes)
			}
			if len(test.notes) > 0 {
				wantError(t, strict, ErrMalformed)
			}
		})
	}
}

func TestSignaturesAreBoundToKeyAndMessage(t *testing.T) {
	t.Parallel()
	key, other, message := newKey(t), newKey(t), []byte("message")
	sig, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	again, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(sig, again) {
		t.Error("the same signature twice: the nonce is not random")
	}
	wantError(t, Verify(key.Public(), message, sig), nil)
	wantError(t, Verify(other.Public(), message, sig), ErrInvalidSignature)
	wantError(t, Verify(key.Public(), []byte("messag"), sig), ErrInvalidSignature)
	for i := range sig {
		if Verify(key.Public(), message, flipped(sig, i)) == nil {
			t.Errorf("bit flipped in octet %d accepted", i)
		}
	}
	if err := Verify(nil, message, sig); err == nil {
		t.Error("verified without a key")
	}
}

func TestPublicKey(t *testing.T) {
	t.Parallel()
	key := newKey(t).Public()
	again, err := NewPublicKey(key.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !again.Equal(key) || key.Equal(newKey(t).Public()) || key.Equal(nil) || (*PublicKey)(nil).Equal(nil) {
		t.Error("Equal")
	}
	if len(key.KeyID()) != 20 {
		t.Errorf("key identifier of %d octets", len(key.KeyID()))
	}
	for name, point := range map[string][]byte{
		"off the curve": flipped(key.Bytes(), -1), "short": key.Bytes()[:64], "compressed": append([]byte{2}, key.Bytes()[1:33]...),
		"infinity": {0}, "empty": nil,
	} {
		if _, err := NewPublicKey(point); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
