package cert

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

const (
	permOwn = "cert.read.own"
	selfUse = "self" // 本人查阅
)

// mostOwn bounds how many certificates a person is shown.
const mostOwn = 200

// Own lists the certificates that whoever acts holds as a person whose identity is
// verified, masked, newest first: one for each number, the newest version. That they
// looked is recorded.
func (s *Service) Own(ctx context.Context) ([]*Certificate, error) {
	ctx, err := iam.Decided(ctx, iam.Question{Permission: permOwn, Owner: true, Purpose: selfUse})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: actList, Object: "cert"}, err)
	}
	me, err := s.IAM.Self(ctx)
	if err != nil || me.Citizen == "" {
		return nil, err
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if rows, err = heldByPerson(tx, s.Index.Of(strings.ToUpper(me.Citizen)), mostOwn); err != nil {
			return err
		}
		if err := keptAll(tx, rows); err != nil {
			return err
		}
		return s.vet(tx, rows...)
	})
	if err != nil {
		return nil, err
	}
	list, err := s.records(ctx, rows)
	if err != nil {
		return nil, err
	}
	return list, s.looked(ctx, audit.Entry{Action: actList, Object: "cert", Purpose: selfUse, Reason: fmt.Sprintf("本人查询，列出 %d 份", len(list))})
}

// MayCopyOwn asks whether whoever acts may make annotated copies of a certificate as
// its holder, or fetch one they made: a person whose identity is verified, of one of
// their own. The context that it returns is to be recorded under. To others there is no
// such certificate; that they asked is recorded.
func (s *Service) MayCopyOwn(ctx context.Context, id string) (context.Context, error) {
	if err := iam.Ask(ctx, iam.Question{Permission: permOwn, Owner: true}); err != nil {
		return ctx, audit.Refuse(ctx, s.DB, audit.Entry{Action: ActAnnotate, Object: object(id)}, err)
	}
	me, err := s.IAM.Self(ctx)
	if err != nil {
		return ctx, err
	}
	r, err := s.find(ctx, func(tx *db.Tx) (r *row, err error) {
		if r, err = byID(tx, id); err != nil || me.Citizen == "" {
			return r, err
		}
		own, err := heldBy(tx, id, s.Index.Of(strings.ToUpper(me.Citizen)))
		if err == nil && !own {
			err = errNotOwn
		}
		return r, err
	})
	if errors.Is(err, errNotOwn) || err == nil && me.Citizen == "" {
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			return audit.Put(tx, audit.Entry{Action: ActAnnotate, Object: object(id), Result: audit.Refused, Rule: errNotOwn.Code})
		})
		if err != nil {
			return ctx, err
		}
		return ctx, unknown()
	}
	if err != nil {
		return ctx, err
	}
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return ctx, err
	}
	return s.decided(ctx, id, ActAnnotate, iam.Question{Permission: permOwn, Org: r.Unit(), Owner: true, Class: classOf(kind), Purpose: selfUse}, "")
}

// errNotOwn is never shown: who may not know of a certificate is told that there is none.
var errNotOwn = fault.NotFound.New("不是本人的证照").WithCode("cert.not-own")
