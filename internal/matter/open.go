package matter

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/matter/event"
)

const (
	maxCaseNo = 64
	maxReason = 500
)

// Open opens a case. The same number of the same unit with the same content gives
// the same case.
func (s *Service) Open(ctx context.Context, req OpenRequest) (*Matter, error) {
	e := audit.Entry{Action: "matter.open", Object: "unit/" + req.Unit}
	if err := iam.Allow(ctx, permManage, req.Unit); err != nil {
		return nil, audit.Refuse(ctx, s.DB, e, err)
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	said, err := s.saidOf(&req)
	if err != nil {
		return nil, err
	}
	var id string
	var already bool
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		id, already, err = s.openTx(tx, &req, said)
		return err
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, e, err)
	}
	s.step("opened")
	m, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	m.Already = already
	return m, nil
}

func (s *Service) saidOf(req *OpenRequest) ([]byte, error) {
	b, err := json.Marshal(req)
	if err != nil {
		return nil, fmt.Errorf("matter: writing what was said: %w", err)
	}
	d := s.Said.Of(string(b))
	return d[:], nil
}

// check refuses what no item allows.
func (r *OpenRequest) check() error {
	r.Item = strings.ToUpper(strings.TrimSpace(r.Item))
	r.Applicant.ID, r.Applicant.Name = strings.ToUpper(strings.TrimSpace(r.Applicant.ID)), strings.TrimSpace(r.Applicant.Name)
	e := fault.Invalid.New("办件信息不符合规则").WithCode("matter.request").WithHint("请按每一项的说明更正后重试")
	if r.CaseNo == "" || strings.TrimSpace(r.CaseNo) != r.CaseNo || utf8.RuneCountInString(r.CaseNo) > maxCaseNo || !legible(r.CaseNo) {
		e = e.WithField("case_no", "charset", "办件编号 1 至 64 个字，不能有换行、首尾空白和不可见字符")
	}
	if catalogue.SecretMarked(r.CaseNo) {
		e = e.WithField("case_no", "secret", "办件编号带有国家秘密标志：国家秘密不得进入本平台，请在涉密系统办理")
	}
	if audit.Personal(r.CaseNo) {
		e = e.WithField("case_no", "personal", "办件编号不得是证件号码、手机号码")
	}
	switch r.Applicant.Type {
	case "person", "legal", "unincorporated":
	default:
		e = e.WithField("applicant.type", "unknown", "申请人应为自然人、法人或非法人组织")
	}
	if n := utf8.RuneCountInString(r.Applicant.Name); n == 0 || n > 200 || !legible(r.Applicant.Name) {
		e = e.WithField("applicant.name", "required", "请填写申请人的姓名或名称，至多 200 个字")
	}
	if n := len(r.Applicant.ID); n == 0 || n > 64 || !legible(r.Applicant.ID) {
		e = e.WithField("applicant.id", "required", "请填写申请人的证件号码：结果证照须是申请人的")
	}
	if len(r.Materials) > 50 {
		e = e.WithField("materials", "count", "至多 50 项材料")
	}
	for i, m := range r.Materials {
		where := fmt.Sprintf("materials[%d].name", i)
		switch n := utf8.RuneCountInString(strings.TrimSpace(m.Name)); {
		case n == 0 || n > 200 || !legible(m.Name):
			e = e.WithField(where, "length", "材料名称 1 至 200 个字")
		case audit.Personal(m.Name):
			e = e.WithField(where, "personal", "材料名称不得写证件号码、手机号码")
		}
	}
	return e.OrNil()
}

