package iam

import (
	"context"
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/iam/policy"
	"sidian/internal/keys"
)

var errLater = errors.New("iam: not yet")

// ExplainRequest asks why somebody may or may not do something. Empty Account
// and Client ask about oneself, as one is signed in now.
type ExplainRequest struct {
	Account    string `json:"account,omitempty" maxLength:"64" doc:"工作人员或持证人；与 client 都不填则为本人"`
	Client     string `json:"client,omitempty" maxLength:"64" doc:"接入应用"`
	Permission string `json:"permission" minLength:"1" maxLength:"80"`
	Org        string `json:"org,omitempty" maxLength:"64" doc:"单位；不填则问任一单位"`
	Purpose    string `json:"purpose,omitempty" maxLength:"40" doc:"用途"`
	Class      string `json:"class,omitempty" maxLength:"12" doc:"数据分级：公开、内部、敏感"`
	Owner      bool   `json:"owner,omitempty" doc:"本人的记录"`
	Second     bool   `json:"second,omitempty" doc:"假定以双因素登录；问本人时以当前会话为准"`
	Level      int    `json:"level,omitempty" minimum:"0" maximum:"3" doc:"假定的实名等级；问本人时以当前会话为准"`
}

// Explain tells why somebody may or may not do something: to themselves, and to
// who may read the policy for their organisation.
func (s *Service) Explain(ctx context.Context, r ExplainRequest) (policy.Decision, error) {
	return policy.Decision{}, errLater
}

// States of a policy beside Effective and Refused. Shipped is the one that comes
// with the program, in force while none was approved.
const (
	Draft      = "draft"
	Superseded = "superseded"
	Shipped    = "shipped"
)

// A Policy is one version of the policies, with how it came about.
type Policy struct {
	Version int             `json:"version"`
	State   string          `json:"state" enum:"draft,effective,refused,superseded,shipped"`
	InForce bool            `json:"in_force" doc:"现行"`
	Digest  string          `json:"digest" doc:"SM3 摘要，十六进制"`
	Reason  string          `json:"reason,omitempty"`
	By      string          `json:"proposed_by,omitempty"`
	ByName  string          `json:"proposed_by_name,omitempty"`
	At      int64           `json:"proposed_at,omitempty" doc:"毫秒"`
	Decided string          `json:"decided_by,omitempty"`
	DecName string          `json:"decided_by_name,omitempty"`
	DecAt   int64           `json:"decided_at,omitempty" doc:"毫秒"`
	Note    string          `json:"note,omitempty" doc:"批准或不批准的理由"`
	Roles   string          `json:"roles,omitempty" doc:"roles.yaml；列表不含"`
	Rules   string          `json:"rules,omitempty" doc:"rules.cedar；列表不含"`
	Changes []policy.Change `json:"changes,omitempty" doc:"与现行策略的差别；列表不含"`
}

