package cert

import "sidian/internal/db"

// byNumber finds the certificates of a number, of whatever kind and issuer. It
// goes through the index of numbers, once for each kind and issuer: the number
// is no key by itself.
func byNumber(tx *db.Tx, number string, n int) ([]*row, error) {
	return query(tx, `id in (
		select c.id from cert_issuer i join cert_certificate c on c.kind = i.kind and c.issuer = i.org_id
		 where c.number = $1 and c.status <> 'withdrawn')
		 order by created_at desc, id desc limit $2`, number, n)
}
