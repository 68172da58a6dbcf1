package db_test

import (
	"testing"

	"go.uber.org/goleak"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

func TestSuite(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dbtest.Suite(t, func(t *testing.T) *db.DB { return dbtest.New(t, engine) })
		})
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