// PolicyRequest proposes a version.
type PolicyRequest struct {
	Roles  string `json:"roles" minLength:"1" maxLength:"32768" doc:"roles.yaml"`
	Rules  string `json:"rules" maxLength:"32768" doc:"rules.cedar"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// CheckPolicy reads two texts and tells what they would change, without keeping
// them.
func (s *Service) CheckPolicy(ctx context.Context, r PolicyRequest) (Policy, error) {
	return Policy{}, errLater
}

// ProposePolicy keeps a draft; it has no effect before it is approved.
func (s *Service) ProposePolicy(ctx context.Context, r PolicyRequest) (Policy, error) {
	return Policy{}, errLater
}

// DecidePolicy approves or refuses a draft. Who proposed it does not decide.
func (s *Service) DecidePolicy(ctx context.Context, version int, approve bool, reason string) error {
	return errLater
}

// A PolicyPage is a page of versions, newest first, without their texts.
type PolicyPage struct {
	Items []Policy `json:"items"`
	Next  string   `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Policies lists versions, newest first.
func (s *Service) Policies(ctx context.Context, cursor string, limit int) (*PolicyPage, error) {
	return nil, errLater
}

// Policy returns one version with its texts, and how it differs from the one in
// force. Version 0 is the one in force.
func (s *Service) Policy(ctx context.Context, version int) (Policy, error) {
	return Policy{}, errLater
}

// RestorePolicy puts the shipped policy in force in place of one that cannot be
// read or trusted: for the operator at the command line.
func (s *Service) RestorePolicy(ctx context.Context, reason string) error { return errLater }

// Integrity looks for rows that were edited, inserted or deleted in the
// database, in all tables that give somebody something: for doctor.
func (s *Service) Integrity(ctx context.Context) ([]keys.Finding, error) { return nil, errLater }

// Adopt takes the rows that stood in the tables before they were guarded for
// right, and tells how many: `sidian migrate` calls it once.
func (s *Service) Adopt(ctx context.Context) (int, error) { return 0, errLater }

// Recount takes the guarded tables as they stand for complete, after an
// operator has looked into every finding. It makes no altered row right.
func (s *Service) Recount(ctx context.Context, reason string) error { return errLater }

// A GrantQuery asks for a page of grants. Empty fields ask for all.
type GrantQuery struct {
	State   string // proposed, effective, refused, revoked
	Account string
	Org     string
	Role    string
	Cursor  string
	Limit   int // at most 200; 50
}

// A GrantItem is a grant as lists show it.
type GrantItem struct {
	Grant
	AccountName string `json:"account_name"`
	Username    string `json:"username"`
	RoleName    string `json:"role_name"`
	OrgName     string `json:"org_name"`
	ByName      string `json:"proposed_by_name"`
	DecidedName string `json:"decided_by_name,omitempty"`
	Due         string `json:"due,omitempty" doc:"待批准的：剩余时限"`
	Level       string `json:"level,omitempty" doc:"good、care、bad"`
}

// A GrantPage is a page of grants, newest first.
type GrantPage struct {
	Items []GrantItem `json:"items"`
	Next  string      `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// GrantsPage pages through the grants that the caller may read, newest first.
func (s *Service) GrantsPage(ctx context.Context, q GrantQuery) (*GrantPage, error) {
	return nil, errLater
}

// An OrgType is a sort of unit (单位类别).
type OrgType struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// OrgEdit changes an organisation; nil fields stay.
type OrgEdit struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	USCC   *string `json:"uscc,omitempty"`
	Region *string `json:"region,omitempty"`
	Type   *string `json:"type,omitempty"`
	Sort   *int64  `json:"sort,omitempty"`
	Reason string  `json:"reason" minLength:"1" maxLength:"500"`
}

// EditOrg changes an organisation. A former name stays in the records.
func (s *Service) EditOrg(ctx context.Context, id string, e OrgEdit) (Org, error) {
	return Org{}, errLater
}

// A FormerName is a name that an organisation had.
type FormerName struct {
	Name   string    `json:"name"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// FormerNames lists the names that an organisation had, oldest first.
func (s *Service) FormerNames(ctx context.Context, org string) ([]FormerName, error) {
	return nil, errLater
}

// An OrgQuery asks for a page of organisations: the children of Parent, or with
// Text those whose name contains it, below Parent if that is not empty.
type OrgQuery struct {
	Parent string
	Text   string
	Type   string
	Closed bool // also those that are closed
	Cursor string
	Limit  int // at most 200; 50
}

// An OrgItem is an organisation as the tree shows it.
type OrgItem struct {
	Org
	Children int64    `json:"children" doc:"下级单位数"`
	People   int64    `json:"people" doc:"工作人员数"`
	Above    []string `json:"above,omitempty" doc:"上级单位名称，自上而下；搜索结果才有"`
}

// An OrgPage is a page of organisations.
type OrgPage struct {
	Items []OrgItem `json:"items"`
	Next  string    `json:"cursor,omitempty" doc:"还有下一页时返回"`
	Total int64     `json:"total" doc:"共有多少，至多数到 10000"`
}

// OrgsPage pages through organisations: the roots of what the caller may see
// when Parent and Text are empty. What it needs is org.read or org.manage.
func (s *Service) OrgsPage(ctx context.Context, q OrgQuery) (*OrgPage, error) { return nil, errLater }

// The posts that a unit names, each another person.
const (
	PostContact   = "contact"   // 联系人
	PostCustodian = "custodian" // 印章保管人
	PostReviewer  = "reviewer"  // 审核人
)

// A Post is who holds a post of a unit, or held it.
type Post struct {
	ID       string    `json:"id"`
	Org      string    `json:"org"`
	OrgName  string    `json:"org_name"`
	Post     string    `json:"post" enum:"contact,custodian,reviewer"`
	PostName string    `json:"post_name"`
	Account  string    `json:"account"`
	Name     string    `json:"name"`
	Phone    string    `json:"phone,omitempty" doc:"脱敏"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"`
	Reason   string    `json:"reason"`
}

// PostRequest appoints somebody.
type PostRequest struct {
	Org     string `path:"id" json:"-"`
	Post    string `json:"post" enum:"contact,custodian,reviewer"`
	Account string `json:"account" minLength:"1" maxLength:"64"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500"`
}

// Appoint gives somebody a post of a unit, in place of who held it.
func (s *Service) Appoint(ctx context.Context, r PostRequest) (Post, error) { return Post{}, errLater }

// Dismiss leaves a post of a unit empty.
func (s *Service) Dismiss(ctx context.Context, org, post, reason string) error { return errLater }

// Posts lists who holds the posts of a unit, with past also who held them.
func (s *Service) Posts(ctx context.Context, org string, past bool) ([]Post, error) {
	return nil, errLater
}

// UnitsWithout pages through the open units, of those that the caller may read,
// for which nobody holds a post (OPS-02).
func (s *Service) UnitsWithout(ctx context.Context, post, cursor string, limit int) (*OrgPage, error) {
	return nil, errLater
}

// AccountEdit changes an account; nil fields stay.
type AccountEdit struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Phone  *string `json:"phone,omitempty" doc:"手机号码；空串则删去"`
	Reason string  `json:"reason" minLength:"1" maxLength:"500"`
}

// EditAccount changes who an account is.
func (s *Service) EditAccount(ctx context.Context, id string, e AccountEdit) (Account, error) {
	return Account{}, errLater
}

// MoveRequest moves a person to another unit.
type MoveRequest struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"调入单位"`
	End    bool   `json:"end,omitempty" doc:"一并撤销在原单位的角色；否则须先移交"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// MoveAccount moves a person to another unit. What they hold for the old one is
// handed over before, or with End the grants end.
func (s *Service) MoveAccount(ctx context.Context, id string, r MoveRequest) (Account, error) {
	return Account{}, errLater
}

// An AccountQuery asks for a page of accounts. Name, Phone and Citizen are whole
// values, found by blind index.
type AccountQuery struct {
	Org      string // of one unit, with Below also of those below it
	Below    bool
	Username string // prefix
	Name     string
	Phone    string
	Citizen  string
	Kind     Kind
	Closed   bool // also those that are closed
	Cursor   string
	Limit    int // at most 200; 50
}

// An AccountPage is a page of accounts, masked, with their roles.
type AccountPage struct {
	Items []Account `json:"items"`
	Next  string    `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// FindAccounts pages through the accounts that the caller manages or locks.
func (s *Service) FindAccounts(ctx context.Context, q AccountQuery) (*AccountPage, error) {
	return nil, errLater
}

// Reseal is keys.Resealer for the personal data of accounts.
func (s *Service) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	return "", 0, errLater
}

// GlassRequest asks to read in an emergency.
type GlassRequest struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"记录所属单位"`
	Object string `json:"object" minLength:"1" maxLength:"200" doc:"要查阅的记录，如 cert/编号"`
	Reason string `json:"reason" minLength:"10" maxLength:"500" doc:"事由，至少 10 个字"`
}

// A Glass is one breaking of the glass (应急查阅).
type Glass struct {
	ID           string    `json:"id"`
	Account      string    `json:"account"`
	AccountName  string    `json:"account_name"`
	Org          string    `json:"org"`
	OrgName      string    `json:"org_name"`
	Object       string    `json:"object"`
	Reason       string    `json:"reason"`
	Opened       time.Time `json:"opened_at"`
	Until        time.Time `json:"until"`
	Closed       time.Time `json:"closed_at,omitzero"`
	Open         bool      `json:"open"`
	Verdict      string    `json:"verdict,omitempty" enum:"proper,improper"`
	Note         string    `json:"note,omitempty"`
	Reviewed     time.Time `json:"reviewed_at,omitzero"`
	ReviewedBy   string    `json:"reviewed_by,omitempty"`
	ReviewedName string    `json:"reviewed_by_name,omitempty"`
}

// Verdicts on a broken glass.
const (
	Proper   = "proper"
	Improper = "improper"
)

// GlassFor is how long a broken glass lasts.
const GlassFor = 30 * time.Minute

// TopicGlass announces a broken glass; its body is a GlassEvent.
const TopicGlass = "iam.glass"

// A GlassEvent is the body of TopicGlass.
type GlassEvent struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Org     string    `json:"org"`
	Object  string    `json:"object"`
	At      time.Time `json:"at"`
}

