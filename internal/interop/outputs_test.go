package interop

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"testing"

	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/signature"
	"sidian/internal/signature/signaturetest"
	"sidian/ofd"
	"sidian/ofd/render"
)

// An output is a sealed or signed document that a use case gave.
type output struct {
	name string
	data []byte
	ours string // what our signatures are, in order: S for Seal, P for Sign
	had  int    // signatures of others before ours
}

// voucher is the kind of document that standing policies of these tests allow.
const voucher = "凭据"

// outputs are all that the use cases of seals and signatures give.
func (w *world) outputs(t *testing.T) (out []output) {
	t.Helper()
	for _, unit := range []string{sealtest.Market, pkitest.Root} {
		for _, purpose := range []string{voucher, sealing.Annotated, signature.EvidencePurpose} {
			w.Standing(t, unit, "", purpose, 0)
		}
	}
	out = append(out, w.requested(t)...)
	out = append(out, w.batched(t)...)
	out = append(out, w.annotated(t, out[0].data)...)
	return append(out, w.signed(t)...)
}

// requested are documents that custodians approved one by one.
func (w *world) requested(t *testing.T) (out []output) {
	t.Helper()
	market := func(p ...sealing.Place) []sealing.StepAsk {
		return []sealing.StepAsk{{Seal: w.Seals[sealtest.Market].ID, Places: p}}
	}
	pdf := asPDF(t, sealingtest.Document(t, "由 PDF 转换的通知", 2))
	third := read(t, "../../ofd/sign/testdata/signed/gen-v4.ofd")
	for _, c := range []struct {
		name  string
		pages int
		data  []byte
		steps []sealing.StepAsk
		ours  string
		had   int
	}{
		{name: "one seal", pages: 2, steps: []sealing.StepAsk{w.Step(sealtest.Market, 0, 120, 200)}, ours: "S"},
		{name: "two departments in order", pages: 1, steps: []sealing.StepAsk{w.Step(sealtest.Market, 1, 20, 200), w.Step(sealtest.Land, 2, 80, 200)}, ours: "SS"},
		{name: "three in parallel", pages: 3, ours: "SSS",
			steps: []sealing.StepAsk{w.Step(sealtest.Market, 0, 20, 200), w.Step(sealtest.Land, 0, 80, 200), w.Step(pkitest.Root, 0, 140, 200)}},
		{name: "straddle over thirty pages", pages: 30, steps: market(sealing.Place{Straddle: &sealing.Straddle{}, Y: 130}), ours: "S"},
		{name: "keyword", pages: 4, steps: market(sealing.Place{Keyword: sealingtest.Keyword}), ours: "S"},
		{name: "every page and a data item", pages: 3, steps: market(sealing.Place{All: true, X: 150, Y: 240}, sealing.Place{Field: sealingtest.Field}), ours: "S"},
		{name: "converted PDF", data: pdf, steps: market(sealing.Place{Pages: []int{1, 2}, X: 120, Y: 200}), ours: "S"},
		{name: "document that another sealed", data: third, steps: market(sealing.Place{Page: 1, X: 20, Y: 20}), ours: "S", had: 1},
	} {
		q := sealing.Ask{Title: "关于公布办事指南的通知", Purpose: "公文", Reason: "对外发布", Data: c.data, Steps: c.steps}
		if q.Data == nil {
			q.Data = sealingtest.Document(t, title(c.name), c.pages)
		}
		r, err := w.Sealing.Ask(w.Asker, q)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i := range r.Steps {
			r = w.Approve(t, r, i)
		}
		data, _, err := w.Sealing.File(w.Asker, r.ID)
		must(t, err)
		out = append(out, output{c.name, data, c.ours, c.had})
	}
	return out
}

