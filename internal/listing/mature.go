package listing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Ripe is a kind that is marked fit for wide use (成熟).
type Ripe struct {
	Kind   string    `json:"kind"`
	Title  string    `json:"title"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	Batch  string    `json:"batch,omitempty" doc:"公布它的批次；没有则尚未公布"`
}

// A Batch is kinds that were published together as fit for use (推广一批).
type Batch struct {
	ID      string    `json:"id"`
	Org     string    `json:"org"`
	OrgName string    `json:"org_name"`
	Number  int       `json:"number" doc:"第几批"`
	Title   string    `json:"title"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
	Kinds   []string  `json:"kinds"`
	Titles  []string  `json:"titles"`
}

// Batches are batches, newest first, and for who reviews the kinds that are mature.
type Batches struct {
	Items  []Batch `json:"items"`
	Mature []Ripe  `json:"mature,omitempty" doc:"标为成熟的证照类型；公开的列表不含"`
}

// A Marking marks a kind, or takes the mark away.
type Marking struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"主管单位"`
	Kind   string `json:"kind" minLength:"1" maxLength:"64"`
	Mature bool   `json:"mature" doc:"成熟；否则取消"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// Mark says whether a kind is mature. A kind of a batch stays what it was published as.
func (s *Service) Mark(ctx context.Context, m Marking) (*Batches, error) {
	reason, err := reasonOf(m.Reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := person(ctx); err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReview, m.Org); err != nil {
			return err
		}
		k, err := s.kindTx(tx, m.Kind)
		if err != nil {
			return err
		}
		launched, err := launchedBy(tx, m.Org)
		if err != nil {
			return err
		}
		if launched[k.Name] != "" {
			return fault.Conflict.New("这种证照已随批次公布").WithCode("listing.launched").WithHint("已公布的不再改变；停用请在证照目录中办理")
		}
		if err := putMaturity(tx, m.Org, k.Name, m.Mature, reason, actor(ctx)); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.mature", Object: "maturity/" + k.Name, Reason: reason, After: gm.Sum([]byte(fmt.Sprint(m.Org, " ", m.Mature)))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.mature", "maturity", err)
	}
	return s.Batches(ctx, m.Org)
}

// A Launch asks for a batch.
type Launch struct {
	Org    string   `json:"org" minLength:"1" maxLength:"64" doc:"主管单位"`
	Title  string   `json:"title" minLength:"2" maxLength:"100"`
	Kinds  []string `json:"kinds" minItems:"1" maxItems:"100" doc:"标为成熟、尚未公布的证照类型"`
	Reason string   `json:"reason" minLength:"1" maxLength:"500"`
}

// LaunchBatch publishes mature kinds together. Who marked one of them does not
// publish it, and a kind is published once.
func (s *Service) LaunchBatch(ctx context.Context, l Launch) (*Batches, error) {
	reason, err := reasonOf(l.Reason)
	if err != nil {
		return nil, err
	}
	if err := check(text{"title", "名称", &l.Title, 2, 100, false}); err != nil {
		return nil, err
	}
	if len(l.Kinds) == 0 || len(l.Kinds) > 100 {
		return nil, errField("kinds", "listing.kinds", "请选择 1 至 100 种证照类型")
	}
	id := newID()
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := person(ctx); err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReview, l.Org); err != nil {
			return err
		}
		return s.launchTx(ctx, tx, id, l, reason)
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.batch", "batch", err)
	}
	return s.Batches(ctx, l.Org)
}

func (s *Service) launchTx(ctx context.Context, tx *db.Tx, id string, l Launch, reason string) error {
	ripe, err := maturity(tx, l.Org)
	if err != nil {
		return err
	}
	var names []string
	for _, ref := range l.Kinds {
		k, err := s.kindTx(tx, ref)
		if err != nil {
			return err
		}
		n := slices.IndexFunc(ripe, func(m *ripeRow) bool { return m.kind == k.Name })
		switch {
		case n < 0 || !ripe[n].mature:
			return errField("kinds", "listing.immature", "“"+k.Title+"”还没有标为成熟")
		case ripe[n].account == actor(ctx):
			return errSame("标为成熟与公布")
		}
		names = append(names, k.Name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if err := insertBatch(tx, id, l.Org, l.Title, reason, actor(ctx)); err != nil {
		return err
	}
	for _, name := range names {
		made, err := insertLaunch(tx, l.Org, name, id)
		if err != nil {
			return err
		}
		if !made {
			return fault.Conflict.New("所选的证照有的已随其他批次公布").WithCode("listing.launched").WithHint("请刷新后只选尚未公布的")
		}
	}
	return audit.Put(tx, audit.Entry{Action: "listing.batch", Object: "batch/" + id, Reason: reason, After: gm.Sum([]byte(strings.Join(names, "\n")))})
}

// Batches are the batches of a unit, and what is mature, for who reviews there.
func (s *Service) Batches(ctx context.Context, org string) (*Batches, error) {
	if err := maySee(ctx, org); err != nil {
		return nil, err
	}
	return s.batches(ctx, org, true)
}

// Launched are the batches of all units, newest first. Anybody may read them.
func (s *Service) Launched(ctx context.Context) (*Batches, error) { return s.batches(ctx, "", false) }

func (s *Service) batches(ctx context.Context, org string, mature bool) (*Batches, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	v := &Batches{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		*v = Batches{Items: []Batch{}}
		list, err := listBatches(tx, org)
		if err != nil {
			return err
		}
		for _, b := range list {
			one := Batch{ID: b.id, Org: b.org, OrgName: names[b.org], Number: int(b.number), Title: b.title, Reason: b.reason, At: moment(b.at), Kinds: b.kinds}
			for _, kind := range b.kinds {
				title, err := s.titleTx(tx, kind)
				if err != nil {
					return err
				}
				one.Titles = append(one.Titles, title)
			}
			v.Items = append(v.Items, one)
		}
		if !mature {
			return nil
		}
		return s.ripeTx(tx, org, v)
	})
	return v, err
}

func (s *Service) ripeTx(tx *db.Tx, org string, v *Batches) error {
	ripe, err := maturity(tx, org)
	if err != nil {
		return err
	}
	launched, err := launchedBy(tx, org)
	if err != nil {
		return err
	}
	for _, m := range ripe {
		if !m.mature {
			continue
		}
		title, err := s.titleTx(tx, m.kind)
		if err != nil {
			return err
		}
		v.Mature = append(v.Mature, Ripe{m.kind, title, m.reason, moment(m.at), launched[m.kind]})
	}
	return nil
}
