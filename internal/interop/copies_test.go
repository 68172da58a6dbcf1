package interop

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/annotation"
	"sidian/internal/cert/certtest"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/ofd/draw"
)

// An annotated copy of a certificate, and the original in it, are believed by
// openssl alone, and each of their parts is XML to others.
func TestOthersReadCopies(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	const kind = "physician"
	w := certtest.New(t, d, kind)
	c := w.Issue(t, kind)
	staff := w.Hire(t, "annotator", "issuer", c.Issuer)
	for _, x := range w.Seals {
		_, err := w.Seal.Grant(w.Keeper, seal.Policy{Seal: x.ID, Purpose: annotation.Purpose, Until: d.Now().AddDate(3, 0, 0), Reason: "测试"})
		must(t, err)
	}
	fonts, err := draw.Embedded()
	must(t, err)
	copies, err := annotation.New(t.Context(), annotation.Parts{DB: d, Keys: w.Keys, IAM: w.IAM, Cert: w.Cert, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Notices: w.Notice, Fonts: fonts})
	must(t, err)
	made, err := copies.Make(staff, annotation.Request{ID: c.ID, Purpose: "申请执业地点变更备案", Recipient: "青禾县第二人民医院人事科", Item: "医师变更执业地点", ExpiresAt: d.Now().AddDate(0, 1, 0).Format(time.RFC3339)})
	must(t, err)
	digest, err := hex.DecodeString(made.Document)
	must(t, err)
	data, err := w.Blob.Get(t.Context(), gm.Digest(digest))
	must(t, err)
	roots, err := w.PKI.Roots(t.Context())
	must(t, err)
	o := believed(t, roots, data)
	var original []byte
	for name, part := range o.parts {
		if strings.HasSuffix(name, "/original.ofd") {
			original = part
		}
	}
	if original == nil {
		t.Fatal("the original is not in it")
	}
	if string(original) != string(w.Document(t, c)) {
		t.Error("it is another original")
	}
	believed(t, roots, original)
}

// believed wants a document's one seal genuine to openssl, and its parts XML to
// libxml2.
func believed(t *testing.T, roots, data []byte) *openssl {
	t.Helper()
	o := newOpenssl(t, roots, data)
	names := o.signatures()
	if len(names) != 1 {
		t.Fatalf("openssl's list has %d signatures", len(names))
	}
	if m := o.believe(names[0]); m.kind != "S" || !m.proven {
		t.Errorf("openssl finds %+v", m)
	}
	args, n := []string{"--noout", "--nonet"}, 0
	for name, part := range o.parts {
		if strings.HasSuffix(name, ".xml") {
			n++
			args = append(args, o.file(strings.ReplaceAll(name, "/", "_"), part))
		}
	}
	cmd := exec.Command("xmllint", args...)
	cmd.Dir, cmd.Env = o.dir, append(os.Environ(), "HOME="+filepath.Clean(o.dir))
	if out, err := cmd.CombinedOutput(); err != nil || n < 5 {
		t.Errorf("xmllint on %d parts: %v\n%s", n, err, out)
	}
	return o
}
