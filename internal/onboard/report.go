package onboard

import (
	"context"
	"strconv"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// Report is a sheet with one row for each line that was refused: which column,
// which value (personal data masked), which rule, and how to put it right.
func (s *Service) Report(ctx context.Context, id string) (*Sheet, error) {
	var rows [][]string
	after, name := 0, ""
	for first := true; first || after > 0; first = false {
		var run *Run
		var err error
		if first {
			if run, err = s.Run(ctx, id); err != nil {
				return nil, err
			}
			name = "错误报告-" + run.Kind.Title() + "-" + id[:6] + ".xlsx"
		}
		page, err := s.Problems(ctx, id, after, 1000)
		if err != nil {
			return nil, err
		}
		rows = append(rows, table.ByLine(page.Items)...)
		after = page.Next
	}
	data, err := table.Write("错误报告", []table.Column{{Title: "行号", Width: 8}, {Title: "单元格", Width: 12}, {Title: "列", Width: 20}, {Title: "原值（个人信息已脱敏）", Width: 30}, {Title: "违反的规则", Width: 50}, {Title: "怎么改", Width: 50}, {Title: "代码", Width: 24}}, rows)
	return &Sheet{Name: name, Data: data}, err
}

// LinksAtOnce is how many one-time links one sheet has: they last for 72 hours,
// in which somebody must hand them out.
const LinksAtOnce = 1000

// Links makes one-time links for people that a run brought in, after a line, and
// tells the line after which there are more, or 0. What was made for the same
// people before ends. They are told in this sheet and stored nowhere; base is
// the address of the platform that they begin with.
func (s *Service) Links(ctx context.Context, id, base string, after int) (sheet *Sheet, next int, err error) {
	if err := s.allow(ctx, "onboard.links"); err != nil {
		return nil, 0, err
	}
	var made []*rowRow
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		next = 0
		r, err := mayTx(ctx, tx, id, false)
		switch {
		case err != nil:
			return err
		case Kind(r.kind) != People:
			return fault.Invalid.New("单位没有登录链接").WithCode("onboard.kind").WithHint("请导入人员")
		case r.state != Finished && r.state != Over:
			return errState()
		}
		if made, err = madeRows(tx, id, after, LinksAtOnce+1); err != nil {
			return err
		}
		if len(made) > LinksAtOnce {
			made = made[:LinksAtOnce]
			next = int(made[LinksAtOnce-1].line)
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	rows, n, err := s.invite(ctx, made, base)
	if err != nil {
		return nil, 0, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "onboard.links", Object: "onboard/" + id, Reason: "一次性链接 " + strconv.Itoa(n) + " 个"})
	})
	if err != nil {
		return nil, 0, err
	}
	data, err := table.Write("一次性链接", []table.Column{{Title: "行号", Width: 8}, {Title: "用户名", Width: 24}, {Title: "姓名", Width: 16}, {Title: "所属单位", Width: 30}, {Title: "一次性链接", Width: 80}, {Title: "有效期至", Width: 22}, {Title: "说明", Width: 40}}, rows)
	return &Sheet{Name: "一次性链接-" + id[:6] + "-" + strconv.Itoa(after+1) + ".xlsx", Data: data}, next, err
}

// LinkParts are the lines after which each sheet of links begins: none, where
// nobody was brought in.
func (s *Service) LinkParts(ctx context.Context, id string) (parts []int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		parts = nil
		r, err := mayTx(ctx, tx, id, false)
		if err != nil || Kind(r.kind) != People {
			return err
		}
		made, err := madeRows(tx, id, 0, table.MaxLines)
		for i := 0; i < len(made); i += LinksAtOnce {
			parts = append(parts, int(made[i].line)-1)
		}
		return err
	})
	return parts, err
}