// legible tells whether a text has nothing in it that cannot be seen.
func legible(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (s *Service) openTx(tx *db.Tx, req *OpenRequest, said []byte) (id string, already bool, err error) {
	switch old, err := byCase(tx, req.Unit, req.CaseNo); {
	case err != nil:
		return "", false, err
	case old != nil && string(old.said) == string(said):
		return old.id, true, nil
	case old != nil:
		return "", false, fault.Conflict.New("办件编号已用于内容不同的办件").WithCode("matter.reused").WithHint("请核对编号；另办一件的，请用新的编号").WithField("case_no", "reused", "编号已用过")
	}
	above, err := iam.AboveTx(tx, req.Unit)
	if err != nil {
		return "", false, err
	}
	if above[0].Closed {
		return "", false, fault.Conflict.New("单位“%s”已停用", above[0].Name).WithCode("matter.closed-unit").WithHint("请由承接其职责的单位受理").WithField("unit", "closed", "单位已停用")
	}
	a, err := s.acceptTx(tx, req)
	if err != nil {
		return "", false, err
	}
	materials, err := json.Marshal(req.Materials)
	if err != nil {
		return "", false, fmt.Errorf("matter: writing materials: %w", err)
	}
	r := &row{id: newID(), unit: req.Unit, path: above[0].Path(), caseNo: req.CaseNo, item: a.Code, itemName: a.Name, itemVersion: int64(a.Version), results: a.Results,
		materials: string(materials), said: said, state: string(Open), openedBy: actorOf(tx.Context()), openedAt: tx.Now().UnixMilli()}
	if r.applicant, err = s.seal(r.id, req.Applicant); err != nil {
		return "", false, err
	}
	made, err := insert(tx, r)
	if err == nil && !made {
		err = fault.Conflict.New("同一编号的办件刚刚已由他人建立").WithCode("matter.moved").WithHint("请刷新后查看")
	}
	if err == nil {
		err = audit.Put(tx, audit.Entry{Action: "matter.open", Object: objectOf(r.id), After: r.digest()})
	}
	if err == nil {
		err = s.tell(tx, r, event.Opened, nil)
	}
	if err == nil {
		_, err = s.standTx(tx, r, true) // what was issued under the number before
	}
	return r.id, false, err
}

// acceptTx asks the item: whose it is, and what may not be asked for.
func (s *Service) acceptTx(tx *db.Tx, req *OpenRequest) (*item.Acceptance, error) {
	a, err := s.Items.AcceptTx(tx, req.Item)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		bad := *e
		bad.Kind = fault.Invalid
		return nil, bad.WithField("item", "unknown", e.Msg)
	}
	if err != nil {
		return nil, err
	}
	if a.Org != req.Unit {
		return nil, fault.Forbidden.New("事项“%s”由其他单位实施", a.Name).WithCode("matter.unit").WithHint("请由事项的实施机构受理").WithField("unit", "item", "不是事项的实施机构")
	}
	exempt, err := s.exemptTx(tx, a, req)
	if err != nil {
		return nil, err
	}
	var wrong *fault.Error
	for i, m := range req.Materials {
		title, err := s.exempt(tx, exempt, m)
		if err != nil {
			return nil, err
		}
		if title == "" {
			continue
		}
		if wrong == nil {
			wrong = fault.Conflict.New("事项“%s”免提交“%s”，不得要求申请人提交原件或复印件", a.Name, title).WithCode("matter.exempt").WithHint("请从要求提交的材料中去掉，调取电子证照办理")
		}
		wrong = wrong.WithField(fmt.Sprintf("materials[%d]", i), "exempt", "免提交“"+title+"”")
	}
	if wrong != nil {
		return nil, wrong
	}
	return a, nil
}

// exemptTx is what may not be asked for: what the item exempts, and what the list of
// the unit, or of one above it, has.
func (s *Service) exemptTx(tx *db.Tx, a *item.Acceptance, req *OpenRequest) (list []item.Needed, err error) {
	if len(req.Materials) == 0 {
		return nil, nil
	}
	for _, n := range a.Inputs {
		if n.Exempt {
			list = append(list, n)
		}
	}
	if s.Listed == nil {
		return list, nil
	}
	kinds, err := s.Listed(tx, req.Unit)
	for _, kind := range kinds {
		list = append(list, item.Needed{Kind: kind, Exempt: true})
	}
	for _, n := range a.Inputs { // a material that stands for a listed kind
		if !n.Exempt && slices.Contains(kinds, n.Kind) {
			list = append(list, n)
		}
	}
	return list, err
}

// exempt is the title of the certificate that a demand asks for against an
// exemption; empty: it may be asked for. A demand asks for it by its kind, by the
// material that it stands for, or by having its title in its name.
func (s *Service) exempt(tx *db.Tx, list []item.Needed, m Demand) (string, error) {
	name := folded(m.Name)
	for _, n := range list {
		title, code, err := s.titleOf(tx, n.Kind)
		if err != nil {
			return "", err
		}
		if m.Kind != "" && (m.Kind == n.Kind || m.Kind == code) || n.Material != "" && name == folded(n.Material) || strings.Contains(name, folded(title)) {
			return title, nil
		}
	}
	return "", nil
}

// folded is a name as people mean it: without blanks and brackets around a title.
func folded(name string) string {
	return strings.NewReplacer(" ", "", "　", "", "《", "", "》", "", "“", "", "”", "").Replace(name)
}

// titleOf is the title and code of a kind; of one that was disabled its name.
func (s *Service) titleOf(tx *db.Tx, kind string) (title, code string, err error) {
	k, err := s.Catalogue.KindTx(tx, kind)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		return kind, "", nil
	}
	if err != nil {
		return "", "", err
	}
	return k.Title, k.Code.String(), nil
}
