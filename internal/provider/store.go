package provider

import (
	"encoding/hex"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

const entryColumns = `id, provider, version, org, name, operator, zone, endpoint, protocol, certificate, state, reason, source,
	proposed_by, proposed_at, decided_by, decided_at, note, ended_by, ended_at, ended_reason, flagged_at, mac`

func insertEntry(tx *db.Tx, e *Entry) error {
	_, err := tx.Exec(`
		insert into provider_entry (`+entryColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		e.Entry, e.ID, e.Version, e.Org, e.Name, e.Operator, e.Zone, e.Endpoint, e.Protocol, e.key.Raw, string(e.State), e.Reason, e.Source,
		e.ProposedBy, e.ProposedAt.UnixMilli(), e.DecidedBy, msOf(e.DecidedAt), e.Note, e.EndedBy, msOf(e.EndedAt), e.EndedReason, msOf(e.FlaggedAt), e.mac)
	if err != nil {
		return err
	}
	for _, m := range e.Makers {
		d := m.parsed.Digest()
		if _, err := tx.Exec(`insert into provider_maker (entry, digest, use, certificate) values ($1, $2, $3, $4)`,
			e.Entry, d, m.Use, m.parsed.Raw); err != nil {
			return err
		}
	}
	return nil
}

// updateEntry writes what may change of an entry.
func updateEntry(tx *db.Tx, e *Entry) error {
	_, err := tx.Exec(`
		update provider_entry
		   set state = $2, decided_by = $3, decided_at = $4, note = $5, ended_by = $6, ended_at = $7, ended_reason = $8, flagged_at = $9, mac = $10
		 where id = $1`, e.Entry, string(e.State), e.DecidedBy, msOf(e.DecidedAt), e.Note, e.EndedBy, msOf(e.EndedAt), e.EndedReason, msOf(e.FlaggedAt), e.mac)
	return err
}

func scanEntry(scan func(...any) error) (*Entry, error) {
	e := &Entry{}
	var der []byte
	var state string
	var at int64
	var decided, ended, flagged *int64
	err := scan(&e.Entry, &e.ID, &e.Version, &e.Org, &e.Name, &e.Operator, &e.Zone, &e.Endpoint, &e.Protocol, &der, &state, &e.Reason, &e.Source,
		&e.ProposedBy, &at, &e.DecidedBy, &decided, &e.Note, &e.EndedBy, &ended, &e.EndedReason, &flagged, &e.mac)
	if err != nil {
		return nil, err
	}
	e.State, e.StateName, e.ProposedAt = State(state), stateNames[State(state)], time.UnixMilli(at).UTC()
	e.DecidedAt, e.EndedAt, e.FlaggedAt = timeOf(decided), timeOf(ended), timeOf(flagged)
	if e.key, err = gm.ParseCertificate(der); err != nil {
		e.Altered, e.key = true, &gm.Certificate{Raw: der} // we keep none that cannot be read
		return e, nil
	}
	e.Certificate = string(e.key.PEM())
	return e, nil
}

// entries returns some entries with their makers, by provider and version.
func entries(tx *db.Tx, where string, args ...any) (out []*Entry, err error) {
	byID := map[string]*Entry{}
	err = tx.All(`select `+entryColumns+` from provider_entry where `+where+` order by provider, version, id`, args, func(scan func(...any) error) error {
		e, err := scanEntry(scan)
		if err == nil {
			out, byID[e.Entry] = append(out, e), e
		}
		return err
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	ids := make([]string, len(out))
	for i, e := range out {
		ids[i] = e.Entry
	}
	marks, all := db.Marks(nil, ids)
	return out, tx.All(`select entry, digest, use, certificate from provider_maker where entry in (`+marks+`) order by entry, digest`, all, func(scan func(...any) error) error {
		var entry, use string
		var digest, der []byte
		if err := scan(&entry, &digest, &use, &der); err != nil {
			return err
		}
		e := byID[entry]
		c, err := gm.ParseCertificate(der)
		if err != nil {
			e.Altered = true
			e.Makers = append(e.Makers, Maker{Use: use, Digest: hex.EncodeToString(digest)})
			return nil
		}
		e.Makers = append(e.Makers, newMaker(use, c))
		return nil
	})
}

// standing are the entries that count or wait: proposed, active, suspended.
func standing(tx *db.Tx) ([]*Entry, error) {
	return entries(tx, `state in ('proposed', 'active', 'suspended')`)
}

func history(tx *db.Tx, id string) ([]*Entry, error) { return entries(tx, `provider = $1`, id) }

// only returns the one entry of a list, or fault.NotFound.
func only(all []*Entry, err error) (*Entry, error) {
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.NotFound.New("没有这个签章服务商，或没有处于该状态的登记").WithCode("provider.unknown").WithHint("请刷新后核对")
	}
	return all[0], nil
}

func proposalOf(tx *db.Tx, id string) (*Entry, error) {
	return only(entries(tx, `provider = $1 and state = 'proposed'`, id))
}

// liveOf returns the entry in force, which may be suspended.
func liveOf(tx *db.Tx, id string) (*Entry, error) {
	return only(entries(tx, `provider = $1 and state in ('active', 'suspended')`, id))
}

func lastVersion(tx *db.Tx, id string) (v int64, err error) {
	err = tx.Get(`select coalesce(max(version), 0) from provider_entry where provider = $1`, []any{id}, &v)
	return v, err
}

// claimed names another provider that holds a digital certificate, or "".
func claimed(tx *db.Tx, digest gm.Digest, by string) (name string, err error) {
	err = tx.Get(`
		select e.name
		  from provider_maker m
		  join provider_entry e on e.id = m.entry
		 where m.digest = $1 and e.provider <> $2 and e.state in ('proposed', 'active', 'suspended')
		 order by e.id
		 limit 1`, []any{digest, by}, &name)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return name, err
}

func msOf(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

func timeOf(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms).UTC()
}
