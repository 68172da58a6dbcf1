package signature

import (
	"sidian/gm"
	"sidian/internal/db"
)

// takeEvidence fixes what the evidence of a task will say, or takes an attempt over
// that has run out; false: it is made, or another is at it.
func takeEvidence(tx *db.Tx, id string, at int64, content gm.Digest, lease int64) (bool, error) {
	n, err := tx.Exec(`
		update signature_task set evidence_at = $2, evidence_content = $3, evidence_lease = $4
		 where id = $1 and evidence is null and evidence_lease <= $5`,
		id, at, content[:], lease, tx.Now().UnixMilli())
	return n == 1, err
}

func setEvidenceUse(tx *db.Tx, id, use string) error {
	_, err := tx.Exec(`update signature_task set evidence_use = $2 where id = $1`, id, use)
	return err
}

func putEvidence(tx *db.Tx, id string, digest gm.Digest) (bool, error) {
	n, err := tx.Exec(`update signature_task set evidence = $2, evidence_lease = 0 where id = $1 and evidence is null`, id, digest[:])
	return n == 1, err
}

// evidenceLeft are tasks whose evidence was begun and not finished in time.
func evidenceLeft(tx *db.Tx, limit int) ([]*taskRow, error) {
	return queryTasks(tx, `where evidence_at > 0 and evidence is null and evidence_lease <= $1 order by evidence_lease, id limit $2`, tx.Now().UnixMilli(), limit)
}
