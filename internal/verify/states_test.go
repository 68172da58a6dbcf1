package verify_test

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/internal/status"
	"sidian/internal/verify"
	"sidian/ofd/sign"
	"sidian/ses"
)

var decode = base64.RawURLEncoding.DecodeString

// moving is a clock that a test moves.
type moving struct {
	mu sync.Mutex
	at time.Time
}

func (m *moving) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *moving) add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = m.at.Add(d)
}

// watching wires the public states of seals, as the program does.
func watching(s *verify.Service, w *certtest.World) {
	s.Seals = w.Seal.PublicGet
	s.Changed = func(ctx context.Context, id string) (at time.Time, err error) {
		err = w.DB.Read(ctx, func(tx *db.Tx) error {
			e, err := status.EntryTx(tx, status.Seals, id)
			at = e.At
			return err
		})
		return at, err
	}
}

// The verification after a freeze says so, and the one after the thaw does not.
func TestFrozen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := &moving{at: time.Now().Truncate(time.Second)}
		d.Now = clock.now
		w, s := newService(t, d)
		watching(s, w)
		x := w.Seals[seal.LegalName]
		stamped := sealedOutside(t, w)
		w.Seal.TimeStamps = false
		bare := sealedOutside(t, w)
		w.Seal.TimeStamps = true
		check := func(data []byte, want sign.Verdict, state, words string) {
			t.Helper()
			v := verdict(t, s, data)
			if v.Report.Verdict != want || len(v.Seals) != 1 || v.Seals[0].State != state || v.Seals[0].ID != x.ID || words != "" && !strings.Contains(v.Seals[0].Message, words) {
				t.Errorf("%s %+v %v", v.Report.Verdict, v.Seals, v.Reasons)
			}
			if state != seal.Effective && !v.HasWarning("seal_"+state) {
				t.Errorf("no warning: %v", v.Warnings)
			}
		}
		check(stamped, sign.Valid, seal.Effective, "")
		check(bare, sign.Valid, seal.Effective, "")
		clock.add(time.Hour)
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "介质丢失"))
		check(stamped, sign.Valid, seal.Frozen, "仍然有效")
		check(bare, sign.Undetermined, seal.Frozen, "没有时间戳")
		if v := verdict(t, s, altered(t, stamped)); v.Report.Verdict != sign.Invalid {
			t.Errorf("altered bytes under a frozen seal: %s", v.Report.Verdict)
		}
		must(t, w.Seal.Thaw(w.Keeper, x.ID, "介质已找回"))
		check(stamped, sign.Valid, seal.Effective, "")
		check(bare, sign.Valid, seal.Effective, "")
		// A stamp later than the state that the register tells is none of ours.
		must(t, w.Seal.Freeze(w.Keeper, x.ID, "介质丢失"))
		s.Changed = func(context.Context, string) (time.Time, error) { return clock.now().Add(-2 * time.Hour), nil }
		check(stamped, sign.Invalid, seal.Frozen, "无效")
		s.Changed = nil
		check(stamped, sign.Undetermined, seal.Frozen, "不明")
	})
}

// A stranger's seal that bears the id of ours has no state of ours.
func TestStateOfStranger(t *testing.T) {
	t.Parallel()
	w, s := newService(t, dbtest.New(t, "sqlite"))
	watching(s, w)
	must(t, w.Seal.Freeze(w.Keeper, w.Seals[seal.LegalName].ID, "测试"))
	asked := 0
	look := s.Seals
	s.Seals = func(ctx context.Context, id string) (*seal.PublicSeal, error) { asked++; return look(ctx, id) }
	if v := verdict(t, s, stranger(t, blank(t))); len(v.Seals) != 0 || asked != 0 {
		t.Errorf("%+v, asked %d times", v.Seals, asked)
	}
}

