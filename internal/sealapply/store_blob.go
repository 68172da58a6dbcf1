package sealapply

import (
	"sidian/gm"
	"sidian/internal/db"
)

// namedDigests adds which digests attachments, imprints and pictures name.
func namedDigests(tx *db.Tx, digests []gm.Digest, named map[gm.Digest]bool) error {
	if len(digests) == 0 {
		return nil
	}
	raw := make([][]byte, len(digests))
	for i := range digests {
		raw[i] = digests[i][:]
	}
	marks, args := db.Marks(nil, raw)
	for _, q := range []string{
		`select distinct digest from sealapply_attachment where digest in (` + marks + `) order by digest`,
		`select distinct imprint from sealapply_application where imprint in (` + marks + `) order by imprint`,
		`select distinct digest from sealapply_picture where digest in (` + marks + `) order by digest`,
	} {
		err := tx.All(q, args, func(scan func(...any) error) error {
			var b []byte
			if err := scan(&b); err != nil {
				return err
			}
			if len(b) == len(gm.Digest{}) {
				named[gm.Digest(b)] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
