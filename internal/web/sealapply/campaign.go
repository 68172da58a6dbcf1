package sealapply

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

func (s *Service) campaignRoutes(r *httpx.Router) {
	at := Campaigns + "/{id}"
	httpx.HandlePage(r, "GET "+Campaigns, needCampaign, s.getCampaigns)
	httpx.HandlePage(r, "GET "+Campaigns+"/new", needUnit, s.getNewCampaign)
	httpx.HandlePage(r, "POST "+Campaigns+"/new", needUnit, s.postNewCampaign)
	httpx.HandlePage(r, "GET "+Campaigns+"/template", needUnit, s.getTemplate)
	httpx.HandlePage(r, "GET "+at, needCampaign, s.getCampaign, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+at+"/report", needCampaign, s.getReport, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+at+"/rows", needUnit, s.postRows, httpx.MaxBody(maxBundle), httpx.Costly(), httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+at+"/submit", needUnit, s.postCampaignSubmit, httpx.Timeout(slow))
	httpx.HandlePage(r, "POST "+at+"/withdraw", needUnit, s.postCampaignWithdraw)
	httpx.HandlePage(r, "POST "+at+"/review", needReview, s.postCampaignReview)
	httpx.HandlePage(r, "POST "+at+"/run/{action}", needRun, s.postRun)
	httpx.HandlePage(r, "GET "+toldCampaigns, needCampaign, func(w http.ResponseWriter, r *http.Request) error {
		return page.See(w, r, campaignAt(r.PathValue("id")))
	})
}

func campaignAt(id string, more ...string) string {
	return page.At(Campaigns, append([]string{id}, more...)...)
}

type campaignsPage struct {
	page.Frame
	Table page.Table
	New   string
}

func (s *Service) getCampaigns(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, err := s.Apply.Campaigns(ctx, perPage, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := &campaignsPage{Frame: s.Kit.Frame(r, "集中制发", "seal-applications", page.Wide)}
	empty := page.Empty{Title: "还没有集中制发", Text: "主管部门为许多单位一次申请印章时，从这里发起。"}
	if iam.May(ctx, "seal.apply", "") {
		p.New = Campaigns + "/new"
		empty.Href, empty.Action = p.New, "发起集中制发"
	}
	p.Table = page.Table{Caption: "集中制发，最近的在前", Quiet: true, Head: []string{"名称", "主管部门", "印章种类", "状态", "进度", "期限"}, Empty: empty}
	for i := range list.Items {
		c := &list.Items[i]
		state := page.Cell{Chips: []page.Chip{chipOf(c.State, c.StateName)}}
		if c.Tier != "" {
			state.Sub = "正由" + sealapply.TierLabel(c.Tier) + "审核"
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{{Text: c.Title, Href: campaignAt(c.ID)}, {Text: c.OrgName}, {Text: c.SealLabel}, state,
			{Text: fmt.Sprintf("%d / %d 枚", c.Done, c.Total)}, {Text: page.Day(c.Until)}}})
	}
	if list.Next != "" {
		p.Table.Pager.Next = page.Asking(Campaigns, "cursor", list.Next)
	}
	return s.set.Show(w, http.StatusOK, "campaigns", p)
}

type newCampaignPage struct {
	page.Frame
	Problem *page.Problem
	Form    page.Form
}

func (s *Service) newCampaign(r *http.Request) (*newCampaignPage, error) {
	units, err := s.units(r.Context())
	if err != nil {
		return nil, err
	}
	p := &newCampaignPage{Frame: s.Kit.Frame(r, "发起集中制发", "seal-applications", page.Middle)}
	org := unitField(units, unitNamed(units, r.PostFormValue("org")))
	org.Label, org.Hint = "统一申请的主管部门", strings.TrimPrefix("清单里的单位须由它申请。"+org.Hint, "")
	kind := page.Field{ID: "seal_kind", Name: "seal_kind", Label: "印章种类", Value: r.PostFormValue("seal_kind"), Required: true}
	for _, k := range s.sealKinds() {
		if k.Value != "name" {
			kind.Options = append(kind.Options, page.Option{Value: k.Value, Label: sealLabel(k.Value)})
		}
	}
	p.Form = page.Form{Action: Campaigns + "/new", Button: "保存并上传清单", Cancel: Campaigns, Fields: []page.Field{
		{ID: "title", Name: "title", Label: "名称", Value: r.PostFormValue("title"), Required: true, Max: 100, Hint: "如：2026 年中小学电子印章统一制发"},
		org, kind,
		{ID: "until", Name: "until", Label: "期限", Value: r.PostFormValue("until"), Required: true, Type: "date", Hint: "在这一天之前制作完毕，三年之内"},
		{ID: "basis", Name: "basis", Label: "依据", Value: r.PostFormValue("basis"), Required: true, Lines: 3, Max: 500, Hint: "文件名称和文号"},
	}}
	return p, nil
}