func (s *Service) invite(ctx context.Context, made []*rowRow, base string) (rows [][]string, n int, err error) {
	names := map[string]string{}
	for _, r := range made {
		account, is := strings.CutPrefix(r.object, "account/")
		if !is {
			continue
		}
		a, err := s.IAM.Account(ctx, account)
		if err != nil {
			return nil, 0, err
		}
		if _, known := names[a.Org]; !known {
			o, err := s.IAM.Org(ctx, a.Org)
			if err != nil {
				return nil, 0, err
			}
			names[a.Org] = o.Name
		}
		row := []string{strconv.FormatInt(r.line, 10), a.Username, a.Name, names[a.Org], "", "", ""}
		link, err := s.Auth.Invite(ctx, account, auth.First, "批量导入后交付登录链接")
		switch f := fault.As(err); {
		case err == nil:
			n++
			row[4], row[5] = strings.TrimSuffix(base, "/")+link.Path, link.Until.In(beijing).Format("2006-01-02 15:04")
		case f == nil || f.Kind != fault.Conflict && f.Kind != fault.Forbidden:
			return nil, 0, err
		default:
			row[6] = f.Msg
		}
		rows = append(rows, row)
	}
	return rows, n, nil
}

// A GrantPage is a page of the roles that a run proposed and nobody decided yet.
type GrantPage struct {
	Items []iam.GrantItem `json:"items"`
	Next  int             `json:"after,omitempty" doc:"还有时返回：从这一行之后继续"`
}

// Grants lists the roles that a run proposed and that wait for a decision: to
// who decides on grants. What they may not read is left out.
func (s *Service) Grants(ctx context.Context, id string, after, limit int) (*GrantPage, error) {
	if err := iam.Allow(ctx, "grant.approve", ""); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 200 {
		limit = 100
	}
	var rows []*rowRow
	page := &GrantPage{Items: []iam.GrantItem{}}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Next = 0
		r, err := getRun(tx, id, false)
		switch {
		case err != nil:
			return err
		case r == nil || r.org == "" || iam.Allow(ctx, "grant.approve", r.org) != nil:
			return errNoRun()
		}
		if rows, err = grantRows(tx, id, after, limit+1); err == nil && len(rows) > limit {
			rows = rows[:limit]
			page.Next = int(rows[limit-1].line)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		for _, grant := range strings.Split(r.grants, ",") {
			g, err := s.IAM.Grant(ctx, grant)
			if f := fault.As(err); f != nil && (f.Kind == fault.NotFound || f.Kind == fault.Forbidden) {
				continue
			} else if err != nil {
				return nil, err
			}
			if g.State == iam.Proposed {
				page.Items = append(page.Items, g)
			}
		}
	}
	return page, nil
}

// Decided is what became of the grants that were listed.
type Decided struct {
	Done    int `json:"done" doc:"已批准或不批准"`
	Refused int `json:"refused" doc:"不能由您决定，或状态已变"`
}

// Decide approves or refuses grants that a run proposed, as they were listed:
// each by the rules of a single one.
func (s *Service) Decide(ctx context.Context, id string, grants []string, approve bool, reason string) (*Decided, error) {
	if err := iam.Allow(ctx, "grant.approve", ""); err != nil {
		return nil, err
	}
	if strings.TrimSpace(reason) == "" {
		return nil, fault.Invalid.New("须填写理由").WithCode("reason.required").WithField("reason", "required", "必填")
	}
	if len(grants) == 0 || len(grants) > 1000 {
		return nil, fault.Invalid.New("请选择要决定的授权").WithCode("onboard.grants").WithField("grants", "required", "1 至 1000 项")
	}
	var proposed map[string]bool
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		proposed = map[string]bool{}
		r, err := getRun(tx, id, false)
		switch {
		case err != nil:
			return err
		case r == nil || r.org == "" || iam.Allow(ctx, "grant.approve", r.org) != nil:
			return errNoRun()
		}
		rows, err := grantRows(tx, id, 0, table.MaxLines)
		for _, row := range rows {
			for _, g := range strings.Split(row.grants, ",") {
				proposed[g] = true
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &Decided{}
	for _, g := range grants {
		if !proposed[g] {
			out.Refused++ // not of this run
			continue
		}
		err := s.IAM.DecideGrant(ctx, g, approve, reason)
		switch f := fault.As(err); {
		case err == nil:
			out.Done++
		case f == nil || f.Kind == fault.Unavailable:
			return out, err
		default:
			out.Refused++
		}
	}
	return out, nil
}