// OpenGlass gives the caller the temporary role of reading in an emergency, for
// one organisation and half an hour, and raises the alarm.
func (s *Service) OpenGlass(ctx context.Context, r GlassRequest) (Glass, error) {
	return Glass{}, errLater
}

// CloseGlass ends it before its time: who opened it, or who reviews it.
func (s *Service) CloseGlass(ctx context.Context, id string) error { return errLater }

// ReviewGlass judges it afterwards. Who opened it does not.
func (s *Service) ReviewGlass(ctx context.Context, id, verdict, note string) error { return errLater }

// A GlassPage is a page of broken glasses, newest first.
type GlassPage struct {
	Items []Glass `json:"items"`
	Next  string  `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Glasses pages through broken glasses: one's own, and those of the
// organisations for which the caller reviews them. With waiting only those that
// were not reviewed.
func (s *Service) Glasses(ctx context.Context, waiting bool, cursor string, limit int) (*GlassPage, error) {
	return nil, errLater
}

// A Holding is something that an account holds and somebody else must take over
// before it closes.
type Holding struct {
	Kind    string `json:"kind" doc:"grant、post、due，或其他模块的种类"`
	ID      string `json:"id"`
	Title   string `json:"title" doc:"说明"`
	Org     string `json:"org,omitempty"`
	OrgName string `json:"org_name,omitempty"`
	How     string `json:"how" doc:"怎样移交"`
}

// Holdings lists what an account holds: grants, posts, what is due, and what the
// other contexts know of.
func (s *Service) Holdings(ctx context.Context, account string) ([]Holding, error) {
	return nil, errLater
}

// HandOverRequest hands over what somebody holds.
type HandOverRequest struct {
	From   string   `path:"id" json:"-"`
	To     string   `json:"to" minLength:"1" maxLength:"64" doc:"接手人"`
	Items  []string `json:"items,omitempty" maxItems:"500" doc:"要移交的项目，写作 kind/id；不填则为全部"`
	Reason string   `json:"reason" minLength:"1" maxLength:"500"`
}

// Handed is what became of one holding.
type Handed struct {
	Holding
	Done bool   `json:"done" doc:"已不再由移交人持有"`
	Note string `json:"note" doc:"结果"`
}

// HandOver gives what somebody holds to a successor: posts and what is due at
// once, roles as proposals that a security administrator approves.
func (s *Service) HandOver(ctx context.Context, r HandOverRequest) ([]Handed, error) {
	return nil, errLater
}

// A ClientQuery asks for a page of clients.
type ClientQuery struct {
	Org    string // those of one organisation and below
	Text   string // in the name
	Closed bool   // also those that are closed
	Cursor string
	Limit  int // at most 200; 50
}

// A ClientPage is a page of clients, newest first.
type ClientPage struct {
	Items []Client `json:"items"`
	Next  string   `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// ClientsPage pages through the clients that the caller manages or may read.
func (s *Service) ClientsPage(ctx context.Context, q ClientQuery) (*ClientPage, error) {
	return nil, errLater
}

// ClientEdit changes a client; nil fields stay.
type ClientEdit struct {
	Name   *string    `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Scopes []string   `json:"scopes,omitempty" uniqueItems:"true"`
	Orgs   []string   `json:"orgs,omitempty"`
	Until  *time.Time `json:"until,omitempty" doc:"到期停用"`
	Reason string     `json:"reason" minLength:"1" maxLength:"500"`
}

// EditClient changes what a client may do. Its tokens follow at once.
func (s *Service) EditClient(ctx context.Context, id string, e ClientEdit) (Client, error) {
	return Client{}, errLater
}
