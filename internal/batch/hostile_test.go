package batch_test

import (
	"context"
	"strings"
	"testing"

	"sidian/internal/batch"
	"sidian/internal/batch/batchtest"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/table"
)

// TestHostile sends what is no table, or cells that want something else than to
// be printed: nothing is kept of it, or each is told at its cell.
func TestHostile(t *testing.T) {
	t.Parallel()
	w := batchtest.New(t, dbtest.New(t, "sqlite"))
	head := strings.Join(batchtest.Head, ",") + "\n"
	for name, c := range map[string]struct{ data, code string }{
		"nothing":       {"", "batch.empty"},
		"heading alone": {head, "batch.empty"},
		"other heading": {"a,b\n1,2\n", "batch.heading"},
		"too many":      {head + strings.Repeat("x,y\n", table.MaxLines+1), "batch.lines"},
		"too large":     {strings.Repeat("x", table.MaxFile+1), "batch.size"},
		"a program":     {"MZ\x00\x01", "batch.format"},
		"a broken book": {"PK\x03\x04xxxx", "batch.format"},
	} {
		_, err := w.Batch.Upload(w.Clerk, batch.Upload{Kind: batchtest.Kind, Unit: batchtest.Market, Data: []byte(c.data)})
		t.Run(name, func(t *testing.T) { wantCode(t, err, c.code) })
	}
	rows := [][]string{
		batchtest.Row(1, map[string]string{"持证主体类别": "猫"}),
		batchtest.Row(2, map[string]string{"持证主体代码": "91999999MA000X023H"}),
		batchtest.Row(3, map[string]string{"经济类型": "私\u202e营"}),
		batchtest.Row(4, map[string]string{"地址": strings.Repeat("长", 3000)}),
		batchtest.Row(5, map[string]string{"地址": strings.Repeat("长", 121)}),
		batchtest.Row(6, map[string]string{"持证主体名称": "样例秘密★长期公司"}),
		batchtest.Row(7, map[string]string{"有效期起始日期": "昨天"}),
	}
	lines := []string{strings.TrimSuffix(head, "\n")}
	for _, r := range append(rows, batchtest.Row(8, map[string]string{"地址": "=1+1"})) {
		lines = append(lines, strings.Join(r, ","))
	}
	b, err := w.Batch.Upload(w.Clerk, batch.Upload{Kind: batchtest.Kind, Unit: batchtest.Market, Data: []byte(strings.Join(lines, "\n"))})
	must(t, err)
	p, err := w.Batch.Problems(w.Clerk, b.ID, 0, 0)
	must(t, err)
	got := map[string]string{}
	for _, x := range p.Items {
		got[x.Cell] += x.Code
	}
	for cell, code := range map[string]string{"A2": "value", "D3": "id.", "F4": "batch.characters", "E5": "batch.long", "E6": "length", "H8": "date", "E9": "batch.formula"} {
		if !strings.HasPrefix(got[cell], code) {
			t.Errorf("%s: %q, want %q", cell, got[cell], code)
		}
	}
	if b.Refused < 7 {
		t.Errorf("%+v, %v", b, got)
	}
	if again, err := w.Batch.Problems(w.Clerk, b.ID, 3, 2); err != nil || len(again.Items) == 0 || again.Items[0].Line != 4 || again.Next == 0 {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := w.Batch.Act(w.Clerk, batch.Decision{ID: b.ID, Action: batch.ActSubmit}); b.Pending == 0 {
		wantCode(t, err, "batch.empty")
	}
}

// TestTemplate: what is handed out is understood, and its example is refused.
func TestTemplate(t *testing.T) {
	t.Parallel()
	w := batchtest.New(t, dbtest.New(t, "sqlite"), batchtest.Kind, "physician", "marriage", "business_license", "real_estate")
	name, data, err := w.Batch.Template(w.Clerk, batchtest.Kind, "")
	if err != nil || !strings.HasSuffix(name, ".xlsx") {
		t.Fatal(name, err)
	}
	b, err := w.Batch.Upload(w.Clerk, batch.Upload{Kind: batchtest.Kind, Data: data})
	must(t, err)
	p, err := w.Batch.Problems(w.Clerk, b.ID, 0, 0)
	if err != nil || b.Total != 1 || b.Refused != 1 || len(p.Items) == 0 || p.Items[0].Code != "batch.example" {
		t.Fatalf("%+v %+v %v", b, p, err)
	}
	for _, kind := range []string{"physician", "marriage", "business_license", "real_estate"} {
		_, data, err := w.Batch.Template(w.Clerk, kind, batchtest.Market)
		if f := fault.As(err); err != nil {
			wantCode(t, err, "batch.kind")
			t.Log(kind, f.Msg)
			continue
		}
		b, err := w.Batch.Upload(w.Clerk, batch.Upload{Kind: kind, Data: data})
		if err != nil || b.Refused != 1 {
			t.Errorf("%s: %+v, %v", kind, b, err)
		}
	}
	_, _, err = w.Batch.Template(w.Clerk, "cats", "")
	wantCode(t, err, "batch.kind")
	for _, who := range []context.Context{w.Reviewer, w.Issuer, w.Stranger} {
		if _, _, err = w.Batch.Template(who, batchtest.Kind, batchtest.Market); fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
			t.Errorf("somebody else takes a template: %v", err)
		}
	}
	_, err = w.Batch.Upload(w.Client, batch.Upload{Kind: batchtest.Kind, Unit: batchtest.Market, Data: batchtest.CSV(t, batchtest.Rows(1)...)})
	if fault.As(err) == nil || fault.As(err).Kind != fault.Forbidden {
		t.Errorf("a program uploads: %v", err)
	}
}
