package keystest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// Exercise is what every store of keys must do, wherever its keys are. d is the
// database that s works on.
func Exercise(t *testing.T, d *db.DB, s *keys.Store) {
	for name, run := range map[string]func(*testing.T, *db.DB, *keys.Store){
		"signing": signing, "purposes": wrongPurpose, "retired": retired, "in a transaction": inTransaction,
		"secrets": secrets, "boxes": boxes, "indexes": indexes, "rotation": rotation,
	} {
		t.Run(name, func(t *testing.T) { run(t, d, s) })
	}
}

func signing(t *testing.T, _ *db.DB, s *keys.Store) {
	for _, p := range keys.Purposes() {
		id, err := s.Generate(t.Context(), p)
		if !p.Signs() {
			if err == nil {
				t.Errorf("%s: a signing key for a secret's purpose", p)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		message := []byte("电子证照 " + p)
		for range 2 { // the second from memory
			signer, err := s.Signer(t.Context(), id, p)
			if err != nil {
				t.Fatal(err)
			}
			sig, err := signer.Sign(message)
			if err != nil {
				t.Fatal(err)
			}
			public, err := s.Public(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if !public.Equal(signer.Public()) {
				t.Error("the public key is another")
			}
			if err := gm.Verify(public, message, sig); err != nil {
				t.Error(err)
			}
			if gm.Verify(public, message[1:], sig) == nil {
				t.Error("another message verifies")
			}
		}
	}
	if _, err := s.Signer(t.Context(), "none", keys.Seal); !errors.Is(err, fault.NotFound) {
		t.Errorf("unknown key: %v", err)
	}
}

func wrongPurpose(t *testing.T, _ *db.DB, s *keys.Store) {
	id, err := s.Generate(t.Context(), keys.Seal)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		if _, err := s.Signer(t.Context(), id, keys.Authority); !errors.Is(err, fault.Forbidden) {
			t.Errorf("round %d: %v", round, err)
		}
		if _, err := s.Signer(t.Context(), id, keys.Seal); err != nil { // now it is in memory
			t.Error(err)
		}
	}
}

func retired(t *testing.T, d *db.DB, s *keys.Store) {
	id, err := s.Generate(t.Context(), keys.Timestamp)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Signer(t.Context(), id, keys.Timestamp); err != nil {
		t.Fatal(err)
	}
	retire := func() error {
		return d.Write(t.Context(), func(tx *db.Tx) error { return s.RetireTx(tx, id) })
	}
	if err := retire(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Signer(t.Context(), id, keys.Timestamp); !errors.Is(err, fault.Conflict) {
		t.Errorf("a retired key: %v", err)
	}
	if err := retire(); !errors.Is(err, fault.Conflict) {
		t.Errorf("retired twice: %v", err)
	}
	if _, err := s.Public(t.Context(), id); err != nil {
		t.Errorf("its public key: %v", err)
	}
}

func inTransaction(t *testing.T, d *db.DB, s *keys.Store) {
	var id string
	undo := errors.New("undo")
	err := d.Write(t.Context(), func(tx *db.Tx) (err error) {
		if id, err = s.GenerateTx(tx, keys.Checkpoint); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if _, err := s.Signer(t.Context(), id, keys.Checkpoint); !errors.Is(err, fault.NotFound) {
		t.Errorf("a key whose transaction was undone: %v", err)
	}
}

func secrets(t *testing.T, _ *db.DB, s *keys.Store) {
	seen := map[string]string{}
	for _, p := range []keys.Purpose{keys.Session, keys.Field, keys.Blob} {
		for _, label := range []string{"a", "b"} {
			for kind, get := range map[string]func(context.Context, keys.Purpose, string) ([]byte, error){"secret": s.Secret, "stable": s.StableSecret} {
				one, err := get(t.Context(), p, label)
				if err != nil {
					t.Fatal(err)
				}
				two, err := get(t.Context(), p, label)
				if err != nil || !bytes.Equal(one, two) || len(one) != keys.SecretLen {
					t.Errorf("%s %s %s: %x, then %x, %v", kind, p, label, one, two, err)
				}
				if other := seen[string(one)]; other != "" {
					t.Errorf("%s %s %s is the same as %s", kind, p, label, other)
				}
				seen[string(one)] = kind + string(p) + label
			}
		}
	}
	if _, err := s.Secret(t.Context(), keys.Seal, "a"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a secret of a signing purpose: %v", err)
	}
}

func boxes(t *testing.T, d *db.DB, s *keys.Store) {
	box, err := s.Box(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := keys.Cell{Table: "cert_certificate", Column: "holder_id", Row: "1"}
	for _, plain := range []string{"", "410102199001010012", "张三"} {
		sealed, err := box.Seal(at, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		again, err := box.Seal(at, []byte(plain))
		if err != nil || bytes.Equal(sealed, again) {
			t.Errorf("%q: two sealings are alike: %v", plain, err)
		}
		if len(sealed) != len(plain)+keys.Overhead {
			t.Errorf("%q: %d bytes", plain, len(sealed))
		}
		got, err := box.Open(at, sealed)
		if err != nil || string(got) != plain {
			t.Errorf("%q: got %q, %v", plain, got, err)
		}
		for name, other := range map[string]keys.Cell{
			"table":  {Table: "x", Column: at.Column, Row: at.Row},
			"column": {Table: at.Table, Column: "x", Row: at.Row},
			"row":    {Table: at.Table, Column: at.Column, Row: "2"},
		} {
			if _, err := box.Open(other, sealed); err == nil {
				t.Errorf("%q opens in another %s", plain, name)
			}
		}
		for i := range sealed {
			sealed[i] ^= 1
			if _, err := box.Open(at, sealed); err == nil {
				t.Errorf("%q opens with byte %d changed", plain, i)
			}
			if _, err := box.Open(at, sealed[:i]); err == nil {
				t.Errorf("%q opens cut to %d bytes", plain, i)
			}
			sealed[i] ^= 1
		}
	}
	// Inside a transaction, where no other may begin.
	err = d.Write(t.Context(), func(*db.Tx) error {
		sealed, err := box.Seal(at, []byte("x"))
		if err == nil {
			_, err = box.Open(at, sealed)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	blobs, err := s.BoxFor(t.Context(), keys.Blob)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := blobs.Seal(at, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box.Open(at, sealed); err == nil {
		t.Error("a value opens under another purpose")
	}
}

func indexes(t *testing.T, _ *db.DB, s *keys.Store) {
	index := func(label, value string) gm.Digest {
		x, err := s.Index(t.Context(), label)
		if err != nil {
			t.Fatal(err)
		}
		return x.Of(value)
	}
	if once, again := index("a", "1"), index("a", "1"); once != again {
		t.Error("an index is not the same twice")
	}
	if index("a", "1") == index("b", "1") || index("a", "1") == index("a", "2") || index("a", "1") == gm.Sum([]byte("1")) {
		t.Error("indexes do not differ")
	}
}

func rotation(t *testing.T, d *db.DB, s *keys.Store) {
	at := keys.Cell{Table: "a", Column: "b", Row: "c"}
	box, err := s.Box(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal(at, []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := s.Secret(t.Context(), keys.Field, "x")
	if err != nil {
		t.Fatal(err)
	}
	stable, err := s.StableSecret(t.Context(), keys.Field, "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Rotate(t.Context(), keys.Field); err != nil {
		t.Fatal(err)
	}
	if err := s.Rotate(t.Context(), keys.Seal); err == nil {
		t.Error("signing keys have no root to rotate")
	}
	if got, err := box.Open(at, sealed); err != nil || string(got) != "before" {
		t.Errorf("sealed before: %q, %v", got, err)
	}
	again, err := box.Seal(at, []byte("after"))
	if err != nil || bytes.Equal(again[1:17], sealed[1:17]) {
		t.Errorf("sealed under the old root: %v", err)
	}
	now, err := s.Secret(t.Context(), keys.Field, "x")
	if err != nil || bytes.Equal(now, secret) {
		t.Errorf("the secret did not change: %v", err)
	}
	still, err := s.StableSecret(t.Context(), keys.Field, "x")
	if err != nil || !bytes.Equal(still, stable) {
		t.Errorf("the stable secret changed: %v", err)
	}
}
