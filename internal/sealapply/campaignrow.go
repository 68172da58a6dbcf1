package sealapply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Row is one seal of a campaign.
type Row struct {
	Line        int64    `json:"row" doc:"行号，标题行是第 1 行"`
	Org         string   `json:"org,omitempty"`
	OrgName     string   `json:"org_name"`
	SealName    string   `json:"seal_name"`
	State       string   `json:"state" enum:"pending,begun,done,refused"`
	Picture     string   `json:"picture" doc:"印模文件"`
	Application string   `json:"application,omitempty"`
	Seal        string   `json:"seal,omitempty"`
	Problems    []string `json:"problems,omitempty" doc:"为什么不能制作"`
}

// A RowPage is a page of rows, by line.
type RowPage struct {
	Items []Row `json:"items"`
	Next  int64 `json:"after,omitempty" doc:"还有时返回：从这一行之后继续"`
}

// A CampaignReport is what a look at the rows found; nothing was made.
type CampaignReport struct {
	Total int   `json:"total"`
	Good  int   `json:"good" doc:"可以制作"`
	Bad   int   `json:"bad" doc:"有问题，不会制作"`
	Items []Row `json:"items" doc:"有问题的行，至多 500 行"`

	org string
}

const mostReported = 500

// Load takes a table (CSV, XLSX), pictures of imprints, or both in a ZIP. A table
// takes the place of the one before; a picture that of one of the same name.
func (s *Service) Load(ctx context.Context, id string, data []byte) (*Campaign, error) {
	if _, err := s.editable(ctx, id); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.campaign-load", Object: campaignObject(id)}, err)
	}
	b, err := unpack(data)
	if err != nil {
		return nil, err
	}
	pictures := map[string]gm.Digest{}
	for name, png := range b.pictures {
		if p, err := look(png); err != nil || p.blank {
			return nil, errTable("“%s”不是合用的印模图像", clip(name, 60)).WithHint("须是 PNG 图像，不空白，不超过 %d KiB、%d 像素", maxImprint>>10, maxPixels)
		}
		if pictures[name], err = s.Blobs.Put(ctx, png); err != nil {
			return nil, err
		}
	}
	units, err := s.units(ctx, b.lines)
	if err != nil {
		return nil, err
	}
	return s.moveCampaign(ctx, id, "sealapply.campaign-load", ActEdit, fmt.Sprintf("清单 %d 行，印模 %d 个", len(b.lines), len(pictures)),
		func(tx *db.Tx, c *campaignRow, _ []*stepRow) (string, error) {
			if err := mayLoad(ctx, c); err != nil {
				return "", err
			}
			for _, name := range slices.Sorted(maps(pictures)) {
				d := pictures[name]
				if err := putPicture(tx, id, name, d[:]); err != nil {
					return "", err
				}
			}
			if b.lines == nil {
				return "", nil
			}
			if err := deleteRows(tx, id); err != nil {
				return "", err
			}
			for _, l := range b.lines {
				r, err := s.lineOf(tx, c, l, units)
				if err != nil {
					return "", err
				}
				if err := insertRow(tx, id, r); err != nil {
					return "", err
				}
			}
			return "", nil
		})
}

// maps yields the keys of a map.
func maps[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func mayLoad(ctx context.Context, c *campaignRow) error {
	if err := iam.Allow(ctx, permissions[Applicant], c.org); err != nil {
		return err
	}
	if c.state != Draft && c.state != Refused {
		return errCampaignState()
	}
	return nil
}

func (s *Service) editable(ctx context.Context, id string) (c *campaignRow, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if c, _, err = s.campaignTx(ctx, tx, id, false); err != nil {
			return err
		}
		return mayLoad(ctx, c)
	})
	return c, err
}

// units finds what a table names, by id or credit code.
func (s *Service) units(ctx context.Context, lines []tableLine) (map[string]iam.Org, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]iam.Org, 2*len(all))
	for _, o := range all {
		found["id/"+o.ID] = o
		if o.USCC != "" {
			found["uscc/"+o.USCC] = o
		}
	}
	return found, nil
}