func (s *Service) getNewCampaign(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newCampaign(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "newcampaign", p)
}

func (s *Service) postNewCampaign(w http.ResponseWriter, r *http.Request) error {
	units, err := s.units(r.Context())
	if err != nil {
		return err
	}
	q := sealapply.CampaignRequest{Title: r.PostFormValue("title"), Org: unitNamed(units, r.PostFormValue("org")), SealKind: r.PostFormValue("seal_kind"), Basis: r.PostFormValue("basis")}
	if day, err := time.ParseInLocation(time.DateOnly, r.PostFormValue("until"), page.In(time.Time{}).Location()); err == nil {
		q.Until = day.AddDate(0, 0, 1).Add(-time.Second)
	}
	c, wrong := s.Apply.CreateCampaign(r.Context(), q)
	if wrong == nil {
		return page.See(w, r, campaignAt(c.ID))
	}
	code := page.StatusOf(wrong)
	if code == 0 {
		return wrong
	}
	p, err := s.newCampaign(r)
	if err != nil {
		return err
	}
	p.Problem, p.Title = page.Mark(wrong, p.Form.Fields), "有错误："+p.Title
	return s.set.Show(w, code, "newcampaign", p)
}

// heads are the columns of the table, with an example.
var heads = [][]string{
	{"统一社会信用代码", "单位名称*", "印模名称", "保管人用户名*", "印模文件*", "宽（毫米）*", "高（毫米）*"},
	{"", "某某县第一小学", "", "", "第一小学.png", "42", "42"},
}

// getTemplate hands out the empty table.
func (s *Service) getTemplate(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("format") == "csv" {
		return page.Send(w, page.File{Name: "集中制发清单.csv", Media: "text/csv; charset=utf-8", Data: table(heads[:1])})
	}
	f := excelize.NewFile()
	defer f.Close()
	for i, h := range heads[0] {
		cell, err := excelize.CoordinatesToCellName(i+1, 1)
		if err != nil {
			return fmt.Errorf("web: the template of a campaign: %w", err)
		}
		if err := f.SetCellStr("Sheet1", cell, h); err != nil {
			return fmt.Errorf("web: the template of a campaign: %w", err)
		}
	}
	if err := f.SetColWidth("Sheet1", "A", "G", 22); err != nil {
		return fmt.Errorf("web: the template of a campaign: %w", err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return fmt.Errorf("web: the template of a campaign: %w", err)
	}
	return page.Send(w, page.File{Name: "集中制发清单.xlsx", Media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Data: b.Bytes()})
}

// table writes rows for spreadsheets: in UTF-8 with its mark, and without
// anything that they would compute.
func table(rows [][]string) []byte {
	var b bytes.Buffer
	b.WriteString("\xef\xbb\xbf")
	w := csv.NewWriter(&b)
	for _, r := range rows {
		r = slices.Clone(r)
		for i, v := range r {
			if v != "" && strings.ContainsAny(v[:1], "=+-@\t\r") {
				r[i] = "'" + v
			}
		}
		_ = w.Write(r) // a buffer takes everything
	}
	w.Flush()
	return b.Bytes()
}

var rowWords = map[string]page.Chip{
	"pending": {Class: page.Plain, Word: "待制作"}, "begun": {Class: page.Care, Word: "制作中"}, "done": {Class: page.Good, Word: "已备案"}, "refused": {Class: page.Bad, Word: "未制作"},
}

// getReport hands out every row with what became of it.
func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	rows := [][]string{{"行", "单位名称", "印模名称", "印模文件", "状态", "印章编号", "原因"}}
	for after := int64(0); ; {
		list, err := s.Apply.Rows(r.Context(), id, "", after, 500)
		if err != nil {
			return err
		}
		for _, x := range list.Items {
			rows = append(rows, []string{itoa(x.Line), x.OrgName, x.SealName, x.Picture, rowWords[x.State].Word, x.Seal, strings.Join(x.Problems, "；")})
		}
		if after = list.Next; after == 0 {
			break
		}
	}
	return page.Send(w, page.File{Name: "集中制发报告.csv", Media: "text/csv; charset=utf-8", Data: table(rows)})
}

