package provider

import (
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
)

// Permissions.
const (
	Manage = "provider.manage"
	Read   = "provider.read"
)

// Protocol is the one that is spoken: see the package's documentation.
const Protocol = "sidian-verify-1"

// Zones in which a provider stands.
const (
	Extranet = "extranet" // 政务外网
	Internet = "internet" // 互联网
)

// A State is that of an entry.
type State string

// States.
const (
	Proposed  State = "proposed"
	Active    State = "active"
	Suspended State = "suspended"
	Removed   State = "removed"
	Refused   State = "refused"
	Replaced  State = "replaced"
)

var stateNames = map[State]string{
	Proposed: "待批准", Active: "有效", Suspended: "已暂停", Removed: "已移除", Refused: "未批准", Replaced: "已由新版本代替",
}

// moves are the states that each state may lead to.
var moves = map[State][]State{
	Proposed: {Active, Refused}, Active: {Suspended, Replaced}, Suspended: {Removed, Replaced},
}

// move refuses a change of state that the table does not know.
func (e *Entry) move(to State) error {
	if slices.Contains(moves[e.State], to) {
		return nil
	}
	return fault.Conflict.New("签章服务商“%s”目前%s，不能变为%s", e.Name, stateNames[e.State], stateNames[to]).
		WithCode("provider.state").WithHint("请刷新后核对状态；已暂停的服务商须重新提出并由另一人批准")
}

// What a maker's digital certificate is.
const (
	UseMaker     = "maker"     // of a seal maker, itself
	UseAuthority = "authority" // of an issuing authority: makers and signers under it
)

// A Maker is a digital certificate that a provider answers for.
type Maker struct {
	Use         string `json:"use" enum:"maker,authority" doc:"制章者证书，或签发机构证书（含其下签发的）"`
	Digest      string `json:"digest" doc:"证书的 SM3，十六进制"`
	Subject     string `json:"subject"`
	Certificate string `json:"certificate" doc:"PEM"`

	parsed *gm.Certificate
}

// An Entry is one version of what is registered of a provider.
type Entry struct {
	Entry       string    `json:"entry" doc:"本版本的编号"`
	ID          string    `json:"id" doc:"服务商标识，也是其答复中的 provider"`
	Version     int64     `json:"version"`
	Org         string    `json:"org" doc:"登记单位"`
	Name        string    `json:"name"`
	Operator    string    `json:"operator" doc:"运营单位"`
	Zone        string    `json:"zone" enum:"extranet,internet"`
	Endpoint    string    `json:"endpoint"`
	Protocol    string    `json:"protocol"`
	Certificate string    `json:"certificate" doc:"答复签名用的数字证书，PEM"`
	Makers      []Maker   `json:"makers"`
	State       State     `json:"state" enum:"proposed,active,suspended,removed,refused,replaced"`
	StateName   string    `json:"state_name"`
	Reason      string    `json:"reason"`
	Source      string    `json:"source,omitempty" doc:"由哪个平台的信任列表引入"`
	ProposedBy  string    `json:"proposed_by"`
	ProposedAt  time.Time `json:"proposed_at"`
	DecidedBy   string    `json:"decided_by,omitempty"`
	DecidedAt   time.Time `json:"decided_at,omitzero"`
	Note        string    `json:"note,omitempty" doc:"批准或不批准的理由"`
	EndedBy     string    `json:"ended_by,omitempty" doc:"暂停、移除的人"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
	EndedReason string    `json:"ended_reason,omitempty"`
	FlaggedAt   time.Time `json:"flagged_at,omitzero" doc:"曾作虚假答复的时间；重新批准前其有效结论不被采信"`
	Altered     bool      `json:"altered,omitempty" doc:"登记信息在数据库中被改动，不再采信"`
	Health      *Health   `json:"health,omitempty"`

	key *gm.Certificate
	mac []byte
}

// idForm is that of a provider's id: like a host name, so that instances may take theirs.
var idForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{1,62}[a-z0-9])$`)

// digests are those of the makers, sorted.
func (e *Entry) digests() []string {
	out := make([]string, 0, len(e.Makers))
	for _, m := range e.Makers {
		out = append(out, m.Use+" "+m.Digest)
	}
	slices.Sort(out)
	return out
}

// fields are what the row's MAC is over: everything that decides whom we believe.
func (e *Entry) fields() []any {
	return []any{
		e.ID, e.Version, e.Org, e.Name, e.Operator, e.Zone, e.Endpoint, e.Protocol, e.key.Raw, e.digests(), string(e.State),
		e.ProposedBy, e.ProposedAt, e.DecidedBy, e.DecidedAt, e.EndedBy, e.EndedAt, e.FlaggedAt,
	}
}

// newMaker describes a digital certificate as a maker.
func newMaker(use string, c *gm.Certificate) Maker {
	d := c.Digest()
	return Maker{Use: use, Digest: hex.EncodeToString(d[:]), Subject: c.SubjectName(), Certificate: string(c.PEM()), parsed: c}
}
