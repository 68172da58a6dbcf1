package auth

import "sidian/internal/db"

// LevelTx is how well the platform knows who has an account (实名等级, as
// iam.Principal.Level), whether they are signed in or not: 0 for nobody, and for
// a row that was altered.
func (s *Service) LevelTx(tx *db.Tx, account string) (int, error) {
	c, err := s.credential(tx, account)
	if err != nil || c.altered {
		return 0, unlessNotFound(err)
	}
	return int(c.level), nil
}
