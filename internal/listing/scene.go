package listing

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Scenery is what a unit says of a scene (应用场景) where certificates may be used.
type Scenery struct {
	Name    string   `json:"name" minLength:"2" maxLength:"100"`
	Kinds   []string `json:"kinds" minItems:"1" maxItems:"30" doc:"可用的证照类型的目录名或代码"`
	Guide   string   `json:"guide" minLength:"10" maxLength:"5000" doc:"应用指南。空行分段，“# ”开头为小标题，“- ”开头为列表"`
	Contact string   `json:"contact,omitempty" maxLength:"100" doc:"咨询的单位和座机；不写手机号码"`
	Starts  string   `json:"starts,omitempty" maxLength:"10" doc:"公布日期，2026-01-31；不填则为当天"`
	Ends    string   `json:"ends,omitempty" maxLength:"10" doc:"结束日期，当天仍公布；不填则长期"`
}

// A Scene is a scene with its guide.
type Scene struct {
	ID       string `json:"id"`
	Unit     string `json:"unit" doc:"用证单位"`
	UnitName string `json:"unit_name"`
	Scenery
	Titles       []string  `json:"titles" doc:"证照类型名称"`
	Version      int       `json:"version"`
	State        string    `json:"state" enum:"upcoming,effective,ended,withdrawn"`
	At           time.Time `json:"changed_at"`
	WithdrawnAt  time.Time `json:"withdrawn_at,omitzero"`
	WithdrawnWhy string    `json:"withdrawn_why,omitempty"`
	Blocks       []Block   `json:"-"`
}

// States of a scene beside Effective and Withdrawn.
const (
	Upcoming = "upcoming"
	Ended    = "ended"
)

