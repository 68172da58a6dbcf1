package cert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/seal"
)

// A Step is one thing that happened to a certificate.
type Step struct {
	At       time.Time `json:"at"`
	Action   string    `json:"action"`
	Name     string    `json:"name" doc:"事项的中文名称"`
	Actor    string    `json:"actor" doc:"经办人或应用；空：平台"`
	Org      string    `json:"org,omitempty"`
	Purpose  string    `json:"purpose,omitempty" doc:"用途代码"`
	Reason   string    `json:"reason,omitempty"`
	Refused  bool      `json:"refused,omitempty" doc:"被拒绝"`
	Evidence string    `json:"evidence,omitempty" doc:"SM3 摘要"`
	Entry    string    `json:"entry,omitempty" doc:"审计记录编号；长期保存的证据由平台加盖时间戳，没有审计记录"`
}

// A Trace is the whole history of a certificate (追溯).
type Trace struct {
	Certificate *Certificate `json:"certificate"`
	Acts        []*Act       `json:"acts" doc:"状态事项，先后为序"`
	Steps       []Step       `json:"steps"`
	Uses        []*seal.Use  `json:"uses" doc:"用印记录"`
	Transfers   []*Transfer  `json:"transfers,omitempty" doc:"颁证职责移交，先后为序"`
	Verified    []Verified   `json:"verified,omitempty" doc:"公开核验的次数，按日，先后为序"`
}

// Verified is how often a certificate was verified on a day, by anyone. Lookings of
// one caller within a minute count once.
type Verified struct {
	Day   string `json:"day"`
	Times int    `json:"times"`
	Last  string `json:"last" doc:"当日最后一次，时:分"`
}

// names are the Chinese words for what the audit calls actions.
var names = map[string]string{
	"cert.plan": "确定签发内容，登记用印", "cert.issue": "用印签发", "cert.withdraw": "撤回未完成的签发", "cert.seals": "提请各单位用印", "cert.physical": "登记实体证照",
	actView: "查看记录", actTrace: "查看追溯", actRead: "查阅", actReveal: "显示未脱敏信息", actVerify: "核验", actGlass: "应急查阅",
	ActAnnotate: "制作加注件", "annotation.withdraw": "撤回未制成的加注件", "annotation.read": "取加注件", "annotation.view": "查看加注件记录", "annotation.end": "持证人撤回加注件",
	actStamped: "加盖归档时间戳，保存长期证据", actRenewed: "续加归档时间戳", "lasting.read": "取长期证据", "issuing.correct": "经办更正、变更、换证",
}

// maxSteps bounds what is told of a certificate, the oldest first: how it came
// about is told whatever happened to it since.
const maxSteps = 10_000

// Trace tells all that happened to a certificate, oldest first. That it was
// told is recorded, and stands in the next one.
func (s *Service) Trace(ctx context.Context, id string) (*Trace, error) {
	ctx, c, err := s.look(ctx, id, actTrace)
	if err != nil {
		return nil, err
	}
	t := &Trace{Certificate: c}
	if t.Uses, err = s.Seal.UsesOf(ctx, object(id)); err != nil {
		return nil, err
	}
	if err := s.addUses(ctx, t); err != nil {
		return nil, err
	}
	if t.Transfers, err = s.transfersOf(ctx, c); err != nil {
		return nil, err
	}
	entries, err := s.entries(ctx, object(id))
	if err != nil {
		return nil, err
	}
	slices.Reverse(entries) // they come newest first
	t.Verified = perDay(entries)
	entries = entries[:min(len(entries), maxSteps)]
	if t.Acts, err = s.acts(ctx, id); err != nil {
		return nil, err
	}
	people, err := s.people(ctx, entries, t.Acts)
	if err != nil {
		return nil, err
	}
	for _, a := range t.Acts {
		a.Actor, a.Org = cmp.Or(people[a.account], a.app), a.org
	}
	for _, e := range entries {
		t.Steps = append(t.Steps, stepOf(e, people))
	}
	if err := s.addStamps(ctx, t); err != nil {
		return nil, err
	}
	if err := s.looked(ctx, audit.Entry{Action: actTrace, Object: object(id)}); err != nil {
		return nil, err
	}
	return t, nil
}

