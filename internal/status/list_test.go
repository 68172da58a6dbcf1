package status_test

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"testing"

	"sidian/internal/status"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The examples of draft-ietf-oauth-status-list §4.1, packed by somebody else.
func TestListReadsExamples(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		bits   int
		packed string
		want   []status.Value
	}{
		"one bit":  {1, "78dadbb918000217015d", []status.Value{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1}},
		"two bits": {2, "78da3be9f2130003df0207", []status.Value{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			packed, err := hex.DecodeString(tc.packed)
			must(t, err)
			l, err := status.Decompress(tc.bits, packed)
			must(t, err)
			if l.Len() != len(tc.want) || l.Bits() != tc.bits {
				t.Fatalf("%d entries of %d bits", l.Len(), l.Bits())
			}
			again, err := status.NewList(tc.bits, len(tc.want))
			must(t, err)
			for i, want := range tc.want {
				if v, ok := l.Get(int64(i)); !ok || v != want {
					t.Errorf("entry %d is %d", i, v)
				}
				_, err := again.Set(int64(i), want)
				must(t, err)
			}
			out, err := again.Compress()
			must(t, err)
			if back, err := status.Decompress(tc.bits, out); err != nil || !same(back, l) {
				t.Errorf("written and read again it is another: %v", err)
			}
		})
	}
}

func same(a, b *status.List) bool {
	if a.Len() != b.Len() || a.Bits() != b.Bits() {
		return false
	}
	for i := range int64(a.Len()) {
		x, _ := a.Get(i)
		if y, _ := b.Get(i); x != y {
			return false
		}
	}
	return true
}

// Every value fits beside every other, and Set tells whether it changed anything.
func TestListSet(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{1, 2, 4, 8} {
		l, err := status.NewList(bits, 24)
		must(t, err)
		for round := range 2 {
			for i := range int64(24) {
				v := status.Value((int(i) + round) % (1 << bits))
				was, _ := l.Get(i)
				changed, err := l.Set(i, v)
				if err != nil || changed != (was != v) {
					t.Errorf("%d bits, entry %d from %d to %d: changed %v, %v", bits, i, was, v, changed, err)
				}
			}
			for i := range int64(24) {
				if v, ok := l.Get(i); !ok || v != status.Value((int(i)+round)%(1<<bits)) {
					t.Errorf("%d bits, entry %d is %d", bits, i, v)
				}
			}
		}
		for _, i := range []int64{-1, 24, 1 << 40} {
			if _, ok := l.Get(i); ok {
				t.Errorf("%d bits: entry %d says something", bits, i)
			}
			if _, err := l.Set(i, 0); err == nil {
				t.Errorf("%d bits: entry %d is set", bits, i)
			}
		}
		if _, err := l.Set(0, status.Value(1<<min(bits, 7))); bits < 8 && err == nil {
			t.Errorf("%d bits: a value that does not fit is set", bits)
		}
	}
	for _, bits := range []int{-1, 0, 3, 16} {
		if _, err := status.NewList(bits, 8); err == nil {
			t.Errorf("a list of %d bits", bits)
		}
	}
	for _, size := range []int{-1, 1 << 30} {
		if _, err := status.NewList(4, size); err == nil {
			t.Errorf("a list of %d entries", size)
		}
	}
}

// zip packs n zero octets.
func zip(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(make([]byte, n))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func TestDecompressRefuses(t *testing.T) {
	t.Parallel()
	good := zip(t, 16)
	for name, tc := range map[string]struct {
		bits   int
		packed []byte
	}{
		"nothing":         {4, nil},
		"no zlib":         {4, []byte("status")},
		"cut":             {4, good[:len(good)-5]},
		"wrong checksum":  {4, append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1)},
		"something after": {4, append(bytes.Clone(good), 0)},
		"a bomb":          {4, zip(t, 17<<20)},
		"three bits":      {3, good},
	} {
		t.Run(name, func(t *testing.T) {
			if l, err := status.Decompress(tc.bits, tc.packed); err == nil {
				t.Errorf("a list of %d entries", l.Len())
			}
		})
	}
}

func FuzzDecompress(f *testing.F) {
	f.Add(1, []byte("\x78\xda\xdb\xb9\x18\x00\x02\x17\x01\x5d"))
	f.Add(4, zip(f, 16))
	f.Add(8, zip(f, 0))
	f.Fuzz(func(t *testing.T, bits int, packed []byte) {
		l, err := status.Decompress(bits, packed)
		if err != nil {
			return
		}
		for i := range int64(min(l.Len(), 64)) {
			if _, ok := l.Get(i); !ok {
				t.Fatalf("no entry %d of %d", i, l.Len())
			}
		}
		out, err := l.Compress()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := status.Decompress(bits, out); err != nil || back.Len() != l.Len() {
			t.Fatalf("written and read again: %v", err)
		}
	})
}