func (s *Service) postRows(w http.ResponseWriter, r *http.Request) error {
	err := takeForm(r)
	if err == nil {
		defer r.MultipartForm.RemoveAll()
		err = s.load(r)
	}
	return s.campaignResult(w, r, "loaded", err)
}

func (s *Service) load(r *http.Request) error {
	list := r.MultipartForm.File["file"]
	if len(list) != 1 || list[0].Filename == "" {
		return fault.Invalid.New("还没有选择文件").WithCode("sealapply.table").WithHint("请选择清单，或清单和印模图像的压缩文件").WithField("file", "required", "请选择文件")
	}
	data, err := read(list[0])
	if err == nil {
		_, err = s.Apply.Load(r.Context(), r.PathValue("id"), data)
	}
	if e := fault.As(err); e != nil && len(e.Fields) == 0 && page.StatusOf(err) != 0 && e.Code == "sealapply.table" {
		return e.WithField("file", "file", e.Msg)
	}
	return err
}

func (s *Service) postCampaignSubmit(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("agree") != "1" {
		return s.campaignResult(w, r, "", fault.Invalid.New("还没有签署声明").WithCode("sealapply.statement").WithHint("核对清单和印模后勾选声明").WithField("agree", "required", "请阅读并勾选"))
	}
	_, err := s.Apply.SubmitCampaign(r.Context(), r.PathValue("id"), r.PostFormValue("version"))
	return s.campaignResult(w, r, "submitted", err)
}

func (s *Service) postCampaignWithdraw(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Apply.WithdrawCampaign(r.Context(), r.PathValue("id"), r.PostFormValue("why"))
	return s.campaignResult(w, r, "withdrawn", renamedIf(err, "withdrawn"))
}

func (s *Service) postCampaignReview(w http.ResponseWriter, r *http.Request) error {
	round, _ := strconv.ParseInt(r.PostFormValue("round"), 10, 64)
	q := sealapply.ReviewRequest{Tier: r.PostFormValue("tier"), Round: round, Opinion: r.PostFormValue("opinion"), Approve: r.PostFormValue("decision") == "approve"}
	if !q.Approve && r.PostFormValue("decision") != "refuse" {
		return s.campaignResult(w, r, "", fault.Invalid.New("请选择通过或不通过").WithCode("sealapply.decision").WithHint("按其中一个按钮"))
	}
	word := map[bool]string{true: "approved", false: "refused"}[q.Approve]
	_, err := s.Apply.ReviewCampaign(r.Context(), r.PathValue("id"), q)
	return s.campaignResult(w, r, word, renamedIf(err, word))
}

func renamedIf(err error, word string) error {
	if fault.As(err) == nil {
		return err
	}
	return renamed(err, word)
}

// postRun begins, stops, goes on with or gives up the making.
func (s *Service) postRun(w http.ResponseWriter, r *http.Request) (err error) {
	ctx, id, action := r.Context(), r.PathValue("id"), r.PathValue("action")
	switch action {
	case "start":
		_, err = s.Apply.StartCampaign(ctx, id)
	case "pause":
		_, err = s.Apply.PauseCampaign(ctx, id)
	case "resume":
		_, err = s.Apply.ResumeCampaign(ctx, id)
	case "end":
		_, err = s.Apply.EndCampaign(ctx, id, r.PostFormValue("why"))
		err = renamedIf(err, "withdrawn")
	default:
		return fault.NotFound.New("没有这个页面").WithCode("route.unknown")
	}
	return s.campaignResult(w, r, action, err)
}
