package provider_test

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/provider/providertest"
	"sidian/ofd/sign"
)

// One instance takes in the list of another: its providers and itself come in as
// proposed, and count once somebody else has approved.
func TestImport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := providertest.New(t, "third-a", nil)
		there := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) {
			o.Self, o.Name, o.BaseURL, o.Hosts, o.Private = "peer.example", "样例市", "https://peer.example", []string{p.Host}, []string{p.Host}
		})
		there.register(t, p)
		l, err := there.S.TrustList(t.Context())
		must(t, err)
		signer, err := there.S.Certificate(t.Context())
		must(t, err)

		here := newWorld(t, d, func(o *provider.Options) { o.Hosts = append(o.Hosts, "peer.example") }, p)
		r := provider.ImportRequest{Org: iamtest.Market, List: l.JWS, Signer: string(signer.PEM()), Reason: "已电话核实证书指纹"}
		got, err := here.S.Import(here.a(t), r)
		must(t, err)
		if got.Issuer != "peer.example" || strings.Join(got.Proposed, " ") != "peer.example third-a" || len(got.Skipped) != 0 {
			t.Fatalf("%+v", got)
		}
		data := p.Sealed(t)
		if all := here.ask(t, data); all[0].Result != provider.Nobody {
			t.Errorf("what was imported counts before it is approved: %+v", all)
		}
		for _, id := range got.Proposed {
			_, err := here.S.Approve(here.a(t), id, "自己批准")
			refusal(t, err, fault.Forbidden, "provider.own")
			e, err := here.S.Approve(here.b(t), id, "已核实")
			must(t, err)
			if e.Source != "peer.example" {
				t.Errorf("%+v", e)
			}
		}
		if all := here.ask(t, data); all[0].Result != provider.Answered || all[0].Verdict != sign.Valid {
			t.Errorf("%+v", all)
		}
		// What the peer seals is the peer's to verify.
		theirs, err := there.ours(t, providertest.Blank(t)).Bytes()
		must(t, err)
		if all := here.ask(t, theirs); len(all) != 1 || all[0].Provider != "peer.example" || all[0].Result != provider.Down {
			t.Errorf("%+v", all) // down: there is no such host
		}
		got, err = here.S.Import(here.a(t), r)
		must(t, err)
		if len(got.Proposed) != 0 || len(got.Skipped) != 2 || got.Skipped[0].Reason == "" {
			t.Errorf("again: %+v", got)
		}
	})
}

