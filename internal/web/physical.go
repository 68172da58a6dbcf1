package web

import (
	"context"
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// physicalView are the physical certificates of one, and what may be done.
type physicalView struct {
	Rows   []physicalRow
	Action string      // where a number is registered; empty for who may not, or while one is alive
	Number *page.Field // nil as Action is empty
}

type physicalRow struct {
	*cert.Physical
	Chip   page.Chip
	Action string      // where it is moved; empty for who may not
	Next   string      // what is done next without a reason: print, hand
	Word   string      // of Next
	Reason *page.Field // of what needs one; nil where nothing can be done
	Known  bool        // it was printed: it can be taken back or confirmed
}

// physicalsOf is nil for what was never issued.
func (s *Service) physicalsOf(ctx context.Context, c *cert.Certificate) (*physicalView, error) {
	if c.IssuedAt.IsZero() {
		return nil, nil
	}
	all, err := s.Cert.Physicals(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	v := &physicalView{}
	mine := iam.Ask(ctx, iam.Question{Permission: "cert.issue", Org: c.Unit(), Gate: true}) == nil
	alive := false
	for _, x := range all {
		row := physicalRow{Physical: x, Chip: page.Chip{Class: page.Plain, Word: x.StateName}}
		switch x.State {
		case cert.PhysicalQueued:
			alive, row.Next, row.Word = true, "print", "登记已打印"
		case cert.PhysicalPrinted:
			alive, row.Next, row.Word, row.Known = true, "hand", "登记已发放", true
		case cert.PhysicalHanded:
			alive, row.Known, row.Chip.Class = true, true, page.Good
		}
		live := x.State == cert.PhysicalQueued || row.Known
		if mine && live {
			row.Action = "/console/certificates/" + c.ID + "/physicals/" + x.ID
			row.Reason = &page.Field{ID: "physical-reason", Name: "reason", Label: "原因", Required: true, Max: 200, Autocomplete: "off", Hint: "记入追溯和审计；请勿写个人信息"}
		}
		v.Rows = append(v.Rows, row)
	}
	if mine && !alive && c.Status == cert.Effective {
		v.Action = "/console/certificates/" + c.ID + "/physicals"
		v.Number = &page.Field{ID: "physical-number", Name: "number", Label: "实体证照印刷号", Required: true, Max: 40, Short: true, Autocomplete: "off", Hint: "空白证上印的号码；同类证照不得重复"}
	}
	if len(v.Rows) == 0 && v.Action == "" {
		return nil, nil
	}
	return v, nil
}

func (s *Service) postPhysical(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := s.Cert.Print(r.Context(), cert.PhysicalRequest{ID: id, Number: r.PostFormValue("number")}); err != nil {
		return err
	}
	return page.See(w, r, "/console/certificates/"+id+"#physicals")
}

func (s *Service) postPhysicalAct(w http.ResponseWriter, r *http.Request) error {
	q := cert.PhysicalAct{ID: r.PathValue("id"), Physical: r.PathValue("physical"), Action: r.PostFormValue("as"), Reason: r.PostFormValue("reason")}
	if _, err := s.Cert.MovePhysical(r.Context(), q); err != nil {
		return err
	}
	return page.See(w, r, "/console/certificates/"+q.ID+"#physicals")
}

// driftsPage lists the physical certificates that are not what the record says.
type driftsPage struct {
	page.Frame
	Items []driftRow
	Pager page.Pager
}

type driftRow struct {
	*cert.Drift
	Says string
	Href string
}

func (s *Service) getDrifts(w http.ResponseWriter, r *http.Request) error {
	cursor := r.URL.Query().Get("cursor")
	if len(cursor) > 200 {
		return fault.Invalid.New("翻页标记不正确").WithCode("cursor").WithHint("请从第一页开始")
	}
	list, err := s.Cert.Drifts(r.Context(), cursor, 50)
	if err != nil {
		return err
	}
	p := &driftsPage{Frame: s.frame(r, "实体证照不一致清单", "console", "")}
	for _, d := range list.Items {
		row := driftRow{Drift: d, Href: "/console/certificates/" + d.Physical.Certificate + "#physicals"}
		for _, x := range d.Differs {
			if row.Says != "" {
				row.Says += "；"
			}
			switch x {
			case "status":
				row.Says += "实体为“" + d.Physical.StatusName + "”，电子证照为“" + d.Name + "”"
			case "version":
				row.Says += "已换新版，实体仍是原来的一版"
			}
		}
		p.Items = append(p.Items, row)
	}
	if list.Next != "" {
		p.Pager.Next = "/console/physicals?cursor=" + list.Next
	}
	if cursor != "" {
		p.Pager.First = "/console/physicals"
	}
	return s.show(w, http.StatusOK, "drifts", p)
}
