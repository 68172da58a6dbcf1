package envelope_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"testing"

	"sidian/internal/keys/envelope"
)

// pair is a block cipher in CBC mode, as a module would offer it.
func pair(t testing.TB, key byte) (encrypt, decrypt envelope.CBC) {
	t.Helper()
	b, err := aes.NewCipher(bytes.Repeat([]byte{key}, 16))
	if err != nil {
		t.Fatal(err)
	}
	run := func(mode func(cipher.Block, []byte) cipher.BlockMode) envelope.CBC {
		return func(iv, data []byte) ([]byte, error) {
			if len(data) == 0 || len(data)%16 != 0 || len(iv) != 16 {
				return nil, errors.New("no whole blocks")
			}
			out := make([]byte, len(data))
			mode(b, iv).CryptBlocks(out, data)
			return out, nil
		}
	}
	return run(cipher.NewCBCEncrypter), run(cipher.NewCBCDecrypter)
}

func TestSealOpen(t *testing.T) {
	t.Parallel()
	encrypt, decrypt := pair(t, 1)
	otherEncrypt, otherDecrypt := pair(t, 2)
	for n := range 50 {
		plain := bytes.Repeat([]byte{byte(n)}, n)
		sealed, err := envelope.Seal(encrypt, []byte("here"), plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := envelope.Open(encrypt, decrypt, []byte("here"), sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d octets: %x, %v", n, got, err)
		}
		if _, err := envelope.Open(encrypt, decrypt, []byte("there"), sealed); !errors.Is(err, envelope.ErrOpen) {
			t.Errorf("%d octets open elsewhere: %v", n, err)
		}
		if _, err := envelope.Open(otherEncrypt, otherDecrypt, []byte("here"), sealed); !errors.Is(err, envelope.ErrOpen) {
			t.Errorf("%d octets open under another key: %v", n, err)
		}
		for i := range sealed {
			sealed[i] ^= 0x80
			if _, err := envelope.Open(encrypt, decrypt, []byte("here"), sealed); !errors.Is(err, envelope.ErrOpen) {
				t.Fatalf("%d octets open with octet %d changed: %v", n, i, err)
			}
			sealed[i] ^= 0x80
		}
	}
}

func FuzzOpen(f *testing.F) {
	encrypt, decrypt := pair(f, 1)
	good, err := envelope.Seal(encrypt, nil, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, err := envelope.Open(encrypt, decrypt, nil, sealed); err == nil && !bytes.Equal(sealed, good) {
			t.Errorf("opened %x to %x", sealed, got)
		}
	})
}

// A module that returns another length than it was given is not believed.
func TestModuleLies(t *testing.T) {
	t.Parallel()
	encrypt, decrypt := pair(t, 1)
	short := func(fn envelope.CBC) envelope.CBC {
		return func(iv, data []byte) ([]byte, error) {
			out, err := fn(iv, data)
			if err != nil {
				return nil, err
			}
			return out[:len(out)-1], nil
		}
	}
	if _, err := envelope.Seal(short(encrypt), nil, []byte("x")); err == nil {
		t.Error("sealed")
	}
	sealed, err := envelope.Seal(encrypt, nil, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := envelope.Open(encrypt, short(decrypt), nil, sealed); err == nil {
		t.Error("opened")
	}
}
