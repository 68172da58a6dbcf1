package seal

import (
	"context"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/ses"
)

var errAbsent = errors.New("seal: not built")

// A PersonCheck tells how well the platform knows a person (实名等级, as
// iam.Principal.Level), and whether the account bears the name. It reads in the
// transaction that is passed to it.
type PersonCheck func(tx *db.Tx, account, name string) (level int, named bool, err error)

// A FileRequest files a seal (备案).
type FileRequest struct {
	Authority string // id of the organisation that keeps the file
	Number    string // 备案号, unique with the authority; empty: one is given
	Reason    string
}

// File files a seal that was made: it is in force from here, and what it
// replaces no more. It needs seal.file at the authority and a custodian. A
// repetition with the same authority and number returns the seal as it is.
func (s *Service) File(ctx context.Context, id string, r FileRequest) (*Seal, error) {
	return nil, errAbsent
}

// Freeze stops a seal at once (seal.freeze).
func (s *Service) Freeze(ctx context.Context, id, reason string) error { return errAbsent }

// Thaw takes a frozen seal into use again (seal.manage); not one whose key was
// lost.
func (s *Service) Thaw(ctx context.Context, id, reason string) error { return errAbsent }

// Cancel ends a seal for ever (seal.manage): its digital certificate is revoked
// and its key retired, unless another seal that lives has the same.
func (s *Service) Cancel(ctx context.Context, id, reason string) error { return errAbsent }

// Lost reports that the key of a seal is, or may be, in other hands
// (seal.freeze): every seal of the key is frozen for ever and its digital
// certificate revoked at once. What takes its place is made and filed anew.
func (s *Service) Lost(ctx context.Context, id, reason string) error { return errAbsent }