func (s *Service) lineOf(tx *db.Tx, c *campaignRow, l tableLine, units map[string]iam.Org) (*campaignLine, error) {
	r := &campaignLine{line: l.line, orgName: l.cells["org_name"], uscc: l.cells["uscc"], sealKind: c.sealKind, picture: pictureName(l.cells["picture"]), state: rowPending}
	var problems []string
	o, known := units["id/"+l.cells["org"]]
	if !known {
		o, known = units["uscc/"+r.uscc]
	}
	switch {
	case !known:
		problems = append(problems, "没有登记这个单位")
	case o.Name != r.orgName:
		problems = append(problems, "单位名称与登记的不一致")
	case r.uscc != "" && r.uscc != o.USCC:
		problems = append(problems, "统一社会信用代码与登记的不一致")
	}
	if r.org = o.ID; r.org != "" && iam.Allow(tx.Context(), permissions[Applicant], r.org) != nil {
		problems = append(problems, "不能为这个单位统一申请")
	}
	name := l.cells["name"]
	if name == "" {
		name = o.Name
	}
	var err error
	if r.sealedName, err = s.box.Seal(rowCell(rowKey(c.id, l.line)), []byte(name)); err != nil {
		return nil, err
	}
	for key, to := range map[string]*int64{"width": &r.width, "height": &r.height} {
		n, err := strconv.ParseInt(l.cells[key], 10, 32)
		if err != nil || n < 1 || n > maxSide {
			problems = append(problems, fmt.Sprintf("印模长宽应为 1 到 %d 毫米", maxSide))
			n = 0
		}
		*to = n
	}
	switch who, err := iam.SubjectNamedTx(tx, l.cells["custodian"]); {
	case isNotFound(err) || err == nil && who.Closed:
		problems = append(problems, "没有这个保管人账号，或已停用")
	case err != nil:
		return nil, err
	default:
		r.custodian = who.ID
	}
	slices.Sort(problems)
	if problems = slices.Compact(problems); len(problems) > 0 {
		r.state = rowRefused
	}
	r.problems, err = encodeProblems(problems)
	return r, err
}

func encodeProblems(list []string) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func (s *Service) rowShown(campaign string, r *campaignLine) (Row, error) {
	name, err := s.box.Open(rowCell(rowKey(campaign, r.line)), r.sealedName)
	if err != nil {
		return Row{}, fmt.Errorf("sealapply: opening row %d of campaign %s: %w", r.line, campaign, err)
	}
	v := Row{Line: r.line, Org: r.org, OrgName: r.orgName, SealName: string(name), State: r.state, Picture: r.picture, Application: r.application, Seal: r.seal}
	if r.problems != "" {
		err = json.Unmarshal([]byte(r.problems), &v.Problems)
	}
	return v, err
}

