package gm_test

import (
	"errors"
	"testing"

	"sidian/gm"
)

// A device that signs with another key, or returns what is no signature, is
// found out before anybody believes it.
func TestNewSigner(t *testing.T) {
	t.Parallel()
	key, other := mustKey(t), mustKey(t)
	raw := func(k *gm.PrivateKey) func(gm.Digest) ([]byte, error) {
		return func(d gm.Digest) ([]byte, error) { return k.SignDigest(d) }
	}
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		sign func(gm.Digest) ([]byte, error)
		want error
	}{
		"right":       {raw(key), nil},
		"another key": {raw(other), gm.ErrInvalidSignature},
		"short":       {func(gm.Digest) ([]byte, error) { return make([]byte, 63), nil }, gm.ErrMalformed},
		"zeros":       {func(gm.Digest) ([]byte, error) { return make([]byte, 64), nil }, gm.ErrInvalidSignature},
		"broken":      {func(gm.Digest) ([]byte, error) { return nil, broken }, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gm.NewSigner(key.Public(), c.sign)
			sig, err := s.Sign([]byte("电子印章"))
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == nil && gm.Verify(key.Public(), []byte("电子印章"), sig) != nil {
				t.Error("the signature does not verify")
			}
			if !s.Public().Equal(key.Public()) {
				t.Error("another public key")
			}
		})
	}
}

func mustKey(t *testing.T) *gm.PrivateKey {
	t.Helper()
	k, err := gm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}
