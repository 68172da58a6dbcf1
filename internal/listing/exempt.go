package listing

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// An Exemption puts a kind on the list of what applicants need not hand in.
type Exemption struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"公布单位：它和全部下级单位的事项都不得要求提交"`
	Kind   string `json:"kind" minLength:"1" maxLength:"64" doc:"证照类型的目录名或代码"`
	Starts string `json:"starts,omitempty" maxLength:"10" doc:"自哪一天起，2026-01-31；不填则为当天，不早于当天"`
	Basis  string `json:"basis" minLength:"1" maxLength:"500" doc:"依据，随清单公布"`
}

// An Exempt is a kind of the list (免提交证照清单, CAT-12).
type Exempt struct {
	ID       string    `json:"id"`
	Org      string    `json:"org"`
	OrgName  string    `json:"org_name" doc:"公布单位：适用于它和全部下级单位"`
	Kind     string    `json:"kind" doc:"证照类型的目录名"`
	Title    string    `json:"title"`
	Code     string    `json:"code,omitempty" doc:"证照类型代码；已停用的没有"`
	Starts   string    `json:"starts"`
	Basis    string    `json:"basis"`
	State    string    `json:"state" enum:"upcoming,effective,ended"`
	At       time.Time `json:"at"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
	EndedWhy string    `json:"ended_why,omitempty"`
}

// Exempts is the list, newest first.
type Exempts struct {
	Items []Exempt `json:"items"`
}

// mostExempt bounds what is listed.
const mostExempt = 2000

// AddExempt puts a kind on the list. Who reviews lists for the unit does so.
func (s *Service) AddExempt(ctx context.Context, e Exemption) (*Exempt, error) {
	if err := check(text{"basis", "依据", &e.Basis, 1, 500, true}); err != nil {
		return nil, err
	}
	if e.Starts != "" {
		if err := dateOf("starts", "起始日期", e.Starts); err != nil {
			return nil, err
		}
	}
	r := &exemptRow{id: newID(), org: e.Org, basis: e.Basis}
	var v Exempt
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.exemptTx(ctx, tx, r, e); err != nil {
			return err
		}
		var err error
		v, err = s.exemptView(tx, r)
		return err
	})
	return &v, s.refused(ctx, "listing.exempt", "exempt", err)
}

func (s *Service) exemptTx(ctx context.Context, tx *db.Tx, r *exemptRow, e Exemption) (err error) {
	if r.account, err = person(ctx); err != nil {
		return err
	}
	if err := iam.Allow(ctx, permReview, e.Org); err != nil {
		return err
	}
	o, err := iam.OrgTx(tx, e.Org)
	if err != nil {
		return err
	}
	k, err := s.kindTx(tx, e.Kind)
	if err != nil {
		return err
	}
	r.path, r.kind, r.at, r.starts = o.Path(), k.Name, tx.Now().UnixMilli(), e.Starts
	if r.starts == "" {
		r.starts = today(tx)
	}
	if r.starts < today(tx) {
		return errField("starts", "listing.date", "起始日期不早于今天")
	}
	made, err := insertExempt(tx, r)
	if err != nil {
		return err
	}
	if !made {
		return fault.Conflict.New("“%s”已在%s公布的免提交清单上", k.Title, o.Name).WithCode("listing.exempt-exists").WithHint("请选择清单上还没有的证照类型").WithField("kind", "listing.exempt-exists", "已在清单上")
	}
	return audit.Put(tx, audit.Entry{Action: "listing.exempt", Object: "exempt/" + r.id, Reason: r.basis, After: gm.Sum([]byte(strings.Join([]string{r.org, r.kind, r.starts}, "\x00")))})
}

// EndExempt takes a kind from the list; that it stood there is kept.
func (s *Service) EndExempt(ctx context.Context, id, reason string) (*Exempt, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	var v Exempt
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		by, err := person(ctx)
		if err != nil {
			return err
		}
		r, err := exemptByID(tx, id)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReview, r.org); err != nil {
			return err
		}
		if err := endExempt(tx, r, by, reason); err != nil {
			return err
		}
		if v, err = s.exemptView(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.exempt-over", Object: "exempt/" + id, Reason: reason})
	})
	return &v, s.refused(ctx, "listing.exempt-over", "exempt/"+id, err)
}

func (s *Service) exemptView(tx *db.Tx, r *exemptRow) (v Exempt, err error) {
	o, err := iam.OrgTx(tx, r.org)
	if err != nil {
		return v, err
	}
	v = Exempt{ID: r.id, Org: r.org, OrgName: o.Name, Kind: r.kind, Title: r.kind, Starts: r.starts, Basis: r.basis, State: Effective, At: moment(r.at), EndedAt: at(r.ended), EndedWhy: r.endedWhy}
	switch {
	case r.ended != nil:
		v.State = Ended
	case today(tx) < r.starts:
		v.State = Upcoming
	}
	switch k, err := s.Catalogue.KindTx(tx, r.kind); {
	case err == nil:
		v.Title, v.Code = k.Title, k.Code.String()
	case fault.As(err) == nil:
		return v, err
	}
	return v, nil
}

// Exempts is what stands on the list, what is to come included, of all units or of
// one; with ended what was taken from it too. Anybody may read it.
func (s *Service) Exempts(ctx context.Context, org string, ended bool) (*Exempts, error) {
	v := &Exempts{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		v.Items = []Exempt{}
		list, err := listExempts(tx, org, ended, mostExempt)
		for _, r := range list {
			one, err := s.exemptView(tx, r)
			if err != nil {
				return err
			}
			v.Items = append(v.Items, one)
		}
		return err
	})
	return v, err
}

// ExemptTx are the kinds, by name, that no item of a unit may ask an applicant for
// today: those that a unit above it, or it itself, published. Package matter asks it
// at acceptance.
func (s *Service) ExemptTx(tx *db.Tx, unit string) ([]string, error) {
	path, err := iam.PathTx(tx, unit)
	if err != nil {
		return nil, err
	}
	above := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	kinds, err := exemptKinds(tx, above, today(tx))
	slices.Sort(kinds)
	return slices.Compact(kinds), err
}

var exemptColumns = []table.Column{{Key: "title", Title: "证照类型"}, {Key: "code", Title: "证照类型代码"}, {Key: "org", Title: "公布单位"}, {Key: "starts", Title: "起始日期"}, {Key: "basis", Title: "依据"}}

// CSV is the list for spreadsheets.
func (v *Exempts) CSV() ([]byte, error) {
	var rows [][]string
	for i := range v.Items {
		e := &v.Items[i]
		rows = append(rows, []string{e.Title, e.Code, e.OrgName, e.Starts, e.Basis})
	}
	return table.WriteCSV(exemptColumns, rows)
}
