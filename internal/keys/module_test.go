package keys_test

import (
	"testing"

	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

func TestSoftModule(t *testing.T) {
	t.Parallel()
	path := master(t)
	keystest.ExerciseModule(t, keystest.Bench{
		Open: func(t testing.TB) keys.Module {
			m, err := keys.Soft(path)
			if err != nil {
				t.Fatal(err)
			}
			return m
		},
		Lacks: []keys.Ability{keys.Signs},
	})
}
