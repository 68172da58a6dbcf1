package gm

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"
)

func TestDigestsAgainstOpenssl(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 55, 56, 63, 64, 65, 1000, 100_000} {
		data := bytes.Repeat([]byte{0x5a}, size)
		file := filepath.Join(folder(t, map[string][]byte{"data": data}), "data")
		sum, mac := Sum(data), HMAC([]byte("电子证照"), data)
		h := NewHash()
		h.Write(data)
		if !bytes.Equal(h.Sum(nil), sum[:]) {
			t.Errorf("%d octets: NewHash and Sum differ", size)
		}
		if got := lastField(openssl(t, "dgst", "-sm3", file)); got != hex.EncodeToString(sum[:]) {
			t.Errorf("SM3 of %d octets: openssl says %s", size, got)
		}
		if got := lastField(openssl(t, "dgst", "-sm3", "-hmac", "电子证照", file)); got != hex.EncodeToString(mac[:]) {
			t.Errorf("HMAC of %d octets: openssl says %s", size, got)
		}
	}
}

func TestDeriveKeyAgainstOpenssl(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte{7}, 32)
	out := openssl(t, "kdf", "-keylen", "48", "-kdfopt", "digest:SM3", "-kdfopt", "hexkey:"+hex.EncodeToString(secret), "-kdfopt", "info:sidian/blob", "HKDF")
	want := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(string(out)), ":", ""))
	if got := hex.EncodeToString(DeriveKey(secret, "sidian/blob", 48)); got != want {
		t.Errorf("%s, openssl says %s", got, want)
	}
	if bytes.Equal(DeriveKey(secret, "a", 16), DeriveKey(secret, "b", 16)) {
		t.Error("two labels, one key")
	}
	for _, n := range []int{-1, 0, maxDerived + 1} {
		if DeriveKey(secret, "a", n) != nil {
			t.Errorf("a key of %d octets", n)
		}
	}
}

func lastField(out []byte) string {
	fields := strings.Fields(string(out))
	return fields[len(fields)-1]
}

func TestGCM(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 15, 17, 32} {
		if _, err := NewGCM(make([]byte, size)); err == nil {
			t.Errorf("a key of %d octets", size)
		}
	}
	aead, err := NewGCM(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, aead.NonceSize())
	box := aead.Seal(nil, nonce, []byte("内容"), []byte("row 1"))
	if _, err := aead.Open(nil, nonce, box, []byte("row 2")); err == nil {
		t.Error("opened under other associated data")
	}
	got, err := aead.Open(nil, nonce, box, []byte("row 1"))
	if err != nil || string(got) != "内容" {
		t.Error(string(got), err)
	}
}
