package catalogue

import (
	"context"
	"time"
)

// EntryState is where an entry of the directory (目录条目) stands.
type EntryState string

// An entry is a draft until its unit submits it; agreed on by a designer of the
// issuing unit and by the manager of the managing unit, two people of two units, it
// is published as a version of the kind. Either of the two may send it back, which
// makes it a draft again. Its unit may withdraw it before it is published.
const (
	EntryDraft     EntryState = "draft"
	EntrySubmitted EntryState = "submitted"
	EntryPublished EntryState = "published"
	EntryWithdrawn EntryState = "withdrawn"
)

// A Proposal asks for a new entry. What its draft begins with is Files, or the
// folder of the kind From (its name or code) in Version, or, when both are left
// out, of the kind Name itself; a kind that is all new begins with an empty folder.
type Proposal struct {
	Org     string            `json:"org" minLength:"1" maxLength:"64" doc:"签发单位"`
	Name    string            `json:"name" minLength:"1" maxLength:"64" doc:"证照类型的目录名：小写字母、数字和下划线"`
	From    string            `json:"from,omitempty" maxLength:"64" doc:"以哪个证照类型为底稿：目录名或 21 位代码"`
	Version int               `json:"from_version,omitempty" minimum:"0" doc:"底稿的版本；不填为现行版本"`
	Files   map[string][]byte `json:"files,omitempty" doc:"文件名到内容（base64）；不填则以底稿为准"`
	Reason  string            `json:"reason" minLength:"1" maxLength:"500" doc:"为何新增或变更"`
}

// An Entry is one entry of the directory as it comes about: the draft of one
// version of one kind.
type Entry struct {
	ID          string     `json:"id"`
	Name        string     `json:"name" doc:"证照类型的目录名"`
	Title       string     `json:"title,omitempty" doc:"证照类型名称"`
	Code        string     `json:"code,omitempty" doc:"证照类型代码"`
	Org         string     `json:"org" doc:"签发单位"`
	OrgName     string     `json:"org_name"`
	Manager     string     `json:"manager" doc:"管理单位"`
	ManagerName string     `json:"manager_name"`
	State       EntryState `json:"state" enum:"draft,submitted,published,withdrawn"`
	Version     int        `json:"version" doc:"条目的修改次数，提交时带回，他人先改则拒绝"`
	Base        int        `json:"base,omitempty" doc:"所改的类型版本；0 为新类型"`
	Published   int        `json:"published,omitempty" doc:"发布成的类型版本"`
	Starts      string     `json:"starts,omitempty" doc:"生效日期"`
	Reason      string     `json:"reason"`
	By          string     `json:"by" doc:"起草人账号"`
	At          time.Time  `json:"at"`
	ChangedAt   time.Time  `json:"changed_at"`
	ByIssuer    bool       `json:"agreed_issuer" doc:"签发单位已同意"`
	ByManager   bool       `json:"agreed_manager" doc:"管理单位已同意"`
	Steps       []Step     `json:"steps,omitempty" doc:"经过；列表不含"`
	Parts       []Part     `json:"parts,omitempty" doc:"各组成部分是否齐备；列表不含"`
	Used        int64      `json:"used,omitempty" doc:"已用这一类型制发的证照数；列表不含"`
	May         Offers     `json:"may" doc:"调用者此刻可以做什么；列表不含"`
}

// Offers say what whoever asks may do with an entry now.
type Offers struct {
	Edit      bool   `json:"edit,omitempty"`
	Submit    bool   `json:"submit,omitempty"`
	Agree     bool   `json:"agree,omitempty"`
	Side      string `json:"side,omitempty" enum:"issuer,manager" doc:"代表哪一方同意"`
	SendBack  bool   `json:"send_back,omitempty"`
	Withdraw  bool   `json:"withdraw,omitempty"`
	WhyUnable string `json:"why,omitempty" doc:"为何不能同意"`
}

