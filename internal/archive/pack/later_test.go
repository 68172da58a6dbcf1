package pack

import (
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ses/sestest"
)

// TestLaterFate: what became of a seal or a digital certificate after it signed
// is told, and fails nothing.
func TestLaterFate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id, say string
		change  func(w *world, m *parcelling)
	}{
		"not confirmed when packed": {"1-4-2", "不能确认", func(w *world, m *parcelling) {
			p := w.dossier()
			p.Signatures[0].Result = "undetermined"
			m.find(signaturesName).data = encodeSignatures(p.Signatures)
		}},
		"invalid when packed, for what no file shows": {"1-4-2", "结论为无效", func(w *world, m *parcelling) {
			p := w.dossier()
			p.Signatures[0].Result = "invalid"
			m.find(signaturesName).data = encodeSignatures(p.Signatures)
		}},
		"signer revoked afterwards": {"1-1-3", "吊销", func(w *world, m *parcelling) {
			m.find(crlFolder + "001.crl").data = w.pki.CRL(gm.Revoked{Serial: w.pki.Signer.SerialNumber, At: sestest.Now.Add(time.Hour)}).Raw
			k := *w.signer()
			k.Signer, k.Certificate = w.pki.MakerKey, w.certificateFor(w.pki.MakerKey, func(*gm.CertificateTemplate) {})
			m.signer = &k
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.check(w.by(func(m *parcelling) { c.change(w, m) }), w.options())
			if row := r.Row(c.id); row.Result != Warn || !strings.Contains(row.Evidence, c.say) {
				t.Errorf("%+v", row)
			}
			if r.Result != Warn || r.Blocks() {
				t.Errorf("the package is %s: %+v", r.Result, r.Checks)
			}
		})
	}
}
