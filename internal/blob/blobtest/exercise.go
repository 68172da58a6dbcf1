package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/blob"
	"sidian/internal/fault"
)

// far is after every put of a test, and early before.
var (
	early = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	far   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Exercise is what every engine must do. open returns an empty one.
func Exercise(t *testing.T, open func(t *testing.T) blob.Engine) {
	for name, run := range map[string]func(*testing.T, blob.Engine){
		"put and get": putGet, "absent": absent, "replace": replace, "each and remove": eachRemove,
		"head": head, "together": together,
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) { run(t, open(t)) })
	}
}

// name is a name as a store makes them.
func name(i int) string { return fmt.Sprintf("%064x", i*0x9e3779b1+i<<56) }

func mustPut(t *testing.T, e blob.Engine, name string, data []byte) {
	t.Helper()
	if err := e.Put(t.Context(), name, data); err != nil {
		t.Fatal(err)
	}
}

func putGet(t *testing.T, e blob.Engine) {
	for i, data := range [][]byte{{0}, {1, 2}, bytes.Repeat([]byte("证照"), 20_000), bytes.Repeat([]byte{7}, 6<<20)} {
		mustPut(t, e, name(i), data)
		got, err := e.Get(t.Context(), name(i))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: got %d, %v", len(data), len(got), err)
		}
		if ok, err := e.Has(t.Context(), name(i)); !ok || err != nil {
			t.Errorf("%d bytes: has %v, %v", len(data), ok, err)
		}
	}
}

func absent(t *testing.T, e blob.Engine) {
	if _, err := e.Get(t.Context(), name(1)); !errors.Is(err, fault.NotFound) {
		t.Errorf("get: %v", err)
	}
	if _, err := e.Head(t.Context(), name(1), 5); !errors.Is(err, fault.NotFound) {
		t.Errorf("head: %v", err)
	}
	if ok, err := e.Has(t.Context(), name(1)); ok || err != nil {
		t.Errorf("has: %v, %v", ok, err)
	}
	if err := e.Remove(t.Context(), name(1), far); err != nil {
		t.Errorf("remove: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Put(ctx, name(1), nil); err == nil {
		t.Error("put after its context's end")
	}
}

func replace(t *testing.T, e blob.Engine) {
	mustPut(t, e, name(1), []byte("a longer one"))
	mustPut(t, e, name(1), []byte("short"))
	if got, err := e.Get(t.Context(), name(1)); err != nil || string(got) != "short" {
		t.Errorf("got %q, %v", got, err)
	}
}

func head(t *testing.T, e blob.Engine) {
	mustPut(t, e, name(1), []byte("0123456789"))
	for n, want := range map[int]string{1: "0", 4: "0123", 10: "0123456789", 50: "0123456789"} {
		if got, err := e.Head(t.Context(), name(1), n); err != nil || string(got) != want {
			t.Errorf("%d: got %q, %v", n, got, err)
		}
	}
}

func eachRemove(t *testing.T, e blob.Engine) {
	names := func(before time.Time) (out []string) {
		t.Helper()
		if err := e.Each(t.Context(), before, func(name string) error { out = append(out, name); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	var want []string
	for i := range 10 {
		mustPut(t, e, name(i), []byte{byte(i)})
		want = append(want, name(i))
	}
	slices.Sort(want)
	if got := names(far); !slices.Equal(got, want) {
		t.Errorf("all: %v", got)
	}
	if got := names(early); len(got) != 0 {
		t.Errorf("old ones: %v", got)
	}
	own := errors.New("own")
	if err := e.Each(t.Context(), far, func(string) error { return own }); !errors.Is(err, own) {
		t.Errorf("stopped: %v", err)
	}
	if err := e.Remove(t.Context(), want[0], early); err != nil {
		t.Fatal(err)
	}
	if got := names(far); len(got) != 10 {
		t.Error("removed one that was put since")
	}
	if err := e.Remove(t.Context(), want[0], far); err != nil {
		t.Fatal(err)
	}
	if got := names(far); !slices.Equal(got, want[1:]) {
		t.Errorf("after a removal: %v", got)
	}
}

func together(t *testing.T, e blob.Engine) {
	var wg sync.WaitGroup
	versions := [][]byte{bytes.Repeat([]byte{1}, 50_000), bytes.Repeat([]byte{2}, 70_000)}
	mustPut(t, e, name(1), versions[0])
	for i := range 8 {
		wg.Go(func() {
			for range 10 {
				if err := e.Put(t.Context(), name(1), versions[i%2]); err != nil {
					t.Error(err)
				}
				got, err := e.Get(t.Context(), name(1))
				if err != nil || !bytes.Equal(got, versions[0]) && !bytes.Equal(got, versions[1]) {
					t.Errorf("read %d bytes of a mixture, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
}
