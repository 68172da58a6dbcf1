package sealapply

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply/event"
)

// States of a campaign beside those it shares with applications.
const (
	Running  State = "running"
	Paused   State = "paused"
	Finished State = "finished"
	Over     State = "over" // given up; what was made stays
)

var campaignLabels = map[State]string{
	Draft: "草稿", Submitted: "审核中", Approved: "审核通过", Running: "制作中", Paused: "已暂停", Finished: "已完成", Refused: "未通过", Withdrawn: "已撤回", Over: "已终止",
}

// A Campaign makes seals for many units under one approval (GEN-08 统一申请、
// 集中制发; SEAL-20): the approval of the tiers stands for the review of each row,
// the checks do not: each row passes them by itself.
type Campaign struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Org       string    `json:"org" doc:"统一申请的主管部门"`
	OrgName   string    `json:"org_name"`
	SealKind  string    `json:"seal_kind"`
	SealLabel string    `json:"seal_kind_name"`
	Until     time.Time `json:"until" doc:"在此之前制作完毕"`
	Basis     string    `json:"basis" doc:"依据"`
	State     State     `json:"state" enum:"draft,submitted,approved,running,paused,finished,refused,withdrawn,over"`
	StateName string    `json:"state_name"`
	Applicant string    `json:"applicant"`
	Tier      string    `json:"tier,omitempty" doc:"正在审核的层级"`
	Round     int64     `json:"round"`
	Statement string    `json:"statement,omitempty" doc:"已签署的印模真实性声明的版本"`
	Trouble   string    `json:"trouble,omitempty" doc:"为什么停下"`

	Total   int     `json:"total"`
	Pending int     `json:"pending" doc:"待制作"`
	Done    int     `json:"done" doc:"已制作并备案"`
	Refused int     `json:"refused" doc:"未制作，见逐行报告"`
	Rate    float64 `json:"rate,omitempty" doc:"每秒行数"`
	Left    int     `json:"left,omitempty" doc:"估计还要多少秒"`

	Steps   []Step        `json:"steps"`
	History []HistoryItem `json:"history"`

	CreatedAt   time.Time `json:"created_at"`
	SubmittedAt time.Time `json:"submitted_at,omitzero"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
}

// CampaignRequest begins a campaign.
type CampaignRequest struct {
	Title    string
	Org      string
	SealKind string
	Until    time.Time
	Basis    string
}

func errNoCampaign() error {
	return fault.NotFound.New("没有这次集中制发").WithCode("sealapply.campaign-unknown").WithHint("请从列表中选择")
}

func errCampaignState() error {
	return fault.Conflict.New("集中制发的状态不允许此操作").WithCode("sealapply.state").WithHint("请刷新后按当前状态办理")
}

func campaignObject(id string) string { return "sealapply/campaign/" + id }

// CreateCampaign begins one, for the units below a department that applies for
// them, or for enterprises: by seal.apply there.
func (s *Service) CreateCampaign(ctx context.Context, q CampaignRequest) (*Campaign, error) {
	bad := fault.Invalid.New("集中制发不符合规则").WithCode("sealapply.campaign").WithHint("请按每一项的说明更正后重试")
	if n := utf8.RuneCountInString(strings.TrimSpace(q.Title)); n == 0 || n > 100 || audit.Personal(q.Title) {
		bad = bad.WithField("title", "required", "1 至 100 个字，不含个人号码")
	}
	if seal.Label(q.SealKind) == "" || seal.OfPerson(q.SealKind) {
		bad = bad.WithField("seal_kind", "unknown", "没有这种印章，或不能集中制发")
	}
	if needReason(q.Basis) != nil {
		bad = bad.WithField("basis", "required", "须写明依据，至多 500 个字")
	}
	if !q.Until.After(s.DB.Now()) || q.Until.After(s.DB.Now().AddDate(3, 0, 0)) {
		bad = bad.WithField("until", "range", "须在今天之后、三年之内")
	}
	if err := bad.OrNil(); err != nil {
		return nil, err
	}
	if err := s.Options.zoned(q.SealKind); err != nil {
		return nil, err
	}
	c := &campaignRow{id: newID(), title: strings.TrimSpace(q.Title), org: q.Org, sealKind: q.SealKind, until: milli(q.Until), basis: strings.TrimSpace(q.Basis),
		state: Draft, account: audit.ActorFrom(ctx).Account}
	if err := iam.Allow(ctx, permissions[Applicant], q.Org); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.campaign", Object: campaignObject(c.id)}, err)
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if c.path, err = iam.PathTx(tx, q.Org); err != nil {
			return err
		}
		c.created = milli(tx.Now())
		if err := insertCampaign(tx, c); err != nil {
			return err
		}
		return s.campaignDone(tx, c, ActEdit, "", c.basis, "sealapply.campaign")
	})
	if err != nil {
		return nil, err
	}
	return s.Campaign(ctx, c.id)
}

// campaignDone adds to a campaign's history and to the audit.
func (s *Service) campaignDone(tx *db.Tx, c *campaignRow, a Action, tier, reason, action string) error {
	h := &historyRow{at: milli(tx.Now()), account: audit.ActorFrom(tx.Context()).Account, action: string(a), state: string(c.state), round: c.round, tier: tier, reason: reason}
	if err := putHistory(tx, c.id, h); err != nil {
		return err
	}
	d, err := s.campaignDigest(tx, c)
	if err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: campaignObject(c.id), Reason: reason, After: d})
}

// campaignDigest is of what the tiers decide on: the campaign, and each row with
// its picture.
func (s *Service) campaignDigest(tx *db.Tx, c *campaignRow) (gm.Digest, error) {
	list := [][]byte{[]byte(contentVersion), []byte(c.id), []byte(c.title), []byte(c.org), []byte(c.sealKind), []byte(c.basis), []byte(c.statement())}
	rows, err := rowsAfter(tx, c.id, "", 0, MaxRows)
	if err != nil {
		return gm.Digest{}, err
	}
	pictures, err := picturesOf(tx, c.id)
	for _, r := range rows {
		list = append(list, []byte(r.org), []byte(r.orgName), []byte(r.custodian), pictures[r.picture])
	}
	return gm.Sum(join(list...)), err
}

// campaignTx returns a campaign that the caller may see, with its steps: the
// applying department, those of its chain, and who makes.
func (s *Service) campaignTx(ctx context.Context, tx *db.Tx, id string, lock bool) (*campaignRow, []*stepRow, error) {
	c, err := campaignByID(tx, id, lock)
	if err != nil {
		return nil, nil, err
	}
	steps, err := stepsOf(tx, id)
	if err != nil {
		return nil, nil, err
	}
	if iam.Allow(ctx, permissions[Applicant], c.org) == nil {
		return c, steps, nil
	}
	if c.state == Draft && c.round == 0 {
		return nil, nil, errNoCampaign()
	}
	for _, x := range steps {
		if iam.Allow(ctx, permissions[Reviewer], x.org) == nil {
			return c, steps, nil
		}
	}
	if err := allowTx(ctx, tx, permissions[Maker], c.org, c.path); err != nil {
		if fault.As(err) == nil {
			return nil, nil, err
		}
		return nil, nil, errNoCampaign()
	}
	return c, steps, nil
}

// moveCampaign is one change of a campaign, under its lock.
func (s *Service) moveCampaign(ctx context.Context, id, action string, a Action, reason string, fn func(tx *db.Tx, c *campaignRow, steps []*stepRow) (tier string, err error)) (*Campaign, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		c, steps, err := s.campaignTx(ctx, tx, id, true)
		if err != nil {
			return err
		}
		tier, err := fn(tx, c, steps)
		if err != nil {
			return err
		}
		if err := saveCampaign(tx, c); err != nil {
			return err
		}
		return s.campaignDone(tx, c, a, tier, reason, action)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: campaignObject(id)}, err)
	}
	return s.Campaign(ctx, id)
}

func (s *Service) reviewOfCampaign(tx *db.Tx, c *campaignRow) (*review, error) {
	region, err := iam.RegionTx(tx, c.org)
	return &review{object: c.id, org: c.org, region: region, title: "集中制发：" + c.title, link: "/console/seal-campaigns/" + c.id, account: c.account,
		involved: []string{c.account}, round: c.round, step: c.step}, err
}

// SubmitCampaign sends a campaign to the tiers. The applicant signs the
// statement for every imprint of it, in the version of the text that they read.
func (s *Service) SubmitCampaign(ctx context.Context, id, version string) (*Campaign, error) {
	if audit.ActorFrom(ctx).Account == "" {
		return nil, fault.Forbidden.New("真实性声明须由人签署").WithCode("sealapply.program").WithHint("请登录后提交")
	}
	report, err := s.CheckCampaign(ctx, id)
	if err != nil {
		return nil, err
	}
	if report.Good == 0 {
		return nil, fault.Conflict.New("没有可以制作的行").WithCode("sealapply.checks").WithHint("请按逐行核验结果更正清单后重新上传")
	}
	chain, err := s.chainFor(ctx, report.org, Bulk, "")
	if err != nil {
		return nil, err
	}
	return s.moveCampaign(ctx, id, "sealapply.campaign-submit", ActSubmit, "逐级审核："+describe(chain), func(tx *db.Tx, c *campaignRow, _ []*stepRow) (string, error) {
		if err := iam.Allow(ctx, permissions[Applicant], c.org); err != nil {
			return "", err
		}
		if c.state != Draft && c.state != Refused {
			return "", errCampaignState()
		}
		if c.until <= milli(tx.Now()) {
			return "", errCampaignOver()
		}
		region, err := iam.RegionTx(tx, c.org)
		if err != nil {
			return "", err
		}
		form, err := formTx(tx, region)
		if err != nil {
			return "", err
		}
		if version != form.Statement.Version {
			return "", fault.Conflict.New("请阅读并签署现行版本的印模真实性声明").WithCode("sealapply.statement").WithHint("请刷新后重新阅读并签署")
		}
		now := milli(tx.Now())
		c.state, c.submitted, c.round = Submitted, &now, c.round+1
		c.declare(form, audit.ActorFrom(ctx).Account, now)
		v, err := s.reviewOfCampaign(tx, c)
		if err != nil {
			return "", err
		}
		if err := s.openSteps(tx, v, chain); err != nil {
			return "", err
		}
		c.step = v.step
		return "", s.campaignEvent(tx, c, event.Applied, "")
	})
}

func errCampaignOver() error {
	return fault.Conflict.New("集中制发的期限已过").WithCode("sealapply.campaign-over").WithHint("请重新发起集中制发")
}

func (s *Service) campaignEvent(tx *db.Tx, c *campaignRow, topic, tier string) error {
	d, err := s.campaignDigest(tx, c)
	if err != nil {
		return err
	}
	return s.tellTx(tx, topic, event.Application{ID: c.id, Kind: string(Bulk), SealKind: c.sealKind, Org: c.org, Round: c.round, Tier: tier, State: string(c.state)}, d)
}

// ReviewCampaign is the decision of one tier.
func (s *Service) ReviewCampaign(ctx context.Context, id string, q ReviewRequest) (*Campaign, error) {
	q.Opinion = strings.TrimSpace(q.Opinion)
	action, name := ActApprove, "sealapply.campaign-approve"
	if err := checkNote(q.Opinion); err != nil {
		return nil, err
	}
	if !q.Approve {
		if err := needReason(q.Opinion); err != nil {
			return nil, err
		}
		action, name = ActRefuse, "sealapply.campaign-refuse"
	}
	return s.moveCampaign(ctx, id, name, action, q.Opinion, func(tx *db.Tx, c *campaignRow, steps []*stepRow) (string, error) {
		x := current(c.round, steps)
		if c.state != Submitted || x == nil {
			return "", errCampaignState()
		}
		if err := reviews(ctx, tx, x.org); err != nil {
			return "", err
		}
		v, err := s.reviewOfCampaign(tx, c)
		if err != nil {
			return "", err
		}
		x, last, err := s.decide(tx, v, steps, q)
		if err != nil {
			return "", err
		}
		c.step = v.step
		topic, told, title := event.Reviewed, topicPassed, tierLabels[x.tier]+"审核通过："
		switch {
		case !q.Approve:
			c.state, topic, told, title = Refused, event.Refused, topicRefused, "未通过："
		case last:
			c.state = Approved
		}
		if err := s.toApplicant(tx, c.account, c.org, told, clip(title+v.title, 100), "", v.link); err != nil {
			return "", err
		}
		return x.tier, s.campaignEvent(tx, c, topic, x.tier)
	})
}

// StartCampaign lets an approved campaign run: see Work. It needs seal.make and
// seal.file for its department, and another person than who applied.
func (s *Service) StartCampaign(ctx context.Context, id string) (*Campaign, error) {
	return s.moveCampaign(ctx, id, "sealapply.campaign-start", ActMake, "", func(tx *db.Tx, c *campaignRow, steps []*stepRow) (string, error) {
		if err := s.mayRun(ctx, tx, c); err != nil {
			return "", err
		}
		if err := ownTx(tx, c.id, []string{c.account}, c.round, nil); err != nil {
			return "", err
		}
		if c.state != Approved {
			return "", errCampaignState()
		}
		now := milli(tx.Now())
		c.state, c.acting, c.started, c.trouble = Running, audit.ActorFrom(ctx).Account, &now, ""
		return "", nil
	})
}

func (s *Service) mayRun(ctx context.Context, tx *db.Tx, c *campaignRow) error {
	if err := allowTx(ctx, tx, permissions[Maker], c.org, c.path); err != nil {
		return err
	}
	return allowTx(ctx, tx, permissions[Filer], c.org, c.path)
}

// PauseCampaign stops a run after the row that it is at.
func (s *Service) PauseCampaign(ctx context.Context, id string) (*Campaign, error) {
	return s.turn(ctx, id, "sealapply.campaign-pause", "暂停", func(tx *db.Tx, c *campaignRow) error {
		if c.state != Running {
			return errCampaignState()
		}
		c.state = Paused
		return nil
	})
}

// ResumeCampaign goes on with a paused run, on behalf of whoever says so.
func (s *Service) ResumeCampaign(ctx context.Context, id string) (*Campaign, error) {
	return s.turn(ctx, id, "sealapply.campaign-resume", "继续", func(tx *db.Tx, c *campaignRow) error {
		if err := ownTx(tx, c.id, []string{c.account}, c.round, nil); err != nil {
			return err
		}
		if c.state != Paused {
			return errCampaignState()
		}
		c.state, c.acting, c.trouble = Running, audit.ActorFrom(ctx).Account, ""
		return nil
	})
}

// EndCampaign gives up a paused run. What was made stays.
func (s *Service) EndCampaign(ctx context.Context, id, reason string) (*Campaign, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	return s.turn(ctx, id, "sealapply.campaign-end", reason, func(tx *db.Tx, c *campaignRow) error {
		if c.state != Paused && c.state != Approved {
			return errCampaignState()
		}
		now := milli(tx.Now())
		c.state, c.ended = Over, &now
		return nil
	})
}

func (s *Service) turn(ctx context.Context, id, action, reason string, fn func(*db.Tx, *campaignRow) error) (*Campaign, error) {
	return s.moveCampaign(ctx, id, action, ActMake, reason, func(tx *db.Tx, c *campaignRow, _ []*stepRow) (string, error) {
		if err := s.mayRun(ctx, tx, c); err != nil {
			return "", err
		}
		return "", fn(tx, c)
	})
}

// WithdrawCampaign takes a campaign back before it runs.
func (s *Service) WithdrawCampaign(ctx context.Context, id, reason string) (*Campaign, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	return s.moveCampaign(ctx, id, "sealapply.campaign-withdraw", ActWithdraw, reason, func(tx *db.Tx, c *campaignRow, steps []*stepRow) (string, error) {
		if err := iam.Allow(ctx, permissions[Applicant], c.org); err != nil {
			return "", err
		}
		if c.state != Draft && c.state != Submitted && c.state != Approved && c.state != Refused {
			return "", errCampaignState()
		}
		now := milli(tx.Now())
		c.state, c.step, c.ended = Withdrawn, 0, &now
		return "", s.dropSteps(tx, steps, "申请已撤回")
	})
}

// Campaign returns a campaign that the caller may see, with how far it is.
func (s *Service) Campaign(ctx context.Context, id string) (out *Campaign, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, steps, err := s.campaignTx(ctx, tx, id, false)
		if err != nil {
			return err
		}
		if out, err = s.campaignShown(tx, c, steps); err != nil {
			return err
		}
		if out.Steps, err = s.stepsShown(tx, steps); err != nil {
			return err
		}
		out.History, err = historyShown(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) campaignShown(tx *db.Tx, c *campaignRow, steps []*stepRow) (*Campaign, error) {
	name, err := orgName(tx, c.org)
	if err != nil {
		return nil, err
	}
	n, err := countRows(tx, c.id)
	if err != nil {
		return nil, err
	}
	v := &Campaign{ID: c.id, Title: c.title, Org: c.org, OrgName: name, SealKind: c.sealKind, SealLabel: seal.Label(c.sealKind), Until: moment(c.until), Basis: c.basis,
		State: c.state, StateName: campaignLabels[c.state], Applicant: c.account, Round: c.round, Statement: c.statement(), Trouble: c.trouble,
		Pending: n[rowPending] + n[rowBegun], Done: n[rowDone], Refused: n[rowRefused], Steps: []Step{}, History: []HistoryItem{},
		CreatedAt: moment(c.created), SubmittedAt: momentOf(c.submitted), StartedAt: momentOf(c.started), EndedAt: momentOf(c.ended)}
	v.Total = v.Pending + v.Done + v.Refused
	if x := current(c.round, steps); x != nil {
		v.Tier = x.tier
	}
	if done := float64(v.Done); c.worked > 0 && done > 0 {
		v.Rate = done * 1000 / float64(c.worked)
		v.Left = int(float64(v.Pending)/v.Rate + 0.999)
	}
	return v, nil
}

// A CampaignPage is a page of campaigns, newest first.
type CampaignPage struct {
	Items []Campaign `json:"items"`
	Next  string     `json:"next,omitempty"`
}

// Campaigns pages through the campaigns that the caller may see, newest first.
func (s *Service) Campaigns(ctx context.Context, limit int, cursor string) (*CampaignPage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > mostPage {
		limit = usualPage
	}
	page := &CampaignPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		*page = CampaignPage{Items: []Campaign{}}
		at, last := before, id
		for range 20 { // those of others are few, and are passed over
			list, err := listCampaigns(tx, at, last, mostPage)
			if err != nil {
				return err
			}
			for _, c := range list {
				if len(page.Items) == limit {
					page.Next = db.Cursor(at, last)
					return nil
				}
				at, last = c.created, c.id
				c, steps, err := s.campaignTx(ctx, tx, c.id, false)
				if isNotFound(err) {
					continue
				}
				if err != nil {
					return err
				}
				v, err := s.campaignShown(tx, c, steps)
				if err != nil {
					return err
				}
				page.Items = append(page.Items, *v)
			}
			if len(list) < mostPage {
				return nil
			}
		}
		page.Next = db.Cursor(at, last)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}