// A Step is one thing that happened to an entry.
type Step struct {
	Action string    `json:"action" enum:"propose,save,submit,agree.issuer,agree.manager,return,withdraw,publish"`
	By     string    `json:"by" doc:"账号"`
	ByName string    `json:"by_name,omitempty"`
	Org    string    `json:"org,omitempty" doc:"其单位"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// A Part is one of the six parts that an entry holds (《河南省政务服务电子证照管理办法》
// 第六条): 基本要素, 照面模板, 样例, 数据项标准, 印章图样, 签批和颁发信息.
type Part struct {
	Name     string    `json:"name"`
	Complete bool      `json:"complete"`
	Problems []Finding `json:"problems,omitempty"`
}

// A Change is one difference between two versions of a kind.
type Change struct {
	Where  string `json:"where" doc:"哪一处，如 照面项 经营场所"`
	What   string `json:"what" enum:"added,removed,changed"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// An EntryQuery asks for a page of entries that whoever acts may see.
type EntryQuery struct {
	State  EntryState `json:"state,omitempty"`
	Org    string     `json:"org,omitempty"`
	Name   string     `json:"name,omitempty"`
	Cursor string     `json:"cursor,omitempty"`
	Limit  int        `json:"limit,omitempty"` // at most 100; 50
}

// An EntryPage is one page of entries, newest first.
type EntryPage struct {
	Items []Entry `json:"items"`
	Next  string  `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Propose begins an entry: whoever acts is a designer (kind.manage) of the issuing
// unit. The draft need not be complete, its files must only be a folder's. A kind
// that another unit defined may not be changed (catalogue.inherited); a kind that
// already has an entry under way is a conflict (catalogue.open).
func (s *Service) Propose(ctx context.Context, p Proposal) (*Entry, error) {
	return s.propose(ctx, p)
}

// DraftFiles gives the files of an entry's folder by name (kind.yaml,
// template.yaml, example.json, pictures *.png and *.jpg that the template's image
// items print), and the version that [Service.SaveDraft] must be given.
func (s *Service) DraftFiles(ctx context.Context, id string) (map[string][]byte, int, error) {
	return s.draftFiles(ctx, id)
}

// SaveDraft puts other files into a draft: all of them, since what is left out is
// gone. A draft that somebody else saved since version is a conflict
// (catalogue.moved, 409). An entry that was submitted must be sent back first.
func (s *Service) SaveDraft(ctx context.Context, id string, version int, files map[string][]byte) (*Entry, error) {
	return s.saveDraft(ctx, id, version, files)
}

// Submit closes a draft for agreement. Every part must be complete, or the refusal
// (catalogue.incomplete) names what is missing. Starts is the day from which the
// version will be in force, 2006-01-02, not before today; empty: at once, the day
// of publication.
func (s *Service) Submit(ctx context.Context, id string, version int, starts, reason string) (*Entry, error) {
	return s.submit(ctx, id, version, starts, reason)
}

// Agree is whoever acts agreeing, for the issuing unit or for the managing unit, as
// [Offers].Side says. The second of the two publishes the version.
func (s *Service) Agree(ctx context.Context, id string, version int, reason string) (*Entry, error) {
	return s.agree(ctx, id, version, reason)
}

// SendBack makes a submitted entry a draft again; reason says what is to change.
func (s *Service) SendBack(ctx context.Context, id string, version int, reason string) (*Entry, error) {
	return s.sendBack(ctx, id, version, reason)
}

// Withdraw ends an entry that was not published.
func (s *Service) Withdraw(ctx context.Context, id string, version int, reason string) (*Entry, error) {
	return s.withdraw(ctx, id, version, reason)
}

// Entry finds one entry with its steps and parts.
func (s *Service) Entry(ctx context.Context, id string) (*Entry, error) { return s.entry(ctx, id) }

// Entries pages through entries: those of units for which whoever acts holds
// kind.read, kind.manage or catalogue.agree.
func (s *Service) Entries(ctx context.Context, q EntryQuery) (*EntryPage, error) {
	return s.entries(ctx, q)
}

// Diff says what a draft changes of the version that it began with; empty for a
// kind that is all new.
func (s *Service) Diff(ctx context.Context, id string) ([]Change, error) { return s.diff(ctx, id) }
