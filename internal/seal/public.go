package seal

import (
	"context"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/status"
)

// A PublicSeal is what anybody may know of a seal (电子印章状态公开).
type PublicSeal struct {
	ID         string    `json:"id"`
	Name       string    `json:"name" doc:"印章名称；电子名章和个人印章脱敏"`
	Unit       string    `json:"unit,omitempty" doc:"所属单位；个人印章没有"`
	Kind       string    `json:"kind"`
	KindName   string    `json:"kind_name"`
	State      string    `json:"state" enum:"effective,frozen,cancelled,replaced,expired"`
	StateName  string    `json:"state_name"`
	ValidFrom  time.Time `json:"valid_from"`
	ValidTo    time.Time `json:"valid_to"`
	Number     string    `json:"number,omitempty" doc:"备案号"`
	Authority  string    `json:"authority,omitempty" doc:"备案机关"`
	FiledAt    time.Time `json:"filed_at,omitzero" doc:"备案时间"`
	ReplacedBy string    `json:"replaced_by,omitempty" doc:"由哪枚印章代替"`
	StatusURI  string    `json:"status_uri,omitempty" doc:"签名状态列表的地址"`
	StatusIdx  int64     `json:"status_index,omitempty" doc:"在状态列表中的序号"`
}

// Limits of a public search.
const (
	leastPrefix = 2 // characters
	mostFound   = 20
	mostText    = 100 // characters
)

// PublicFind finds filed seals whose name begins with q, at least two
// characters, or whose identifier or filing number it is: 20 at most. Seals of
// persons are found by identifier and number alone. It asks nobody's permission.
func (s *Service) PublicFind(ctx context.Context, q string) ([]PublicSeal, error) {
	q = strings.TrimSpace(q)
	if n := len([]rune(q)); n < leastPrefix || n > mostText {
		return nil, fault.Invalid.New("请至少输入 %d 个字", leastPrefix).WithCode("seal.query").WithHint("请输入印章名称的开头、印章编号或备案号").
			WithField("q", "length", "应为 2 至 100 个字")
	}
	out := []PublicSeal{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		found, err := publicKnown(tx, q, mostFound)
		if err == nil && len(found) == 0 {
			found, err = publicNamed(tx, q, mostFound)
		}
		for _, x := range found {
			p, err := s.public(tx, x)
			if err != nil {
				return err
			}
			out = append(out, *p)
		}
		return err
	})
	return out, err
}

// PublicGet returns one filed seal to anybody. One that was never filed is
// unknown.
func (s *Service) PublicGet(ctx context.Context, id string) (p *PublicSeal, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err == nil && !x.filed() {
			err = fault.NotFound.New("没有这枚印章").WithCode("seal.unknown").WithHint("请核对印章编号")
		}
		if err != nil {
			return err
		}
		p, err = s.public(tx, x)
		return err
	})
	return p, err
}

// filed tells whether the seal is public: it was filed, or made before filing
// was kept, when no digest of the imprint was either.
func (s *Seal) filed() bool { return !s.FiledAt.IsZero() || s.Imprint == "" }

func (s *Service) public(tx *db.Tx, x *Seal) (*PublicSeal, error) {
	state := x.At(tx.Now())
	p := &PublicSeal{
		ID: x.ID, Name: x.Name, Kind: x.Kind, KindName: labels[x.Kind], State: state, StateName: stateNames[state],
		ValidFrom: x.ValidFrom, ValidTo: x.ValidTo, Number: x.Number, FiledAt: x.FiledAt, ReplacedBy: x.ReplacedBy,
	}
	if OfPerson(x.Kind) {
		p.Name = gbcode.MaskName(x.Name)
	}
	for _, n := range []struct {
		org string
		to  *string
	}{{x.Org, &p.Unit}, {x.Authority, &p.Authority}} {
		if n.org == "" || x.Kind == Personal && n.to == &p.Unit {
			continue
		}
		o, err := iam.OrgTx(tx, n.org)
		if unlessNotFound(err) != nil {
			return nil, err
		}
		*n.to = o.Name
	}
	if s.Status == nil {
		return p, nil
	}
	e, err := status.EntryTx(tx, status.Seals, x.ID)
	if err == nil {
		p.StatusURI, p.StatusIdx = s.Status.URI(e), e.Index
	}
	return p, unlessNotFound(err)
}