// A ProofStamp is a time stamp of lasting proof of a document. Digest is the digest
// algorithm, as people name it, that proof changed to with it; empty: it did not.
type ProofStamp struct {
	At     time.Time
	Digest string
}

// addStamps adds when lasting proof of the document was made and renewed, where
// it belongs by its time.
func (s *Service) addStamps(ctx context.Context, t *Trace) error {
	if s.Stamped == nil || t.Certificate.Document == "" {
		return nil
	}
	all, err := s.Stamped(ctx, t.Certificate)
	if err != nil {
		return err
	}
	for i, x := range all {
		st := Step{At: x.At, Action: actStamped, Evidence: t.Certificate.Document}
		if i > 0 {
			st.Action = actRenewed
		}
		if st.Name = names[st.Action]; x.Digest != "" {
			st.Name += "，摘要算法改用 " + x.Digest
		}
		t.Steps = append(t.Steps, st)
	}
	slices.SortStableFunc(t.Steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return nil
}

// perDay counts verifications, by the calendar of the certificates' place and
// without who asked. Entries are the oldest first.
func perDay(entries []audit.Entry) (out []Verified) {
	for _, e := range entries {
		if e.Action != actVerify || e.Result == audit.Refused {
			continue
		}
		at := e.At.In(beijing)
		if day := at.Format(time.DateOnly); len(out) == 0 || out[len(out)-1].Day != day {
			out = append(out, Verified{Day: day})
		}
		last := &out[len(out)-1]
		last.Times, last.Last = last.Times+1, at.Format("15:04")
	}
	return out
}

// addUses adds the uses of seals by the units that were asked for them.
func (s *Service) addUses(ctx context.Context, t *Trace) error {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, t.Certificate.ID) })
	if err != nil || r.deskRequest == "" {
		return err
	}
	q, err := s.request(ctx, r)
	if err != nil {
		return err
	}
	for _, st := range q.Steps {
		uses, err := s.Seal.UsesOf(ctx, "sealing/"+st.ID)
		if err != nil {
			return err
		}
		t.Uses = append(t.Uses, uses...)
	}
	return nil
}

func (s *Service) entries(ctx context.Context, object string) (all []audit.Entry, err error) {
	q := audit.Query{Object: object, Limit: 1000}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		for {
			some, next, err := audit.List(tx, q)
			all = append(all, some...)
			if err != nil || next == (audit.Cursor{}) {
				return err
			}
			q.After = next
		}
	})
	return all, err
}

// acts are what was done to a certificate, in words.
func (s *Service) acts(ctx context.Context, id string) (out []*Act, err error) {
	if err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = actsOf(tx, id); return err }); err != nil {
		return nil, err
	}
	for _, a := range out {
		line, _ := state.Find(a.Action)
		a.Name, a.Was, a.Became = line.Name, stateWords(a.was), stateWords(a.became)
	}
	return out, nil
}

// splitState takes apart what state.State's String put together.
func splitState(text string) (status string, marks []Marked) {
	status, kept, _ := strings.Cut(text, "/")
	return status, marksOf(kept)
}

func stateWords(text string) string {
	status, marks := splitState(text)
	out := Label(status)
	for _, m := range marks {
		out += "、" + m.Name
	}
	return out
}

// people are the names of the accounts in entries and acts.
func (s *Service) people(ctx context.Context, entries []audit.Entry, acts []*Act) (map[string]string, error) {
	var ids []string
	for _, a := range acts {
		if a.account != "" {
			ids = append(ids, a.account)
		}
	}
	for _, e := range entries {
		if e.Actor.Account != "" {
			ids = append(ids, e.Actor.Account)
		}
	}
	return s.IAM.Names(ctx, ids)
}

func nameOfStep(action string) string {
	if a, ok := state.Find(strings.TrimPrefix(action, "cert.")); ok {
		return a.Name
	}
	return names[action]
}

func stepOf(e audit.Entry, people map[string]string) Step {
	actor := cmp.Or(people[e.Actor.Account], e.Actor.Name, e.Actor.App)
	st := Step{At: e.At, Action: e.Action, Name: nameOfStep(e.Action), Actor: actor, Org: e.Actor.Org, Purpose: e.Purpose, Reason: e.Reason,
		Refused: e.Result == audit.Refused, Entry: e.ID}
	if e.After != ([32]byte{}) {
		st.Evidence = fmt.Sprintf("%x", e.After)
	}
	return st
}