// A Handover is one change of who keeps a seal (保管移交).
type Handover struct {
	ID        string    `json:"id"`
	Seal      string    `json:"seal"`
	From      string    `json:"from" doc:"移交人账号"`
	To        string    `json:"to" doc:"接收人账号"`
	State     string    `json:"state" enum:"offered,accepted,withdrawn"`
	Reason    string    `json:"reason"`
	OfferedBy string    `json:"offered_by"`
	CreatedAt time.Time `json:"created_at"`
	ClosedBy  string    `json:"closed_by,omitempty"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	Note      string    `json:"note,omitempty" doc:"拒收或撤回的理由"`
}

// HandOver offers a seal to who shall keep it, by its custodian or with
// seal.manage. It changes hands when they accept.
func (s *Service) HandOver(ctx context.Context, id, to, reason string) (*Handover, error) {
	return nil, errAbsent
}

// Accept takes over the seal that was offered to the caller, who must hold
// seal.use for its organisation.
func (s *Service) Accept(ctx context.Context, id string) (*Seal, error) { return nil, errAbsent }

// Decline ends an offer: by whom it was made to, by the custodian, or with seal.manage.
func (s *Service) Decline(ctx context.Context, id, reason string) error { return errAbsent }

// Handovers lists who kept a seal and how it changed hands, newest first.
func (s *Service) Handovers(ctx context.Context, id string) ([]Handover, error) {
	return nil, errAbsent
}

// Kept lists the seals that the caller keeps, and those offered to them.
func (s *Service) Kept(ctx context.Context) (kept, offered []*Seal, err error) {
	return nil, nil, errAbsent
}

// Watcher makes leaving staff hand over the seals they keep.
func (s *Service) Watcher() iam.Watcher { return iam.Watcher{} }

// An Approval lets one person use a seal once, over one content.
type Approval struct {
	ID       string    `json:"id"`
	Seal     string    `json:"seal"`
	Object   string    `json:"object" doc:"为何用印"`
	Content  gm.Digest `json:"-"`
	Operator string    `json:"operator" doc:"申请人账号：由其用印"`
	Approver string    `json:"approver" doc:"批准人账号"`
	Device   string    `json:"device,omitempty" doc:"批准时所用设备"`
	Factor   string    `json:"factor" doc:"批准时的身份确认方式"`
	Basis    string    `json:"basis" doc:"依据：适用的规则和理由"`
	Until    time.Time `json:"until"`
	At       time.Time `json:"at"`
	UsedBy   string    `json:"used_by,omitempty" doc:"用印记录编号"`
	UsedAt   time.Time `json:"used_at,omitzero"`
}

// ApproveTx records that the custodian allows one use. Approver is whoever acts
// in tx; Until is a day from now where it is zero, and never after the seal's
// end. Programs do not approve, and nobody their own request.
func (s *Service) ApproveTx(tx *db.Tx, a Approval) (id string, err error) { return "", errAbsent }

// IntendApprovedTx is IntendTx under an approval, which it takes: nobody gets a
// second token for it. Whoever acts in tx must be who asked, for the same object
// over the same content.
func (s *Service) IntendApprovedTx(tx *db.Tx, approval, object string, content gm.Digest) (*Token, error) {
	return nil, errAbsent
}

// Refused records in the audit that a use, an approval or a change of a seal was
// refused, and returns err as it is. Callers of the functions that take a
// transaction call it once that has failed: what stood in it is gone.
func (s *Service) Refused(ctx context.Context, action, object string, err error) error { return err }

// Whom a rule lets ask.
const (
	AskHere = ""  // whoever holds seal.ask for the seal's organisation
	AskAny  = "*" // whoever holds seal.ask for any organisation: several units on one document
)

// Levels of a rule, in the order in which they decide.
const (
	ByCustodian = "custodian"
	ByLeader    = "leader"
)

// A Rule is one line of the approval matrix of a seal (用印审批矩阵): who may ask
// for what, how many at a time, until when, and who decides.
type Rule struct {
	ID        string    `json:"id"`
	Seal      string    `json:"seal"`
	Purpose   string    `json:"purpose" doc:"文件种类，如 公文、协议；* 为全部"`
	Asker     string    `json:"asker" doc:"角色代码；空：本单位有申请用印权限的人；*：任何单位有申请用印权限的人"`
	Levels    []string  `json:"levels" doc:"依次由谁批准：leader、custodian"`
	Max       int       `json:"max" doc:"一次最多几件文件"`
	Until     time.Time `json:"until"`
	Reason    string    `json:"reason"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

// PutRule adds a line to a seal's matrix, by its custodian or with seal.manage.
func (s *Service) PutRule(ctx context.Context, r Rule) (*Rule, error) { return nil, errAbsent }

// EndRule ends a line.
func (s *Service) EndRule(ctx context.Context, id, reason string) error { return errAbsent }

// Rules lists the matrix of a seal as it is in force.
func (s *Service) Rules(ctx context.Context, id string) ([]Rule, error) { return nil, errAbsent }

// RuleTx returns the line by which account may ask for a purpose now. Roles are
// known of whoever acts in tx alone; for another account only lines without a
// role are looked at. None is a fault.Forbidden that says the way out.
func (s *Service) RuleTx(tx *db.Tx, seal, purpose, account string) (*Rule, error) {
	return nil, errAbsent
}

// UsableTx returns a seal that may stamp now, or refuses with the rule.
func (s *Service) UsableTx(tx *db.Tx, id string) (*Seal, error) { return nil, errAbsent }

// DoneTx is the function DoneTx, and tells the outbox that the seal stamped.
func (s *Service) DoneTx(tx *db.Tx, use string, document gm.Digest) error { return errAbsent }

// A Query asks for a page of seals. Empty fields ask for all.
type Query struct {
	Org    string // of one organisation and all below it
	State  string
	Kind   string
	Text   string // what its name, its identifier or its number begins with
	Limit  int    // at most 200; 100
	Cursor string
}

// Search pages through the seals that the caller may see, newest first.
func (s *Service) Search(ctx context.Context, q Query) (*Page, error) { return nil, errAbsent }

// A UsePage is a page of uses, newest first.
type UsePage struct {
	Items []UseRecord `json:"items"`
	Next  string      `json:"next,omitempty"`
}

// A UseRecord is a use with what allowed it.
type UseRecord struct {
	Use
	DocumentDigest string    `json:"document,omitempty" doc:"用印后文件的 SM3，十六进制"`
	ContentDigest  string    `json:"content" doc:"待签内容的 SM3，十六进制"`
	Approved       *Approval `json:"approved,omitempty"`
}

// Uses pages through the uses of a seal: who, when, on what, approved by whom.
func (s *Service) Uses(ctx context.Context, id string, limit int, cursor string) (*UsePage, error) {
	return nil, errAbsent
}

// Policies lists the standing policies of a seal, newest first.
func (s *Service) Policies(ctx context.Context, id string) ([]Policy, error) { return nil, errAbsent }

// A PublicSeal is what anybody may know of a seal.
type PublicSeal struct {
	ID         string    `json:"id"`
	Name       string    `json:"name" doc:"印章名称；电子名章和个人印章脱敏"`
	Unit       string    `json:"unit" doc:"所属单位"`
	Kind       string    `json:"kind"`
	KindName   string    `json:"kind_name"`
	State      string    `json:"state"`
	StateName  string    `json:"state_name"`
	ValidFrom  time.Time `json:"valid_from"`
	ValidTo    time.Time `json:"valid_to"`
	Number     string    `json:"number" doc:"备案号"`
	Authority  string    `json:"authority" doc:"备案机关"`
	FiledAt    time.Time `json:"filed_at"`
	ReplacedBy string    `json:"replaced_by,omitempty"`
	StatusURI  string    `json:"status_uri,omitempty" doc:"签名状态列表的地址"`
	StatusPage int64     `json:"-"`
	StatusIdx  int64     `json:"status_index,omitempty" doc:"在状态列表中的序号"`
}

// PublicFind finds filed seals whose name begins with q, at least two
// characters, or whose identifier or filing number it is: 20 at most. Seals of
// persons are found by identifier and number alone. It asks nobody's permission.
func (s *Service) PublicFind(ctx context.Context, q string) ([]PublicSeal, error) {
	return nil, errAbsent
}

// PublicGet returns one filed seal to anybody.
func (s *Service) PublicGet(ctx context.Context, id string) (*PublicSeal, error) {
	return nil, errAbsent
}

// A CraftRequest asks the maker to sign the picture of a personal signature as
// a seal.
type CraftRequest struct {
	ID, Name    string
	Certificate *gm.Certificate
	Picture     ses.Picture
	From, To    time.Time
}

// Craft signs it. The caller answers for who asks; nothing is kept but the
// audit row. The validity must lie within the digital certificate's.
func (s *Service) Craft(ctx context.Context, r CraftRequest) (*ses.Seal, error) {
	return nil, errAbsent
}
