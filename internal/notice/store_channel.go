package notice

import (
	"slices"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/keys"
)

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

// channelsOf are what an account chose, by channel.
func channelsOf(tx *db.Tx, account string) (map[Channel]*chosen, error) {
	out := map[Channel]*chosen{}
	err := tx.All(`
		select channel, address, posts, quiet_from, quiet_to, state, code, code_until, tries, codes, codes_since
		  from notice_channel
		 where account = $1
		 order by account, channel`, []any{account}, func(scan func(...any) error) error {
		r := &chosen{account: account}
		var until, since int64
		err := scan(&r.channel, &r.sealed, &r.posts, &r.from, &r.to, &r.state, &r.code, &until, &r.tries, &r.codes, &since)
		r.codeUntil, r.codesSince = ms(until), ms(since)
		out[r.channel] = r
		return err
	})
	return out, err
}

func putChannel(tx *db.Tx, r *chosen) error {
	_, err := tx.Exec(`
		insert into notice_channel (account, channel, address, posts, quiet_from, quiet_to, state, code, code_until, tries, codes, codes_since, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (account, channel) do update set
		       address = excluded.address, posts = excluded.posts, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
		       state = excluded.state, code = excluded.code, code_until = excluded.code_until, tries = excluded.tries,
		       codes = excluded.codes, codes_since = excluded.codes_since, updated_at = excluded.updated_at`,
		r.account, string(r.channel), r.sealed, r.posts, r.from, r.to, r.state, r.code, r.codeUntil.UnixMilli(), r.tries, r.codes, r.codesSince.UnixMilli(), tx.Now().UnixMilli())
	return err
}

func deleteChannel(tx *db.Tx, account string, c Channel) (int64, error) {
	return tx.Exec(`delete from notice_channel where account = $1 and channel = $2`, account, string(c))
}

type target struct {
	account string
	channel Channel
}

// wanting are the channels by which some accounts want to be told; with posts,
// those by which they want to be told what their posts are.
func wanting(tx *db.Tx, accounts []string, posts bool) (out []target, err error) {
	for some := range slices.Chunk(accounts, chunk) {
		marks, args := db.Marks(nil, db.Padded(some))
		where := `account in (` + marks + `) and state = 'active'`
		if posts {
			where += ` and posts`
		}
		err := tx.All(`select account, channel from notice_channel where `+where+` order by account, channel`, args, func(scan func(...any) error) error {
			var t target
			err := scan(&t.account, &t.channel)
			out = append(out, t)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// addressesAfter returns addresses after a key, which is account/channel.
func addressesAfter(tx *db.Tx, after string, n int) (out []keys.Sealed, err error) {
	account, channel, _ := strings.Cut(after, "/")
	err = tx.All(`
		select account, channel, address
		  from notice_channel
		 where (account, channel) > ($1, $2)
		 order by account, channel
		 limit $3`, []any{account, channel, n}, func(scan func(...any) error) error {
		var of string
		var by Channel
		var sealed []byte
		err := scan(&of, &by, &sealed)
		out = append(out, keys.Sealed{Cell: cell(of, by), Value: sealed})
		return err
	})
	return out, err
}

func swapAddress(tx *db.Tx, was keys.Sealed, again []byte) (int64, error) {
	account, channel, _ := strings.Cut(was.Cell.Row, "/")
	return tx.Exec(`update notice_channel set address = $4 where account = $1 and channel = $2 and address = $3`, account, channel, was.Value, again)
}