// Rows pages through the rows of a campaign: all, or those in a state.
func (s *Service) Rows(ctx context.Context, id, state string, after int64, limit int) (*RowPage, error) {
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	page := &RowPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		*page = RowPage{Items: []Row{}}
		if _, _, err := s.campaignTx(ctx, tx, id, false); err != nil {
			return err
		}
		rows, err := rowsAfter(tx, id, state, after, limit+1)
		if err != nil {
			return err
		}
		for i, r := range rows {
			if i == limit {
				page.Next = rows[i-1].line
				break
			}
			v, err := s.rowShown(id, r)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// CheckCampaign looks at every row as its making will, and makes nothing.
func (s *Service) CheckCampaign(ctx context.Context, id string) (*CampaignReport, error) {
	var c *campaignRow
	var rows []*campaignLine
	var pictures map[string][]byte
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if c, _, err = s.campaignTx(ctx, tx, id, false); err != nil {
			return err
		}
		if rows, err = rowsAfter(tx, id, "", 0, MaxRows); err != nil {
			return err
		}
		pictures, err = picturesOf(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	report := &CampaignReport{Total: len(rows), Items: []Row{}, org: c.org}
	seen := map[string]bool{}
	for _, r := range rows {
		v, err := s.rowShown(id, r)
		if err != nil {
			return nil, err
		}
		if r.state == rowPending {
			if seen[r.org+"\x00"+v.SealName] {
				v.Problems = append(v.Problems, "与前面的行重复")
			}
			seen[r.org+"\x00"+v.SealName] = true
			list, err := s.rowChecks(ctx, c, r, pictures[r.picture], true)
			if err != nil {
				return nil, err
			}
			v.Problems = append(v.Problems, problemsIn(list)...)
		}
		if len(v.Problems) == 0 {
			report.Good++
			continue
		}
		report.Bad++
		if len(report.Items) < mostReported {
			report.Items = append(report.Items, v)
		}
	}
	return report, nil
}

func problemsIn(list []Check) (problems []string) {
	for _, c := range list {
		if c.Result != Pass {
			problems = append(problems, c.Name+c.ResultName+"："+c.Message)
		}
	}
	return problems
}

// rowChecks are the checks of the application that a row becomes. Before the
// campaign is submitted nobody has signed for its imprints yet.
func (s *Service) rowChecks(ctx context.Context, c *campaignRow, l *campaignLine, picture []byte, early bool) (list []Check, err error) {
	r, err := s.applicationOf(ctx, c, l, picture)
	if err != nil {
		return nil, err
	}
	f, err := s.gather(ctx, r)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.settle(tx, f); err != nil {
			return err
		}
		list = f.checks()
		return nil
	})
	if early {
		list = slices.DeleteFunc(list, func(x Check) bool { return x.Code == CheckStatement })
	}
	return list, err
}

// applicationOf is the application that a row becomes: its ids follow from the
// campaign and the line, so that no row becomes two, however often it is tried.
func (s *Service) applicationOf(ctx context.Context, c *campaignRow, l *campaignLine, picture []byte) (*row, error) {
	name, err := s.box.Open(rowCell(rowKey(c.id, l.line)), l.sealedName)
	if err != nil {
		return nil, fmt.Errorf("sealapply: opening row %d of campaign %s: %w", l.line, c.id, err)
	}
	r := &row{id: derived(c.id, l.line, "application"), makes: derived(c.id, l.line, "seal"), kind: Apply, org: l.org, sealKind: c.sealKind, custodian: l.custodian,
		state: Approved, mode: BuiltIn, account: c.account, campaign: c.id, reason: "集中制发：" + c.title, imprint: picture, width: l.width, height: l.height, round: 1}
	d := c.declaration()
	if r.statementVersion, r.statementBy, r.statementAt = d.Version, d.By, d.At; d.By != "" {
		r.statementImprint = picture
	}
	var o iam.Org
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		above, err := iam.AboveTx(tx, l.org)
		if err != nil {
			return err
		}
		o = above[0]
		path, region := o.Path(), iam.RegionOf(above)
		r.path, r.formRegion, r.formVersion = path, d.Region, d.Form
		if d.Form == "" {
			form, err := formTx(tx, region)
			if err != nil {
				return err
			}
			r.formRegion, r.formVersion = form.Region, form.Version.String()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, s.seal(r, content{Name: string(name), Fields: map[string]string{fieldOrgName: l.orgName, fieldUSCC: o.USCC}})
}

// derived is an id in the form of newID that always comes out the same.
func derived(campaign string, line int64, what string) string {
	sum := gm.Sum(join([]byte("sidian-sealapply-row"), []byte(campaign), []byte(strconv.FormatInt(line, 10)), []byte(what)))
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	id := make([]byte, 26)
	for i := range id {
		id[i] = letters[sum[i]&31]
	}
	return string(id)
}

// refusalOf is a refusal as a row tells it; what is none, or may pass, is tried
// again.
func refusalOf(err error) (string, bool) {
	f := fault.As(err)
	if f == nil || f.Kind == fault.Unavailable || f.Kind == fault.TooMany {
		return "", false
	}
	text := f.Msg
	for _, x := range f.Fields {
		text += "；" + x.Message
	}
	return clip(text, 400), true
}