// batched are documents that were stamped under a standing policy.
func (w *world) batched(t *testing.T) (out []output) {
	t.Helper()
	ask := sealing.BatchAsk{
		Title: "年度缴费凭据", Purpose: voucher, Reason: "集中开具", Org: sealtest.Market, Seal: w.Seals[sealtest.Market].ID,
		Places: []sealing.Place{{Keyword: sealingtest.Keyword, Right: true}},
	}
	b, err := w.Sealing.CreateBatch(w.Asker, ask)
	must(t, err)
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for i := range 3 {
		f, err := z.Create(fmt.Sprintf("%d.ofd", i))
		must(t, err)
		_, err = f.Write(sealingtest.Document(t, fmt.Sprintf("缴费凭据 %d", i), 1))
		must(t, err)
	}
	must(t, z.Close())
	_, err = w.Sealing.Add(w.Asker, b.ID, "a.zip", bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	must(t, err)
	_, err = w.Sealing.Act(w.Asker, b.ID, "start")
	must(t, err)
	_, err = w.Sealing.Work(t.Context())
	must(t, err)
	for line := range int64(3) {
		data, _, err := w.Sealing.ItemFile(w.Asker, b.ID, line+1)
		must(t, err)
		out = append(out, output{fmt.Sprintf("batch, document %d", line+1), data, "S", 0})
	}
	data, _, err := w.Sealing.StampNow(w.Asker, sealing.NowAsk{BatchAsk: ask, Name: "a.ofd", Data: sealingtest.Document(t, "收件凭证", 1)})
	must(t, err)
	return append(out, output{"at once under a policy", data, "S", 0})
}

// annotated are a copy that says what it is for, and the original in it.
func (w *world) annotated(t *testing.T, original []byte) []output {
	t.Helper()
	data, _, err := w.Sealing.Annotate(w.Asker, sealing.AnnotateRequest{Seal: w.Seals[sealtest.Market].ID, Org: sealtest.Market, Annotation: sealing.Annotation{
		Title: "准予许可决定书", Purpose: "办理贷款", Recipient: "样例银行", Matter: "授信 2026-001", Number: "JZ-0001",
		Until: w.DB.Now().AddDate(0, 1, 0), Original: original,
	}})
	must(t, err)
	d, err := ofd.Open(data)
	must(t, err)
	files, err := d.Attachments()
	must(t, err)
	inside, err := d.Part(files[0].File).Data()
	must(t, err)
	return []output{{"annotated copy", data, "S", 0}, {"original inside of the annotated copy", inside, "S", 0}}
}

// signed are documents that people signed, and evidence of how.
func (w *world) signed(t *testing.T) (out []output) {
	t.Helper()
	p := w.people
	a, b, c := p.Enrolled(t, "王小明"), p.Enrolled(t, "欧阳晓红"), p.Enrolled(t, "赵五")
	task := func(name string, ways ...string) *signature.Task {
		people := []signaturetest.Person{a, b, c}[:len(ways)]
		var parties []signature.Party
		for i, way := range ways {
			x := people[i].Invite(nil)
			if x.Way = way; way == signature.Handwritten {
				x.Places = signaturetest.At([]string{signaturetest.First, signaturetest.Second, signaturetest.Third}[i])
			}
			parties = append(parties, x)
		}
		x := p.Begin(t, parties...)
		kinds := ""
		for i, way := range ways {
			x = p.Sign(t, people[i], x.ID, i+1)
			kinds += map[string]string{signature.Handwritten: "S", signature.Plain: "P"}[way]
			_, data, err := p.Signature.File(p.Clerk, x.ID)
			must(t, err)
			out = append(out, output{fmt.Sprintf("%s, after signer %d", name, i+1), data, kinds, 0})
		}
		return x
	}
	evidence := func(name string, x *signature.Task, kind string) {
		_, data, err := p.Signature.EvidenceFile(p.Clerk, x.ID)
		must(t, err)
		out = append(out, output{name, data, kind, 0})
	}
	evidence("evidence under a seal", task("handwritten", signature.Handwritten, signature.Handwritten, signature.Handwritten), "S")
	task("without a picture", signature.Plain)
	task("both ways", signature.Handwritten, signature.Plain, signature.Handwritten)
	return out
}

// asPDF is a document as we export it.
func asPDF(t *testing.T, data []byte) []byte {
	t.Helper()
	d, err := ofd.Open(data)
	must(t, err)
	var b bytes.Buffer
	warnings, err := render.PDF(d, &b, render.Options{})
	must(t, err)
	for _, w := range warnings {
		t.Errorf("drawing warns: %v", w)
	}
	return b.Bytes()
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return b
}
