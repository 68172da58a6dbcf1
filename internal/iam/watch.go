package iam

import "sidian/internal/db"

// A Watcher follows what happens to accounts, for what hangs on them and stands
// above this package: sessions, what was looked up and kept.
type Watcher struct {
	// Closing runs in the transaction that closes an account; its error
	// refuses the closing.
	Closing func(tx *db.Tx, account string) error
	// Holdings lists what the account holds that another must take over before it
	// closes; How says how. HandOver hands one of them over and tells whether it
	// knew it; a Watcher without it lists what is handed over elsewhere.
	Holdings func(tx *db.Tx, account string) ([]Holding, error)
	HandOver func(tx *db.Tx, from, to string, h Holding, reason string) (bool, error)
	// Changed follows a change of what an account may do, in this process.
	Changed func(account string)
}

// Watch adds a watcher. It is called while the program is put together, before
// the service is used.
func (s *Service) Watch(w Watcher) { s.watchers = append(s.watchers, w) }

func (s *Service) closing(tx *db.Tx, account string) error {
	for _, w := range s.watchers {
		if w.Closing == nil {
			continue
		}
		if err := w.Closing(tx, account); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) changed(account string) {
	for _, w := range s.watchers {
		if w.Changed != nil {
			w.Changed(account)
		}
	}
}
