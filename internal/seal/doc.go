// Package seal owns electronic seals (电子印章, GB/T 38540) and every use of
// them.
//
// Words: a seal stands for an organisation and is bound to a key, to the
// organisation's digital certificate for that key, and to an imprint (印模). The
// maker (制章人) signs seals. A policy (常备用印授权) lets an application or a role
// stamp certain purposes without a person at each document, until a date. A use
// (用印记录) is the row that is written before the key is called and closed after:
// every stamp that ever left a key is accounted for by one.
//
// States of a seal: effective → frozen → effective, effective|frozen →
// cancelled; an effective seal whose validity is over counts as expired. States
// of a use: intended → done, intended → withdrawn.
//
// It owns the tables seal_maker, seal_seal, seal_policy and seal_use.
package seal

import (
	"sync"

	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/internal/pki"
)

// A Service makes seals and stamps with them. It is safe for concurrent use.
type Service struct {
	DB   *db.DB
	Keys *keys.Store
	PKI  *pki.Service
	// TimeStamps says whether each stamp carries a time stamp.
	TimeStamps bool

	loaded sync.Map // id → *material: what of a seal never changes
}
