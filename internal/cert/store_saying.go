package cert

import (
	"sidian/internal/catalogue"
	"sidian/internal/db"
)

// A Saying is what an issued certificate says, for who goes on with it inside the
// platform: in full, and not masked. It is not for showing.
type Saying struct {
	ForCase
	KindName string
	Holders  []catalogue.Holder
	Texts    map[string]string // of its face
}

// SayingsTx is what certificates say, by their ids, without their documents; one
// that is not issued is left out. Who may know is the caller's matter. Where hold is
// set, their status stays what it is until the transaction ends: for one that reads
// what others commit (db.WriteRows).
func (s *Service) SayingsTx(tx *db.Tx, ids []string, hold bool) (map[string]*Saying, error) {
	out := map[string]*Saying{}
	if len(ids) == 0 {
		return out, nil
	}
	marks, args := db.Marks(nil, db.Padded(ids))
	where := `id in (` + marks + `)`
	if hold {
		where += ` order by id for update`
	}
	rows, err := query(tx, where, args...)
	if err != nil {
		return nil, err
	}
	if err := s.vet(tx, rows...); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if r.Status == Sealing || r.Status == Withdrawn {
			continue
		}
		if out[r.ID], err = s.sayingTx(tx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) sayingTx(tx *db.Tx, r *row) (*Saying, error) {
	kind, err := s.Catalogue.VersionTx(tx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	_, d, err := s.drafted(r, kind)
	if err != nil {
		return nil, err
	}
	return &Saying{KindName: kind.Title, Holders: d.Holders, Texts: d.Face.Texts, ForCase: ForCase{ID: r.ID, Identifier: r.Identifier, Number: r.Number,
		Kind: r.Kind, Issuer: r.Issuer, CaseNo: r.CaseNo, Status: r.At(tx.Now()), IssuedAt: r.IssuedAt}}, nil
}

// EndsTx is until when certificates are valid, by their ids, as the register has
// it: "" for one that has no end. One that is not there is left out.
func EndsTx(tx *db.Tx, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	marks, args := db.Marks(nil, db.Padded(ids))
	err := tx.All(`select id, valid_to from cert_certificate where id in (`+marks+`)`, args, func(scan func(...any) error) error {
		var id, end string
		err := scan(&id, &end)
		out[id] = end
		return err
	})
	return out, err
}