// Lists that are not taken in.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	there := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) { o.Self = "peer.example" })
	list := func() string {
		t.Helper()
		l, err := there.S.TrustList(t.Context())
		must(t, err)
		return l.JWS
	}
	signer, err := there.S.Certificate(t.Context())
	must(t, err)
	older := list()
	there.Clock.add(time.Hour)
	newer := list()
	other := providertest.New(t, "third-a", nil)
	parts := strings.Split(newer, ".")
	forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"issuer":"peer.example","providers":[]}`)) + "." + parts[2]

	here := newWorld(t, dbtest.New(t, "sqlite"), nil)
	here.Clock.add(time.Hour)
	from := func(list string, c *gm.Certificate, repin bool) error {
		_, err := here.S.Import(here.a(t), provider.ImportRequest{Org: iamtest.Market, List: list, Signer: string(c.PEM()), Reason: "已核实", Repin: repin})
		return err
	}
	for name, text := range map[string]string{"forged": forged, "cut": newer[:len(newer)-4], "empty": "", "two parts": parts[0] + "." + parts[1], "padded": newer + "=", "broken line": parts[0] + ".\n" + parts[1] + "." + parts[2]} {
		if name == "" {
			continue
		}
		refusal(t, from(text, signer, false), fault.Invalid, "provider.list")
	}
	refusal(t, from(newer, other.Answers, false), fault.Invalid, "provider.list")
	ours, err := here.S.TrustList(t.Context())
	must(t, err)
	own, err := here.S.Certificate(t.Context())
	must(t, err)
	refusal(t, from(ours.JWS, own, false), fault.Invalid, "provider.list")
	// An answer is no list, though the same key signed it.
	answer, err := there.S.Sign(t.Context(), &sign.Report{}, gm.Digest{}, "n", nil, nil)
	must(t, err)
	refusal(t, from(answer, signer, false), fault.Invalid, "provider.list")

	must(t, from(newer, signer, false))
	refusal(t, from(older, signer, false), fault.Conflict, "provider.list-old")
	here.Clock.add(8 * 24 * time.Hour)
	refusal(t, from(newer, signer, false), fault.Invalid, "provider.list")

	// Another instance of the same name, with a key of its own.
	impostor := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) { o.Self = "peer.example" })
	impostor.Clock.add(9 * 24 * time.Hour)
	l, err := impostor.S.TrustList(t.Context())
	must(t, err)
	key, err := impostor.S.Certificate(t.Context())
	must(t, err)
	here.Clock.add(24 * time.Hour)
	refusal(t, from(l.JWS, key, false), fault.Conflict, "provider.pin")
	must(t, from(l.JWS, key, true))
}

// A stranger checks our list with openssl alone: the digital certificate against
// our root, and the signature by its key.
func TestListByOpenssl(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), nil)
	l, err := w.S.TrustList(t.Context())
	must(t, err)
	parts := strings.Split(l.JWS, ".")
	var header struct {
		Alg, Typ string
		X5C      []string `json:"x5c"`
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[0])
	must(t, err)
	must(t, json.Unmarshal(b, &header))
	if header.Alg != "SM2-SM3" || header.Typ != "sidian-providers+json" || len(header.X5C) != 1 {
		t.Fatalf("%s", b)
	}
	der, err := base64.StdEncoding.DecodeString(header.X5C[0])
	must(t, err)
	c, err := gm.ParseCertificate(der)
	must(t, err)
	raw, err := base64.RawURLEncoding.DecodeString(parts[2])
	must(t, err)
	sig, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	must(t, err)
	own, err := w.PKI.Authorities(t.Context())
	must(t, err)
	var issuing []byte
	for _, a := range own {
		if a.ID == pki.Issuing {
			issuing = a.Certificate.PEM()
		}
	}
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, data, 0o600))
		return path
	}
	leaf, ca, input, value := put("leaf.pem", c.PEM()), put("issuing.pem", issuing), put("input", []byte(parts[0]+"."+parts[1])), put("sig.der", sig)
	openssl := func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
		return string(out), err
	}
	out, err := openssl("verify", "-vfyopt", "distid:1234567812345678", "-partial_chain", "-trusted", ca, leaf)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	key, err := openssl("x509", "-in", leaf, "-noout", "-pubkey")
	must(t, err)
	pub := put("key.pem", []byte(key))
	out, err = openssl("dgst", "-sm3", "-verify", pub, "-sigopt", "distid:1234567812345678", "-signature", value, input)
	if err != nil || !strings.Contains(out, "Verified OK") {
		t.Fatalf("%v: %s", err, out)
	}
	must(t, os.WriteFile(input, []byte(parts[0]+"."+parts[1]+"A"), 0o600))
	if out, err = openssl("dgst", "-sm3", "-verify", pub, "-sigopt", "distid:1234567812345678", "-signature", value, input); err == nil {
		t.Fatalf("openssl accepts another list: %s", out)
	}
}

// A row that was edited in the database counts for nothing, and raises an alarm.
func TestAltered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, statement := range map[string]string{
			"state":    `update provider_entry set state = 'active'`,
			"endpoint": `update provider_entry set endpoint = 'https://evil.example'`,
			"maker":    `update provider_maker set use = 'maker'`,
		} {
			t.Run(name, func(t *testing.T) {
				d := d
				if name != "state" {
					d = dbtest.New(t, d.Engine())
				}
				p := providertest.New(t, "third-a", nil)
				w := newWorld(t, d, nil, p)
				if name == "state" {
					_, err := w.S.Propose(w.a(t), p.Request(iamtest.Market))
					must(t, err)
				} else {
					w.register(t, p)
				}
				must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(statement); return err }))
				data := p.Sealed(t)
				for range 3 {
					if all := w.ask(t, data); all[0].Result != provider.Nobody || p.Calls.Load() != 0 {
						t.Fatalf("%+v", all)
					}
					w.Clock.add(3 * time.Second)
				}
				if n := len(w.delivered(t, "iam.tampered")); n != 1 {
					t.Errorf("%d alarms", n)
				}
				all, err := w.S.List(w.a(t), true)
				must(t, err)
				if len(all) != 1 || !all[0].Altered {
					t.Errorf("%+v", all)
				}
				_, err = w.S.Suspend(w.a(t), p.ID, "查明改动")
				refusal(t, err, fault.Conflict, "provider.altered")
			})
		}
	})
}

// Our key is one, sealed, and sealed again when its root is replaced.
func TestKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, nil)
		first, err := w.S.Certificate(t.Context())
		must(t, err)
		again, err := provider.New(t.Context(), w.O)
		must(t, err)
		c, err := again.Certificate(t.Context())
		must(t, err)
		if !c.Equal(first) {
			t.Error("another process answers under another key")
		}
		must(t, w.Keys.Rotate(t.Context(), "field"))
		w.Clock.add(time.Minute)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			total, err := w.S.Count(tx)
			if err != nil {
				return err
			}
			next, done, err := w.S.Reseal(tx, "", 10)
			if total != 1 || done != 1 || next == "" {
				t.Errorf("total %d done %d next %q", total, done, next)
			}
			if err != nil {
				return err
			}
			_, done, err = w.S.Reseal(tx, "", 10)
			if done != 0 {
				t.Errorf("sealed again twice: %d", done)
			}
			return err
		}))
		_, err = w.S.TrustList(t.Context())
		must(t, err)
		w.Clock.add(5 * 365 * 24 * time.Hour)
		c, err = w.S.Certificate(t.Context())
		must(t, err)
		if c.Equal(first) {
			t.Error("we answer under a key that ends")
		}
	})
}
