package seal_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal"
	"sidian/internal/seal/event"
	"sidian/internal/seal/sealtest"
)

// Strangers find filed seals, in their states of now, and nothing else.
func TestPublic(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		y := w.Make(t, sealtest.Market, seal.Special)
		w.Make(t, sealtest.Land, seal.LegalName)
		hidden, err := w.Seal.Make(w.Keeper, w.Request(t, sealtest.Market, seal.Internal))
		must(t, err)
		ctx := t.Context()
		ids := func(q string) (out []string) {
			found, err := w.Seal.PublicFind(ctx, q)
			must(t, err)
			for _, p := range found {
				out = append(out, p.ID)
			}
			slices.Sort(out)
			return out
		}
		both := []string{x.ID, y.ID}
		slices.Sort(both)
		for q, want := range map[string][]string{
			x.Name: both, " 青禾县市场 ": both, x.ID: {x.ID}, y.Number: {y.ID}, hidden.ID: nil, "市场": nil, "%%": nil, "青禾县_场": nil,
		} {
			if got := ids(q); !slices.Equal(got, want) {
				t.Errorf("%q finds %v, want %v", q, got, want)
			}
		}
		for _, q := range []string{"", "青", strings.Repeat("青", 101)} {
			_, err := w.Seal.PublicFind(ctx, q)
			wantCode(t, err, fault.Invalid, "seal.query")
		}
		p, err := w.Seal.PublicGet(ctx, x.ID)
		must(t, err)
		if p.State != seal.Effective || p.StateName != "有效" || p.KindName != "法定名称章" || p.Unit != x.Name || p.Authority != "青禾县人民政府" ||
			p.Number != x.Number || !strings.HasPrefix(p.StatusURI, pkitest.BaseURL) {
			t.Errorf("public: %+v", p)
		}
		b, err := json.Marshal(p)
		must(t, err)
		if bytes.Contains(b, []byte(x.Custodian)) {
			t.Errorf("the custodian is public: %s", b)
		}
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "遗失"))
		if p, err := w.Seal.PublicGet(ctx, x.ID); err != nil || p.State != seal.Frozen {
			t.Errorf("frozen: %+v, %v", p, err)
		}
		_, err = w.Seal.PublicGet(ctx, "none")
		wantCode(t, err, fault.NotFound, "seal.unknown")
	})
}

// Lists are narrowed by what is asked, within what the caller may see.
func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		legal := w.Make(t, sealtest.Market, seal.LegalName)
		special := w.Make(t, sealtest.Market, seal.Special)
		land := w.Make(t, sealtest.Land, seal.LegalName)
		must(t, w.Seal.Freeze(w.Keeper, land.ID, "核查"))
		for name, c := range map[string]struct {
			q    seal.Query
			want []*seal.Seal
		}{
			"all":        {seal.Query{}, []*seal.Seal{legal, special, land}},
			"unit":       {seal.Query{Org: sealtest.Market}, []*seal.Seal{legal, special}},
			"and below":  {seal.Query{Org: pkitest.Root}, []*seal.Seal{legal, special, land}},
			"kind":       {seal.Query{Kind: seal.Special}, []*seal.Seal{special}},
			"frozen":     {seal.Query{State: seal.Frozen}, []*seal.Seal{land}},
			"effective":  {seal.Query{State: seal.Effective}, []*seal.Seal{legal, special}},
			"expired":    {seal.Query{State: seal.Expired}, nil},
			"name":       {seal.Query{Text: "青禾县市场"}, []*seal.Seal{legal, special}},
			"number":     {seal.Query{Text: land.Number}, []*seal.Seal{land}},
			"everything": {seal.Query{Org: sealtest.Market, Kind: seal.LegalName, State: seal.Effective, Text: "青禾"}, []*seal.Seal{legal}},
		} {
			p, err := w.Seal.Search(w.Admin, c.q)
			must(t, err)
			var got, want []string
			for _, x := range p.Items {
				got = append(got, x.ID)
			}
			for _, x := range c.want {
				want = append(want, x.ID)
			}
			slices.Sort(got)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		keeper := w.Hire(t, "marketkeeper", "custodian", sealtest.Market)
		_, err := w.Seal.Search(keeper, seal.Query{Org: sealtest.Land})
		if e := fault.As(err); e == nil || e.Kind != fault.Forbidden {
			t.Errorf("another unit's: %v", err)
		}
		_, err = w.Seal.Search(keeper, seal.Query{State: "x"})
		wantCode(t, err, fault.Invalid, "seal.query")
	})
}

// What happens to a seal is told to the ledger, once each, without anyone's name.
func TestEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		var got []outbox.Event
		listener := outbox.Consumer{Name: "listener", Topics: event.Topics(), Handle: func(_ *db.Tx, e outbox.Event) error {
			got = append(got, e)
			return nil
		}}
		w.Seal.Outbox = outbox.New(listener)
		x := w.Make(t, sealtest.Market, seal.LegalName)
		w.Permit(t, x)
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "核查"))
		must(t, w.Seal.Thaw(w.Keeper, x.ID, "核查完毕"))
		token, err := intend(t, w, w.Client, x, document(t, "a"))
		must(t, err)
		must(t, d.Write(w.Client, func(tx *db.Tx) error { return w.Seal.DoneTx(tx, token.Use(), [32]byte{1}) }))
		r := w.Request(t, sealtest.Market, seal.LegalName)
		r.Replaces = x.ID
		y := w.MakeOf(t, r)
		must(t, w.Seal.Cancel(w.Keeper, y.ID, "撤并"))
		_, err = outbox.Drain(t.Context(), d, listener, 100)
		must(t, err)
		seen := map[string]int{}
		for _, e := range got {
			seen[e.Topic]++
			if len(e.Leaf) == 0 || !bytes.Contains(e.Leaf, []byte("sidian-seal-1")) || !bytes.Contains(e.Leaf, []byte(e.Topic)) {
				t.Errorf("%s: leaf %q", e.Topic, e.Leaf)
			}
			body, err := json.Marshal(e.Body)
			must(t, err)
			for _, name := range []string{sealtest.Account(w.Keeper), "样例·"} {
				if bytes.Contains(body, []byte(name)) || bytes.Contains(e.Leaf, []byte(name)) {
					t.Errorf("%s tells of a person: %s", e.Topic, body)
				}
			}
		}
		want := map[string]int{event.Made: 2, event.Filed: 2, event.Granted: 1, event.Frozen: 1, event.Thawed: 1, event.Stamped: 1, event.Replaced: 1, event.Cancelled: 1}
		for _, topic := range event.Topics() {
			if seen[topic] != want[topic] {
				t.Errorf("%s: %d times, want %d", topic, seen[topic], want[topic])
			}
		}
	})
}
