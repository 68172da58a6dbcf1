package item

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// actor is whoever acts: an account, or "client/…" for a program.
func actor(ctx context.Context) string {
	p, ok := iam.From(ctx)
	switch {
	case !ok:
		return ""
	case p.Account != "":
		return p.Account
	}
	return "client/" + p.Client
}

// digestOf is the digest of a content, for the audit.
func digestOf(c Content) (gm.Digest, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return gm.Digest{}, fmt.Errorf("item: writing a version: %w", err)
	}
	return gm.Sum(raw), nil
}

// Create enters a new item of a unit, as its first version.
func (s *Service) Create(ctx context.Context, org, code string, c Content) (*Item, error) {
	code, list := wholeCode(code)
	var there bool
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		o, err := iam.OrgTx(tx, org)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permManage, o.ID); err != nil {
			return err
		}
		if o.Closed {
			return fault.Conflict.New("单位已停用").WithCode("item.org-closed").WithHint("请选择其他单位").WithField("org", "closed", "单位已停用")
		}
		v := c
		v.Materials = append([]Material(nil), c.Materials...)
		if err := errOf(append(list, v.check(code, today(tx.Now()))...)); err != nil {
			return err
		}
		there, err = s.createTx(tx, o.ID, code, v, "新增")
		return err
	})
	if err == nil && there {
		err = fault.Conflict.New("这个实施编码已有事项").WithCode("item.exists").WithHint("请在原事项上登记新版本").WithField("code", "item.exists", "这个实施编码已有事项")
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.create", Object: objectOf(code)}, err)
	}
	return s.Get(ctx, code)
}

// wholeCode is the code of an item, with what is wrong with it.
func wholeCode(code string) (string, []wrong) {
	c, err := Code(code)
	if f := fault.As(err); f != nil {
		return "", []wrong{{"code", "item.code", "4 至 50 位的数字、大写字母；国家编码 31 位"}}
	}
	return c, nil
}

// createTx enters an item, unless its code is taken.
func (s *Service) createTx(tx *db.Tx, org, code string, c Content, reason string) (there bool, err error) {
	path, err := iam.PathTx(tx, org)
	if err != nil {
		return false, err
	}
	r := &row{id: newID(), code: code, org: org, path: path, version: 1, first: c.Starts, created: tx.Now().UnixMilli()}
	r.take(c)
	made, err := insertItem(tx, r)
	if err != nil || !made {
		return !made, err
	}
	return false, s.putVersionTx(tx, r, c, reason, "item.create")
}

// take writes what is listed of a content into the head of an item.
func (r *row) take(c Content) {
	r.name, r.base, r.typ, r.tier, r.makes, r.starts, r.ends = c.Name, c.Base, c.Type, c.Tier, !c.NoResult, c.Starts, c.Ends
}

func (s *Service) putVersionTx(tx *db.Tx, r *row, c Content, reason, action string) error {
	err := insertVersion(tx, r.id, &versionRow{version: r.version, content: c, reason: reason, account: actor(tx.Context()), at: tx.Now().UnixMilli()})
	if err != nil {
		return err
	}
	after, err := digestOf(c)
	if err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: objectOf(r.code), Reason: reason, After: after})
}

// Change adds a version to an item. It begins no earlier than the version before.
func (s *Service) Change(ctx context.Context, code string, c Content, reason string) (*Item, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.mineTx(ctx, tx, code)
		if err != nil {
			return err
		}
		v := c
		v.Materials = append([]Material(nil), c.Materials...)
		if err := errOf(v.check(r.code, today(tx.Now()))); err != nil {
			return err
		}
		return s.changeTx(tx, r, v, reason)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.change", Object: objectOf(code)}, err)
	}
	return s.Get(ctx, code)
}

// mineTx is an item that whoever acts manages, locked.
func (s *Service) mineTx(ctx context.Context, tx *db.Tx, code string) (*row, error) {
	r, err := byCode(tx, strings.ToUpper(code), true)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errUnknown()
	}
	return r, iam.Allow(ctx, permManage, r.org)
}

func (s *Service) changeTx(tx *db.Tx, r *row, c Content, reason string) error {
	before, err := newestOf(tx, r.id)
	if err != nil {
		return err
	}
	switch {
	case reflect.DeepEqual(before.content, c):
		return fault.Conflict.New("与现在的版本没有不同").WithCode("item.same").WithHint("请修改后再保存")
	case c.Starts < before.content.Starts:
		return fault.Invalid.New("新版本不能早于上一版本生效").WithCode("item.backdated").WithHint("上一版本自 %s 起生效", before.content.Starts).
			WithField("starts", "item.backdated", "不早于上一版本的生效日期 "+before.content.Starts)
	}
	r.version++
	r.take(c)
	if err := saveItem(tx, r); err != nil {
		return err
	}
	return s.putVersionTx(tx, r, c, reason, "item.change")
}
