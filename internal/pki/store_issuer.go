package pki

import (
	"context"
	"errors"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// An issuerRow is an issuer with the MAC that its row carries: one that was
// edited in the database accepts nobody.
type issuerRow struct {
	Issuer
	mac    []byte
	intact bool
}

func (r *issuerRow) sum(g *keys.Rows) []byte {
	return g.Mac(r.ID, r.Certificate.Raw, r.Region, r.From, r.Until, r.State, r.ProposedBy, r.DecidedBy)
}

// guard is what guards the allow-list.
func (s *Service) guard(ctx context.Context) (*keys.Rows, error) {
	return s.Keys.Rows(ctx, "pki_issuer")
}

const issuerFrom = `
	select id, name, certificate, region, basis, from_at, until_at, state, proposed_by, decided_by, reason, note, created_at, decided_at, mac
	  from pki_issuer `

func scanIssuer(scan func(...any) error, g *keys.Rows) (r issuerRow, err error) {
	var der []byte
	var from, until, at int64
	var decided *int64
	if err := scan(&r.ID, &r.Name, &der, &r.Region, &r.Basis, &from, &until, &r.State, &r.ProposedBy, &r.DecidedBy, &r.Reason, &r.Note, &at, &decided, &r.mac); err != nil {
		return r, err
	}
	r.From, r.Until, r.At = moment(from), moment(until), moment(at)
	if decided != nil {
		r.DecidedAt = moment(*decided)
	}
	if r.Certificate, err = gm.ParseCertificate(der); err != nil {
		r.Certificate = &gm.Certificate{} // edited: it equals none
		return r, nil
	}
	r.intact = g.Check(r.mac, r.ID, r.Certificate.Raw, r.Region, r.From, r.Until, r.State, r.ProposedBy, r.DecidedBy) == nil
	return r, nil
}

func issuers(tx *db.Tx, g *keys.Rows) (all []issuerRow, err error) {
	err = tx.All(issuerFrom+`order by created_at desc, id`, nil, func(scan func(...any) error) error {
		r, err := scanIssuer(scan, g)
		all = append(all, r)
		return err
	})
	return all, err
}

func issuerByID(tx *db.Tx, g *keys.Rows, id string) (r issuerRow, err error) {
	var found []issuerRow
	err = tx.All(issuerFrom+`where id = $1 order by id for update`, []any{id}, func(scan func(...any) error) error {
		r, err := scanIssuer(scan, g)
		found = append(found, r)
		return err
	})
	switch {
	case err != nil:
		return r, err
	case len(found) == 0:
		return r, fault.NotFound.New("名单中没有这个签发机构").WithCode("pki.issuer.unknown").WithHint("请核对编号；配置文件中的签发机构请在配置中修改")
	case !found[0].intact:
		return r, fault.Conflict.New("该记录的完整性校验不符，已停止使用").WithCode("pki.issuer.altered").WithHint("请联系平台运维人员运行 sidian doctor，并核查数据库的访问记录")
	}
	return found[0], nil
}

func insertIssuer(tx *db.Tx, g *keys.Rows, r *issuerRow) error {
	r.mac = r.sum(g)
	_, err := tx.Exec(`
		insert into pki_issuer (id, name, certificate, region, basis, from_at, until_at, state, proposed_by, decided_by, reason, note, created_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, '', $11, $12)`,
		r.ID, r.Name, r.Certificate.Raw, r.Region, r.Basis, millis(r.From), millis(r.Until), r.State, r.ProposedBy, r.Reason, millis(r.At), r.mac)
	return errors.Join(err, g.Insert(tx, r.mac))
}

func updateIssuer(tx *db.Tx, g *keys.Rows, r *issuerRow) error {
	before := r.mac
	r.mac = r.sum(g)
	_, err := tx.Exec(`update pki_issuer set state = $2, decided_by = $3, note = $4, decided_at = $5, mac = $6 where id = $1`,
		r.ID, r.State, r.DecidedBy, r.Note, millis(r.DecidedAt), r.mac)
	return errors.Join(err, g.Update(tx, before, r.mac))
}
