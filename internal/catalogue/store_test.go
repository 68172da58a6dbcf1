package catalogue_test

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/kinds"
)

// folder is a copy of shipped kinds that a test may change.
func folder(t testing.TB, names ...string) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	for _, name := range names {
		for _, file := range []string{"kind.yaml", "template.yaml", "example.json"} {
			data, err := fs.ReadFile(kinds.FS, name+"/"+file)
			if err != nil {
				t.Fatal(err)
			}
			m[name+"/"+file] = &fstest.MapFile{Data: data}
		}
	}
	return m
}

func change(t testing.TB, m fstest.MapFS, file, from, to string) fstest.MapFS {
	t.Helper()
	if !bytes.Contains(m[file].Data, []byte(from)) {
		t.Fatalf("%s does not hold %q", file, from)
	}
	m[file] = &fstest.MapFile{Data: bytes.Replace(m[file].Data, []byte(from), []byte(to), 1)}
	return m
}

func TestImportIsIdempotentAndVersioned(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		s := cataloguetest.New(t, d, "approval", "business_license")
		m := folder(t, "business_license")
		did, err := s.Import(ctx, m)
		if err != nil || len(did) != 1 || did[0].Changed || did[0].Version != 1 {
			t.Fatalf("the same again: %+v, %v", did, err)
		}
		change(t, m, "business_license/kind.yaml", "max: 1200", "max: 1300")
		if did, err = s.Import(ctx, m); err != nil || !did[0].Changed || did[0].Version != 2 {
			t.Fatalf("changed: %+v, %v", did, err)
		}
		k, err := s.Get(ctx, "11100000MB0143028R001")
		if err != nil || k.Version != 2 || k.Field("opscope").Max != 1300 {
			t.Fatalf("by code: %+v, %v", k, err)
		}
		old, err := s.Version(ctx, "business_license", 1)
		if err != nil || old.Field("opscope").Max != 1200 {
			t.Fatalf("the version before: %+v, %v", old, err)
		}
		all, err := s.Published(ctx)
		if err != nil || len(all) != 2 || all[0].Name != "approval" || all[1].Version != 2 {
			t.Fatalf("published: %v, %v", all, err)
		}
		if next, err := s.List(ctx, "approval", 1); err != nil || len(next) != 1 || next[0].Name != "business_license" {
			t.Fatalf("list after a name: %v, %v", next, err)
		}
		if h, err := s.History(ctx, "business_license"); err != nil || len(h) != 2 || h[0].Version != 2 || h[0].PublishedAt == nil {
			t.Fatalf("history: %+v, %v", h, err)
		}
	})
}

func TestFaceIsCompiledOncePerVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := cataloguetest.New(t, d, "approval")
		k, err := s.Get(t.Context(), "approval")
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.Face(k)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := s.Face(k); err != nil || a != b {
			t.Errorf("the face was compiled twice (%v)", err)
		}
		again, err := s.Get(t.Context(), "approval")
		if err != nil || again != k {
			t.Errorf("the kind was read twice (%v)", err)
		}
	})
}

func TestDraftsAreNotUsedUntilPublished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		s := cataloguetest.New(t, d, "approval")
		sub, err := fs.Sub(folder(t, "marriage"), "marriage")
		if err != nil {
			t.Fatal(err)
		}
		did, err := s.ImportDraft(ctx, "marriage", sub)
		if err != nil || did.Version != 1 {
			t.Fatalf("%+v, %v", did, err)
		}
		if _, err := s.Get(ctx, "marriage"); !errors.Is(err, fault.NotFound) {
			t.Fatalf("a draft is found: %v", err)
		}
		if err := s.Publish(ctx, "marriage", 1); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, "marriage"); err != nil {
			t.Fatal(err)
		}
		if err := s.Publish(ctx, "marriage", 1); !errors.Is(err, fault.Conflict) {
			t.Fatalf("published twice: %v", err)
		}
		if err := s.Disable(ctx, "marriage", ""); !errors.Is(err, fault.Invalid) {
			t.Fatalf("disabled without a reason: %v", err)
		}
		if err := s.Disable(ctx, "marriage", "改用新式样"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, "marriage"); !errors.Is(err, fault.NotFound) {
			t.Fatalf("a disabled kind is found: %v", err)
		}
		if _, err := s.Version(ctx, "marriage", 1); err != nil {
			t.Fatalf("what was made of it must stay readable: %v", err)
		}
	})
}

func TestImportRefusesASecondKindOfTheSameCodeOrName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := cataloguetest.New(t, d, "approval")
		m := folder(t, "approval")
		other := fstest.MapFS{}
		for name, f := range m {
			other["second"+name[len("approval"):]] = f
		}
		change(t, other, "second/example.json", `"kind": "approval"`, `"kind": "second"`)
		if _, err := s.Import(t.Context(), other); !errors.Is(err, fault.Conflict) {
			t.Fatalf("two kinds of one code: %v", err)
		}
	})
}

// If one kind of several is wrong, none is imported.
func TestImportIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := cataloguetest.New(t, d, "approval")
		m := change(t, folder(t, "marriage", "birth"), "marriage/kind.yaml", "sharing: 有条件共享", "sharing: 随便")
		if _, err := s.Import(t.Context(), m); !errors.Is(err, fault.Invalid) {
			t.Fatalf("%v", err)
		}
		all, err := s.Published(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
	})
}

func TestUnknownKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := cataloguetest.New(t, d, "approval")
		_, err := s.Get(t.Context(), "nothing")
		if e := fault.As(err); e == nil || e.Kind != fault.NotFound || e.Hint == "" {
			t.Fatalf("%v", err)
		}
		if _, err := s.Version(t.Context(), "approval", 9); !errors.Is(err, fault.NotFound) {
			t.Fatalf("%v", err)
		}
	})
}
