package item

import "sidian/internal/db"

// An Acceptance is what accepting a case of an item has to know: what comes out of
// it, and what may not be asked for.
type Acceptance struct {
	Code    string
	Name    string
	Org     string // 实施机构
	Version int    // in force today
	Results []string
	Inputs  []Needed
}

// A Needed is a kind that an item needs.
type Needed struct {
	Kind     string
	Material string // that it stands for; may be empty
	Exempt   bool   // 免提交
	Optional bool
}

// AcceptTx is what accepting a case of an item today has to know (ISS-05, CAT-12).
// An item that is not in force is fault.NotFound.
func (s *Service) AcceptTx(tx *db.Tx, code string) (*Acceptance, error) {
	r, v, bound, err := s.todayTx(tx, code)
	if err != nil {
		return nil, err
	}
	a := &Acceptance{Code: r.code, Name: v.content.Name, Org: r.org, Version: int(v.version)}
	for _, b := range bound {
		switch b.role {
		case Result:
			a.Results = append(a.Results, b.kind)
		case Input:
			a.Inputs = append(a.Inputs, Needed{b.kind, b.material, b.exempt, !b.needed})
		}
	}
	return a, nil
}