// Revoked before the signing time is invalid, after it is not where a time stamp
// proves it; openssl reads both times by itself.
func TestRevocationOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clock := &moving{at: time.Now().Truncate(time.Second)}
		d.Now = clock.now
		w, s := newService(t, d)
		key, err := gm.GenerateKey()
		must(t, err)
		issue := func(use, name string) *gm.Certificate {
			c, err := w.PKI.Issue(t.Context(), pki.IssueRequest{Use: use, Name: name, Public: key.Public(), Org: "market"})
			must(t, err)
			return c
		}
		maker, unit := issue(pki.Maker, "样例制章"), issue(pki.Unit, "青禾县市场监督管理局")
		made, err := ses.MakeSeal(ses.SealOptions{
			ID: "r", VendorID: "sidian", Type: 1, Name: "青禾县市场监督管理局", Signers: []*gm.Certificate{unit}, Created: clock.now(),
			ValidFrom: unit.NotBefore, ValidTo: unit.NotAfter, Picture: ses.Picture{Type: "PNG", Data: []byte{1}, Width: 42, Height: 42},
		}, key, maker)
		must(t, err)
		var token []byte
		stamp := func(proven bool) []byte {
			o := sign.StampOptions{Seal: made, Signer: key, Certificate: unit, Places: []sign.Place{{X: 1, Y: 1, W: 42, H: 42}}, Time: clock.now()}
			if proven {
				o.Timestamp = func(value []byte) ([]byte, error) {
					b, err := w.PKI.TimeStamp(t.Context(), value)
					token = b
					return b, err
				}
			}
			out, err := sign.Stamp(blank(t), o)
			must(t, err)
			b, err := out.Bytes()
			must(t, err)
			return b
		}
		before, claimed := stamp(true), stamp(false)
		early := token
		clock.add(time.Hour)
		must(t, w.PKI.Revoke(w.System, unit, pki.KeyCompromise, "密钥失控"))
		clock.add(time.Hour)
		after := stamp(true)
		late := token
		for name, c := range map[string]struct {
			data []byte
			want sign.Verdict
			says string
		}{
			"proven before": {before, sign.Valid, "签名仍有效"}, "proven after": {after, sign.Invalid, "签名在吊销之后"}, "claimed before": {claimed, sign.Valid, "没有时间戳证明"},
		} {
			v := verdict(t, s, c.data)
			message := v.Signatures[0].Check(sign.CheckRevocation).Message
			if v.Report.Verdict != c.want || !strings.Contains(message, c.says) {
				t.Errorf("%s: %s %s", name, v.Report.Verdict, message)
			}
		}
		if v := verdict(t, s, claimed); !v.HasWarning("revoked_after") {
			t.Errorf("a claimed time is taken for proof: %v", v.Warnings)
		}

		list, err := w.PKI.List(t.Context(), pki.Issuing)
		must(t, err)
		revoked := opensslTime(t, list, "Revocation Date: ", "crl", "-inform", "DER", "-noout", "-text", "-in")
		first := opensslTime(t, early, "Time stamp: ", "ts", "-reply", "-token_in", "-text", "-in")
		second := opensslTime(t, late, "Time stamp: ", "ts", "-reply", "-token_in", "-text", "-in")
		if !first.Before(revoked) || !revoked.Before(second) {
			t.Errorf("openssl reads %s, revoked %s, %s", first, revoked, second)
		}
	})
}

// opensslTime reads a time out of a file with openssl.
func opensslTime(t testing.TB, der []byte, label string, args ...string) time.Time {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.der")
	must(t, os.WriteFile(path, der, 0o600))
	out, err := exec.CommandContext(t.Context(), "openssl", append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	_, rest, ok := strings.Cut(string(out), label)
	if !ok {
		t.Fatalf("openssl %v tells no time:\n%s", args, out)
	}
	line, _, _ := strings.Cut(rest, "\n")
	at, err := time.Parse("Jan _2 15:04:05 2006 MST", strings.TrimSpace(line))
	must(t, err)
	return at
}
