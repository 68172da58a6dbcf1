package iam

import (
	"time"

	"sidian/internal/db"
)

// postRow is a row of iam_post.
type postRow struct {
	key, org, post, account string
	since, until            int64
	reason                  string
	by, endedBy, endedWhy   string
	mac                     []byte
}

func (r *postRow) id() string  { return r.key }
func (r *postRow) had() []byte { return r.mac }
func (r *postRow) fields() []any {
	return []any{r.org, r.post, r.account, r.since, r.until, r.by}
}

func (r *postRow) times() (since, until time.Time) { return timeOf(r.since), timeOf(r.until) }

const postColumns = `id, org, post, account, since_at, until_at, reason, appointed_by, ended_by, ended_reason, mac`

func queryPosts(tx *db.Tx, rest string, args ...any) (list []*postRow, err error) {
	err = tx.All(`select `+postColumns+` from iam_post `+rest, args, func(scan func(...any) error) error {
		r := &postRow{}
		var until *int64
		err := scan(&r.key, &r.org, &r.post, &r.account, &r.since, &until, &r.reason, &r.by, &r.endedBy, &r.endedWhy, &r.mac)
		r.until = plainMillis(until)
		list = append(list, r)
		return err
	})
	return list, err
}

func postsOf(tx *db.Tx, org string) ([]*postRow, error) {
	return queryPosts(tx, `where org = $1 and until_at is null order by post, id`, org)
}

func allPostsOf(tx *db.Tx, org string) ([]*postRow, error) {
	return queryPosts(tx, `where org = $1 order by since_at desc, id desc limit 500`, org)
}

func postsHeld(tx *db.Tx, account string) ([]*postRow, error) {
	return queryPosts(tx, `where account = $1 and until_at is null order by id`, account)
}

func eachPost(tx *db.Tx, see func(guarded)) error {
	list, err := queryPosts(tx, `order by id`)
	for _, r := range list {
		see(r)
	}
	return err
}

func (s *Service) insertPost(tx *db.Tx, r *postRow) error {
	mac, err := add(tx, s.guards.posts, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`
		insert into iam_post (id, org, post, account, since_at, reason, appointed_by, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, r.key, r.org, r.post, r.account, r.since, r.reason, r.by, r.mac)
	return err
}

func (s *Service) endPost(tx *db.Tx, r *postRow, by, reason string) error {
	r.until, r.endedBy, r.endedWhy = tx.Now().UnixMilli(), by, reason
	mac, err := change(tx, s.guards.posts, r)
	if err != nil {
		return err
	}
	r.mac = mac
	_, err = tx.Exec(`update iam_post set until_at = $2, ended_by = $3, ended_reason = $4, mac = $5 where id = $1`, r.key, r.until, r.endedBy, r.endedWhy, r.mac)
	return err
}
