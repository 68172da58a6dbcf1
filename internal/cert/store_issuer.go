package cert

import "sidian/internal/db"

// putIssuer reports how many rows it made: none if it is there already.
func putIssuer(tx *db.Tx, kind, org string) (int64, error) {
	return tx.Exec(`insert into cert_issuer (kind, org_id) values ($1, $2) on conflict do nothing`, kind, org)
}

// issuers are the organisations that issue a kind.
func issuers(tx *db.Tx, kind string) (out []string, err error) {
	err = tx.All(`select org_id from cert_issuer where kind = $1 order by org_id`, []any{kind}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}
