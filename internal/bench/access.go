package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"sidian/internal/app"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/kinds"
)

// county makes a seeded county in a database, "" for its own file, and acts as
// the program that issues there.
func county(ctx context.Context, database string, do func(context.Context, *app.App) error) (err error) {
	dir, err := workplace()
	if err != nil {
		return err
	}
	a, creds, err := app.CreateCounty(ctx, app.CountyConf(dir, "http://localhost:1", database), app.Options{Log: io.Discard})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if ctx, err = a.IAM.AsClient(ctx, creds.Apps[0].ClientID); err != nil {
		return err
	}
	return do(ctx, a)
}

// decide is how often a second one may ask whether something is allowed: the
// dearest question, with purpose and class, of the county's tree.
func decide(ctx context.Context, span time.Duration) (f figure, err error) {
	err = county(ctx, "", func(_ context.Context, a *app.App) error {
		id, err := accountOf(ctx, a, "clerk")
		if err != nil {
			return err
		}
		who, err := a.IAM.As(ctx, id)
		if err != nil {
			return err
		}
		q := iam.Question{Permission: "cert.reveal", Org: "market", Purpose: "issue", Class: "敏感"}
		f.unit = "decisions/s"
		f.value, err = rate(span, func(int64) error { return iam.Ask(who, q) })
		f.note = fmt.Sprintf("one decision takes %.1f µs", 1e6/f.value)
		return err
	})
	return f, err
}

func accountOf(ctx context.Context, a *app.App, username string) (id string, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectNamedTx(tx, username)
		id = who.ID
		return err
	})
	return id, err
}

func auditSQLite(ctx context.Context, span time.Duration) (figure, error) {
	return auditShare(ctx, span, "")
}

func auditPostgres(ctx context.Context, span time.Duration) (f figure, err error) {
	target, drop, err := freshServer(ctx)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return auditShare(ctx, span, target)
}

// auditShare is what part of issuing a certificate its audit entries take,
// linking them included.
func auditShare(ctx context.Context, span time.Duration, database string) (f figure, err error) {
	err = county(ctx, database, func(ctx context.Context, a *app.App) error {
		before, err := entries(ctx, a)
		if err != nil {
			return err
		}
		issued := int64(0)
		perSecond, err := rate(span, func(int64) error { issued++; return issueOne(ctx, a) })
		if err != nil {
			return err
		}
		after, err := entries(ctx, a)
		if err != nil {
			return err
		}
		each := float64(after-before) / float64(issued)
		begun := time.Now()
		linked, err := chain.Run(ctx, a.DB, a.Keys)
		if err != nil {
			return err
		}
		link := time.Since(begun).Seconds() / float64(linked)
		put, err := putCost(ctx, a, span/2)
		f.unit, f.value = "%", 100*each*(put+link)*perSecond
		f.note = fmt.Sprintf("%.1f entries an issue of %.2f ms; writing one %.0f µs, linking it %.0f µs", each, 1e3/perSecond, put*1e6, link*1e6)
		return err
	})
	return f, err
}

func entries(ctx context.Context, a *app.App) (n int64, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error { return tx.Get(`select count(*) from audit_entry`, nil, &n) })
	return n, err
}

func issueOne(ctx context.Context, a *app.App) error {
	body, err := kinds.FS.ReadFile("business_license/example.json")
	if err != nil {
		return err
	}
	var r cert.IssueRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return err
	}
	_, err = a.Cert.Issue(ctx, r)
	return err
}

// putCost is what one entry adds to a transaction that is made anyway.
func putCost(ctx context.Context, a *app.App, span time.Duration) (seconds float64, err error) {
	const many = 20
	cost := func(n int) (float64, error) {
		perSecond, err := rate(span/2, func(int64) error {
			return a.DB.Write(ctx, func(tx *db.Tx) error {
				for range n {
					if err := audit.Put(tx, audit.Entry{Action: "cert.issue", Object: "cert/larlslxlqkmppf7j5vu43lqgfg"}); err != nil {
						return err
					}
				}
				return nil
			})
		})
		return 1 / perSecond, err
	}
	one, err := cost(1)
	if err != nil {
		return 0, err
	}
	all, err := cost(many)
	return (all - one) / (many - 1), err
}
