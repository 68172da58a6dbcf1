package blob

import (
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/db"
)

// NamedTx tells which of some documents the rows of a context name, for [Store.Sweep].
// A query selects the column that names them and ends in "in (".
func NamedTx(tx *db.Tx, digests []gm.Digest, queries ...string) (map[gm.Digest]bool, error) {
	named := map[gm.Digest]bool{}
	for some := range slices.Chunk(digests, 200) {
		values := make([][]byte, len(some))
		for i := range some {
			values[i] = some[i][:]
		}
		marks, args := db.Marks(nil, values)
		for _, q := range queries {
			err := tx.All(q+marks+`)`, args, func(scan func(...any) error) error {
				var b []byte
				if err := scan(&b); err != nil {
					return err
				}
				if len(b) != len(gm.Digest{}) {
					return fmt.Errorf("blob: a row names a document by %d bytes", len(b))
				}
				named[gm.Digest(b)] = true
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return named, nil
}
