package web

import (
	"context"
	"fmt"
	"net/http"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

// sealsView is how far the seals of several units are.
type sealsView struct {
	Say      string
	Steps    []page.Step
	Href     string        // where those who seal decide, with the face and the seals' places
	Ask      bool          // whoever looks may ask for the seals
	Withdraw *page.Confirm // nil for who may not
}

// sealsOf is nil for a certificate of one seal.
func (s *Service) sealsOf(ctx context.Context, c *cert.Certificate, uses int) (*sealsView, error) {
	if c.Desk == "" && uses < 2 {
		return nil, nil
	}
	x, err := s.Cert.Sealings(ctx, c.ID)
	if f := fault.As(err); f != nil && f.Code == "cert.one-seal" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &sealsView{}
	if x.Request != "" && iam.Allow(ctx, "seal.read", c.Issuer) == nil {
		v.Href = "/console/sealing/" + x.Request
	}
	mine := iam.Allow(ctx, "cert.issue", c.Issuer) == nil || iam.Allow(ctx, "cert.issue", c.Unit()) == nil
	switch c.Desk {
	case cert.DeskOpen:
		v.Say, v.Ask = "由业务系统提交，尚未提请用印。由签发单位的签发人提请，然后由各单位的印章保管人决定。", mine && c.Keeper == ""
	case cert.DeskAsking:
		v.Say = "正在提请各单位用印，请稍后刷新。"
	case cert.DeskWaiting:
		v.Say = "由各单位的印章保管人在用印审批中查看照面和用印位置后决定；最后一枚印章盖完，证照才生效。"
	default:
		v.Say = "各单位用印已经结束。"
	}
	if mine && (c.Desk == cert.DeskOpen || c.Desk == cert.DeskWaiting) {
		v.Withdraw = &page.Confirm{
			ID: "withdraw-seals", Title: "撤回签发", Text: "撤回后这份证照不再签发，已盖的印章随之作废；需要时重新签发。", Action: "/console/certificates/" + c.ID + "/seals",
			Button: "撤回签发", Grave: true, Hidden: []page.Hidden{{Name: "as", Value: "withdraw"}},
			Reason: page.Field{ID: "withdraw-reason", Label: "理由", Max: 200, Hint: "记入追溯和审计；请勿写个人信息"},
		}
	}
	for _, q := range x.Seals {
		v.Steps = append(v.Steps, stepOfSeal(q))
	}
	return v, nil
}

func stepOfSeal(q cert.Sealer) page.Step {
	st := page.Step{
		Title: q.OrgName, Who: q.Approver,
		Text: fmt.Sprintf("%s；第 %d 顺序；第 %d 页，左 %.0f、上 %.0f 毫米，%.0f × %.0f 毫米", q.StateName, q.Order+1, q.Page, q.X, q.Y, q.W, q.H),
	}
	if q.At != "" {
		st.Text += "；用印时间 " + q.At
	}
	if q.Trouble != "" {
		st.Text += "；" + q.Trouble
	}
	switch q.State {
	case sealing.Stamped:
		st.State = "done"
	case sealing.Waiting, sealing.Approved, sealing.Stamping:
		st.State = "now"
	default:
		st.State = "todo"
	}
	return st
}

func (s *Service) postSeals(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	var err error
	if r.PostFormValue("as") == "withdraw" {
		_, err = s.Cert.WithdrawSeals(ctx, id, r.PostFormValue("reason"))
	} else {
		_, err = s.Cert.AskSeals(ctx, id)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/console/certificates/"+id)
}
