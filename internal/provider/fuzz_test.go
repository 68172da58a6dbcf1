package provider

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func keyPair(t testing.TB) (*gm.PrivateKey, *gm.Certificate) {
	t.Helper()
	key, err := gm.GenerateKey()
	must(t, err)
	c, err := gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: "样例核验"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}, key.Public(), nil, key)
	must(t, err)
	return key, c
}

// Whatever bytes come back, there is an answer that we signed for or an error of
// a kind that we know, and nothing of another key is taken.
func FuzzAnswer(f *testing.F) {
	key, c := keyPair(f)
	other, _ := keyPair(f)
	q := question{nonce: "n", now: time.Now()}
	e := &Entry{ID: "third-a", key: c}
	write := func(a Answer, k *gm.PrivateKey, typ string) []byte {
		payload, err := json.Marshal(a)
		must(f, err)
		compact, err := signJWS(typ, payload, k, c)
		must(f, err)
		b, err := json.Marshal(envelope{compact})
		must(f, err)
		return b
	}
	good := Answer{Report: &sign.Report{Signatures: []sign.SignatureReport{{ID: "1", Verdict: sign.Valid}}}, Provider: "third-a", Document: strings.Repeat("0", 64), Nonce: "n", AnsweredAt: q.now, Own: []string{"1"}}
	f.Add(write(good, key, typeAnswer))
	f.Add(write(good, other, typeAnswer))
	f.Add(write(good, key, typeList))
	for _, s := range []string{"", "{}", "[]", `{"answer":null}`, `{"answer":"a.b.c"}`, `{"answer":".."}`, `{"answer":"e30.e30."}`, strings.Repeat("[", 5000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := q.read(e, body)
		switch {
		case err == nil && (a.Report == nil || a.Provider != "third-a" || a.Nonce != "n"):
			t.Errorf("taken: %+v", a)
		case err != nil && !errors.Is(err, errNoAnswer) && !errors.Is(err, errJWS) && !errors.Is(err, errAnswer):
			t.Errorf("an error of no kind: %v", err)
		}
	})
}

// Any other bytes of a signed text are refused, and both ways of writing a
// signature agree.
func TestJWS(t *testing.T) {
	t.Parallel()
	key, c := keyPair(t)
	compact, err := signJWS(typeAnswer, []byte(`{"a":1}`), key, c)
	must(t, err)
	payload, err := openJWS(typeAnswer, compact, c)
	must(t, err)
	if string(payload) != `{"a":1}` {
		t.Errorf("%s", payload)
	}
	for i := range compact {
		changed := []byte(compact)
		if changed[i] == 'A' {
			changed[i] = 'B'
		} else {
			changed[i] = 'A'
		}
		if _, err := openJWS(typeAnswer, string(changed), c); !errors.Is(err, errJWS) {
			t.Fatalf("octet %d changed: %v", i, err)
		}
	}
	for _, s := range []string{compact + "\n", " " + compact, compact + "=", compact + ".", strings.Replace(compact, ".", "\n.", 1), ""} {
		if _, err := openJWS(typeAnswer, s, c); !errors.Is(err, errJWS) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := openJWS(typeList, compact, c); !errors.Is(err, errJWS) {
		t.Errorf("another type: %v", err)
	}
}

// What others would have us show is short and plain.
func TestTidy(t *testing.T) {
	t.Parallel()
	in := append([]string{"印章\x00状态\u202e：有效", "  ", "\xff", strings.Repeat("长", 5000)}, make([]string, 50)...)
	got := tidy(in)
	if len(got) != 3 || got[0] != "印章 状态 ：有效" || len([]rune(got[2])) != maxRemark+1 {
		t.Errorf("%q", got)
	}
}

// Every pair of states: allowed by the table, or refused with a way out.
func TestMoves(t *testing.T) {
	t.Parallel()
	allowed := map[[2]State]bool{
		{Proposed, Active}: true, {Proposed, Refused}: true, {Active, Suspended}: true, {Active, Replaced}: true, {Suspended, Removed}: true, {Suspended, Replaced}: true,
	}
	for from := range stateNames {
		for to := range stateNames {
			err := (&Entry{State: from, Name: "样例"}).move(to)
			if (err == nil) != allowed[[2]State{from, to}] {
				t.Errorf("%s -> %s: %v", from, to, err)
			}
		}
	}
}
