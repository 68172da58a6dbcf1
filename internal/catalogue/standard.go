package catalogue

import (
	"context"
	"strings"

	"sidian/certid"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// A Standard is what the country published of a kind (GEN-10): its code and the
// standard that describes it.
type Standard struct {
	Title    string `json:"title" minLength:"1" maxLength:"128" doc:"证照类型名称"`
	Code     string `json:"code" minLength:"21" maxLength:"21" doc:"国家公布的证照类型代码"`
	Standard string `json:"standard" minLength:"1" maxLength:"128" doc:"标准编号和年代号"`
	Since    string `json:"since" minLength:"10" maxLength:"10" doc:"公布日期，形如 2026-01-02"`
	Reason   string `json:"reason" minLength:"1" maxLength:"500" doc:"依据，如公告的文号"`
}

// How a kind stands to what the country published.
const (
	StandingCurrent = "current" // its code is national, and nothing newer is known
	StandingMissing = "missing" // minted here: the country published none, as far as is known
	StandingNewer   = "newer"   // the country published another code, or a newer standard
)

// A Standing is one kind in force beside the newest that the country published.
type Standing struct {
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Code     string    `json:"code"`
	Standard string    `json:"standard,omitempty" doc:"类型所依据的标准"`
	Version  int       `json:"version"`
	State    string    `json:"state" enum:"current,missing,newer" doc:"current 已用国家代码和最新标准；missing 尚无国家代码；newer 国家已公布新的代码或标准，应换版"`
	National *Standard `json:"national,omitempty" doc:"国家最近公布的"`
}

// RegisterStandard records what the country published of a kind. Who keeps the
// directory (catalogue.agree) does so.
func (s *Service) RegisterStandard(ctx context.Context, n Standard) (*Standard, error) {
	reason, err := reasonOf(n.Reason)
	if err != nil {
		return nil, err
	}
	n.Title, n.Standard = strings.TrimSpace(n.Title), strings.TrimSpace(n.Standard)
	p := problems{}
	filled(&p, "title", n.Title, 128)
	filled(&p, "standard", n.Standard, 128)
	code, err := certid.ParseKind(n.Code)
	if err != nil {
		p.add("code", "code", "应是 21 位证照类型代码（GB/T 36904）")
	}
	if _, err := workday.ParseDate(n.Since); err != nil {
		p.add("since", "date", "应是存在的日期，形如 2026-01-02")
	}
	if err := p.err("国家证照标准填写有误"); err != nil {
		return nil, err
	}
	n.Code = code.String()
	fallen, err := s.fallen(ctx, &n)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := person(ctx)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permAgree, ""); err != nil {
			return err
		}
		made, err := insertStandard(tx, standardRow{n.Title, n.Code, n.Standard, n.Since, who.Account, reason, tx.Now().UnixMilli()})
		if err != nil {
			return err
		}
		if !made {
			return fault.Conflict.New("这一天公布的标准已经登记").WithCode("catalogue.standard-exists").WithHint("同一类型同一天只登记一次")
		}
		newest, err := newestStandard(tx, n.Title)
		if err != nil {
			return err
		}
		if newest.Since == n.Since { // one that is only made good tells nobody
			if err := s.tellFallenTx(tx, &n, fallen); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "catalogue.standard", Object: objectOf("standard/" + n.Code), Reason: reason})
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "catalogue.standard", Object: objectOf("standard/" + n.Code), Reason: reason}, err)
	}
	return &n, nil
}

// newestStandard is what the country published newest of a title; nil: nothing that
// was registered.
func newestStandard(tx *db.Tx, title string) (*Standard, error) {
	r, err := lastStandard(tx, title)
	if err != nil || r == nil {
		return nil, err
	}
	return &Standard{r.title, r.code, r.standard, r.since, r.reason}, nil
}

// Standings compares the kinds in force with what the country published.
func (s *Service) Standings(ctx context.Context) ([]Standing, error) {
	kinds, err := s.Published(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[string]Standard{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		clear(newest)
		list, err := standards(tx)
		for _, n := range list {
			if _, ok := newest[n.title]; !ok {
				newest[n.title] = Standard{n.title, n.code, n.standard, n.since, n.reason}
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	list := []Standing{}
	for _, k := range kinds {
		st := Standing{Name: k.Name, Title: k.Title, Code: k.Code.String(), Standard: k.Standard, Version: k.Version, State: StandingCurrent}
		n, published := newest[k.Title]
		if published {
			st.National = &n
		}
		switch {
		case published && k.behind(&n):
			st.State = StandingNewer
		case !published && k.Origin == Local:
			st.State = StandingMissing
		}
		list = append(list, st)
	}
	return list, nil
}
