package cert

import (
	"context"
	"errors"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Located is a certificate as an auditor finds it: enough to tell it from
// another, and nothing of whom it is about. Numbers may be those of persons,
// and are left out.
type Located struct {
	ID         string    `json:"id"`
	Object     string    `json:"object" doc:"审计记录中的对象"`
	KindName   string    `json:"kind_name"`
	IssuerName string    `json:"issuer_name"`
	StatusName string    `json:"status_name"`
	IssuedAt   time.Time `json:"issued_at,omitzero"`
}

// mostLocated bounds how many certificates one number may find.
const mostLocated = 20

// Locate finds certificates by what people hold in hand: the number, the
// identifier, the code, or the id. It is for whoever audits (audit.read) the
// organisation that issued them or answers for them now; another's are not found. It shows no content,
// so that what follows is audited by the auditor's own reading.
func (s *Service) Locate(ctx context.Context, text string) ([]Located, error) {
	if err := iam.Allow(ctx, "audit.read", ""); err != nil {
		return nil, err
	}
	if text = strings.TrimSpace(text); text == "" || len(text) > 300 || strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text {
		return nil, nil
	}
	var rows []*row
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		for _, by := range []func(*db.Tx, string) (*row, error){byID, byIdentifier, byCode} {
			r, err := by(tx, text)
			if err == nil {
				rows = []*row{r}
			}
			if !errors.Is(err, fault.NotFound) {
				return err
			}
		}
		var err error
		rows, err = byNumber(tx, text, mostLocated)
		return err
	})
	if err == nil {
		err = s.DB.Read(ctx, func(tx *db.Tx) error { return errors.Join(keptAll(tx, rows), s.vet(tx, rows...)) })
	}
	var out []Located
	for _, r := range rows {
		if err != nil || iam.Allow(ctx, "audit.read", r.Issuer) != nil && iam.Allow(ctx, "audit.read", r.Unit()) != nil {
			continue
		}
		var l Located
		l, err = s.located(ctx, r)
		out = append(out, l)
	}
	return out, err
}

func (s *Service) located(ctx context.Context, r *row) (Located, error) {
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return Located{}, err
	}
	issuer, err := s.IAM.Org(ctx, r.Issuer)
	if err != nil {
		return Located{}, err
	}
	return Located{r.ID, object(r.ID), kind.Title, issuer.Name, Label(r.At(s.DB.Now())), r.IssuedAt}, nil
}