// A ScenePage is a page of scenes, newest first.
type ScenePage struct {
	Items []Scene `json:"items"`
	Next  string  `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// A Block is a paragraph of a guide, a heading, or the lines of a list.
type Block struct {
	Heading, Text string
	Items         []string
}

// Blocks are a guide as it is shown: the formatting is in its lines, and nothing in
// it is ever taken for more than text.
func Blocks(guide string) (out []Block) {
	var text []string
	end := func() {
		if len(text) > 0 {
			out, text = append(out, Block{Text: strings.Join(text, "\n")}), nil
		}
	}
	for line := range strings.SplitSeq(guide, "\n") {
		line = strings.TrimSpace(line)
		heading, isHeading := strings.CutPrefix(line, "# ")
		one, isItem := strings.CutPrefix(line, "- ")
		switch {
		case line == "":
			end()
		case isHeading:
			end()
			out = append(out, Block{Heading: heading})
		case isItem:
			end()
			if n := len(out); n > 0 && out[n-1].Items != nil {
				out[n-1].Items = append(out[n-1].Items, one)
			} else {
				out = append(out, Block{Items: []string{one}})
			}
		default:
			text = append(text, line)
		}
	}
	end()
	return out
}

// checkScene completes what a unit says.
func (s *Service) checkScene(tx *db.Tx, d *Scenery) error {
	err := check(text{"name", "名称", &d.Name, 2, 100, false}, text{"guide", "应用指南", &d.Guide, 10, 5000, true}, text{"contact", "咨询方式", &d.Contact, 0, 100, false})
	if err != nil {
		return err
	}
	if len(d.Kinds) == 0 || len(d.Kinds) > 30 {
		return errField("kinds", "listing.kinds", "请选择 1 至 30 种证照类型")
	}
	kinds := make([]string, len(d.Kinds))
	for i, ref := range d.Kinds {
		k, err := s.kindTx(tx, ref)
		if err != nil {
			return err
		}
		kinds[i] = k.Name
	}
	slices.Sort(kinds)
	d.Kinds = slices.Compact(kinds)
	if d.Starts == "" {
		d.Starts = today(tx)
	}
	if err := dateOf("starts", "公布日期", d.Starts); err != nil {
		return err
	}
	if d.Ends == "" {
		return nil
	}
	if err := dateOf("ends", "结束日期", d.Ends); err != nil {
		return err
	}
	if d.Ends < d.Starts {
		return errField("ends", "listing.dates", "结束日期不早于公布日期")
	}
	return nil
}

// AddScene publishes a scene from a day on.
func (s *Service) AddScene(ctx context.Context, unit string, d Scenery) (*Scene, error) {
	id := newID()
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		d := d
		if err := iam.Allow(ctx, permReport, unit); err != nil {
			return err
		}
		o, err := iam.OrgTx(tx, unit)
		if err != nil {
			return err
		}
		if err := s.checkScene(tx, &d); err != nil {
			return err
		}
		made, err := insertScene(tx, &sceneRow{id: id, unit: unit, path: o.Path(), said: d, version: 1, account: actor(ctx), at: tx.Now().UnixMilli()})
		if err != nil {
			return err
		}
		if !made {
			return errScene()
		}
		return audit.Put(tx, audit.Entry{Action: "listing.scene", Object: "scene/" + id, After: d.digest()})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.scene", "scene", err)
	}
	return s.scene(ctx, id)
}

func errScene() error {
	return fault.Conflict.New("本单位已有同名的场景").WithCode("listing.scene-exists").WithHint("请修改已有的场景").WithField("name", "listing.scene-exists", "本单位已有同名的场景")
}

func (d *Scenery) digest() gm.Digest {
	return gm.Sum([]byte(strings.Join([]string{d.Name, strings.Join(d.Kinds, ","), d.Guide, d.Contact, d.Starts, d.Ends}, "\x00")))
}

// mySceneTx is a scene that was not withdrawn, locked, for who reports for its unit.
func mySceneTx(ctx context.Context, tx *db.Tx, id string) (*sceneRow, error) {
	r, err := sceneByID(tx, id, true)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permReport, r.unit); err != nil {
		return nil, err
	}
	if r.withdrawn != nil {
		return nil, fault.Conflict.New("这个场景已经撤下").WithCode("listing.scene-state").WithHint("需要的请重新公布")
	}
	return r, nil
}

// ChangeScene publishes a scene anew.
func (s *Service) ChangeScene(ctx context.Context, id string, d Scenery) (*Scene, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		d := d
		r, err := mySceneTx(ctx, tx, id)
		if err != nil {
			return err
		}
		if d.Starts == "" {
			d.Starts = r.said.Starts
		}
		if err := s.checkScene(tx, &d); err != nil {
			return err
		}
		before := r.said.digest()
		r.said, r.version, r.account, r.at = d, r.version+1, actor(ctx), tx.Now().UnixMilli()
		twice, err := sceneNamed(tx, r)
		if err != nil {
			return err
		}
		if twice {
			return errScene()
		}
		if err := saveScene(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.scene", Object: "scene/" + id, Before: before, After: d.digest()})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.scene", "scene/"+id, err)
	}
	return s.scene(ctx, id)
}

// WithdrawScene takes a scene that is over from the public.
func (s *Service) WithdrawScene(ctx context.Context, id, reason string) (*Scene, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := mySceneTx(ctx, tx, id)
		if err != nil {
			return err
		}
		now := tx.Now().UnixMilli()
		r.withdrawn, r.withdrawnBy, r.withdrawnWhy = &now, actor(ctx), reason
		if err := saveScene(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.scene-over", Object: "scene/" + id, Reason: reason})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.scene-over", "scene/"+id, err)
	}
	return s.scene(ctx, id)
}

func (s *Service) scene(ctx context.Context, id string) (*Scene, error) {
	var v Scene
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := sceneByID(tx, id, false)
		if err == nil {
			v, err = s.sceneView(tx, r)
		}
		return err
	})
	return &v, err
}

func (s *Service) sceneView(tx *db.Tx, r *sceneRow) (v Scene, err error) {
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return v, err
	}
	v = Scene{ID: r.id, Unit: r.unit, UnitName: o.Name, Scenery: r.said, Version: int(r.version), At: moment(r.at), State: Effective, WithdrawnAt: at(r.withdrawn), WithdrawnWhy: r.withdrawnWhy, Blocks: Blocks(r.said.Guide)}
	switch day := today(tx); {
	case r.withdrawn != nil:
		v.State = Withdrawn
	case day < r.said.Starts:
		v.State = Upcoming
	case r.said.Ends != "" && day > r.said.Ends:
		v.State = Ended
	}
	for _, name := range r.said.Kinds {
		title, err := s.titleTx(tx, name)
		if err != nil {
			return v, err
		}
		v.Titles = append(v.Titles, title)
	}
	return v, nil
}

// titleTx is what a kind is called; one that was disabled keeps its name.
func (s *Service) titleTx(tx *db.Tx, name string) (string, error) {
	k, err := s.Catalogue.KindTx(tx, name)
	if fault.As(err) != nil {
		return name, nil
	}
	if err != nil {
		return "", err
	}
	return k.Title, nil
}

// Scenes pages through the scenes of a unit, for who reports or reviews for it, or
// with public through those that are published today, for anybody.
func (s *Service) Scenes(ctx context.Context, unit string, public bool, cursor string, limit int) (*ScenePage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	if !public {
		if err := maySee(ctx, unit); err != nil {
			return nil, err
		}
	}
	p := &ScenePage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Scene{}, ""
		list, err := listScenes(tx, unit, public, today(tx), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			p.Next = db.Cursor(list[limit-1].at, list[limit-1].id)
		}
		for _, r := range list {
			v, err := s.sceneView(tx, r)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, v)
		}
		return nil
	})
	return p, err
}
