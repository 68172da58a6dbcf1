package sealing

import (
	"context"

	"sidian/gm"
	"sidian/ofd/lint"
)

// A Trial is what would come of a request.
type Trial struct {
	Pages     int            `json:"pages"`
	Original  string         `json:"original" doc:"上传文件的 SM3 摘要"`
	Converted bool           `json:"converted,omitempty" doc:"由 PDF 转换而来"`
	Findings  []lint.Finding `json:"findings,omitempty" doc:"版式检查结果"`
	Steps     []TrialStep    `json:"steps"`
}

// A TrialStep is one seal of a Trial: by which rule it may be asked for, who
// would have to approve, and where it would stand.
type TrialStep struct {
	Seal     string   `json:"seal"`
	SealName string   `json:"seal_name"`
	SealOrg  string   `json:"seal_org"`
	Order    int      `json:"order" doc:"同一数字并列办理，小的先办"`
	Levels   []string `json:"levels" doc:"须经的审批级别，依次"`
	Rule     string   `json:"rule" doc:"用印审批规则"`
	Places   []Spot   `json:"places" doc:"盖章位置"`
}

// Try looks at a request as Ask does (who asks, the rules and their limits, the
// document, every place), and writes nothing: neither the request, nor the
// document, nor that it was refused. Ask looks again.
func (s *Service) Try(ctx context.Context, a Ask) (*Trial, error) {
	r, err := s.newRequest(ctx, &a)
	if err != nil {
		return nil, err
	}
	t, err := take(a.Data)
	if err != nil {
		return nil, err
	}
	if r.Steps, err = s.newSteps(ctx, r, a.Steps); err != nil {
		return nil, err
	}
	spots, err := s.Places(ctx, t.document, a.Steps)
	if err != nil {
		return nil, err
	}
	out := &Trial{Pages: len(t.document.Body().Pages()), Original: hexOf(gm.Sum(a.Data)), Converted: t.converted, Findings: t.findings}
	for i, st := range r.Steps {
		out.Steps = append(out.Steps, TrialStep{Seal: st.Seal, SealName: st.SealName, SealOrg: st.SealOrg, Order: st.Order, Levels: st.Levels, Rule: st.Rule, Places: spots[i]})
	}
	return out, nil
}
