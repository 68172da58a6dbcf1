package archive

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// mostSame bounds how many items of a batch are filed in one transaction.
const mostSame = 200

// person is who acts, a person: programs read and do not file.
func person(ctx context.Context) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, fault.Unauthorized.New("请先登录").WithHint("请登录后重试")
	}
	if p.Account == "" {
		return nil, fault.Forbidden.New("归档由档案管理员办理").WithCode("archive.person").WithHint("请由人员登录后办理")
	}
	return p, nil
}

// ours refuses who may not file for an item's organisation: to whom may not even
// see it, it does not exist.
func ours(ctx context.Context, it *Item) error {
	if iam.Allow(ctx, "archive.read", it.Org) != nil {
		return unknown()
	}
	return iam.Allow(ctx, "archive.manage", it.Org)
}

// do moves one item in one transaction and records it. fn makes the change.
func (s *Service) do(ctx context.Context, id string, a act, reason string, fn func(tx *db.Tx, it *Item, to string) error) (*Item, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		it, err := itemByID(tx, id)
		if err == nil {
			err = ours(tx.Context(), it)
		}
		if err != nil {
			return err
		}
		to, err := it.move(a)
		if err != nil {
			return err
		}
		if err := fn(tx, it, to); err != nil {
			return err
		}
		return record(tx, it, a, p, reason)
	})
	if errors.Is(err, errMoved) {
		err = errBusy()
	}
	if err != nil {
		return nil, s.refused(ctx, "archive."+string(a), id, err)
	}
	return s.Get(ctx, id)
}

func errBusy() error {
	return fault.Conflict.New("这份文件正在组包，或刚刚由他人办理").WithCode("archive.busy").WithHint("请稍后刷新，查看最新状态")
}

func record(tx *db.Tx, it *Item, a act, p *iam.Principal, reason string) error {
	if err := insertAct(tx, it.ID, Act{Act: string(a), account: p.Account, Who: p.Name, Reason: reason}); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "archive." + string(a), Object: object(it.ID), Reason: reason, Before: it.document, After: it.packed})
}

// refused records in the audit what a rule refused, and returns err as it is.
func (s *Service) refused(ctx context.Context, action, id string, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Forbidden && f.Kind != fault.Conflict {
		return err
	}
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		id = "unknown"
	}
	put := s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: object(id), Result: audit.Refused, Rule: f.Code})
	})
	return errors.Join(put, err)
}

// check refuses what cannot be filed.
func (f Filing) check() error {
	e := fault.Invalid.New("整理信息不完整或不正确").WithCode("archive.filing").WithHint("请按每一项的说明更正后重试")
	e = words(e, "title", "题名", f.Title, 200)
	e = words(e, "responsible", "责任者", f.Responsible, 100)
	if f.Year < 1949 || f.Year > 9999 {
		e = e.WithField("year", "range", "应为四位年份")
	}
	if !slices.ContainsFunc(terms, func(t Term) bool { return t.Code == f.Term }) {
		e = e.WithField("term", "enum", "请选择保管期限")
	}
	if !agencyForm.MatchString(f.Agency) {
		e = e.WithField("agency", "form", "应为 1 到 16 个汉字、字母或数字")
	}
	if slices.Contains([]string{"秘密", "机密", "绝密"}, f.Secrecy) {
		return e.WithField("secrecy", "secret", "国家秘密不得在本平台处理，请立即按保密规定报告")
	}
	if !slices.Contains(secrecies, f.Secrecy) {
		e = e.WithField("secrecy", "enum", "请选择公开或内部")
	}
	return e.OrNil()
}

// File says under what an item is filed (整理). With Same the other items of its
// batch that still wait are filed likewise, each under its own title.
func (s *Service) File(ctx context.Context, id string, f Filing) (*Item, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return s.do(ctx, id, actFile, "", func(tx *db.Tx, it *Item, to string) error {
		if tx.Now().In(beijing).Year() < f.Year {
			return fault.Invalid.New("年度不能晚于今年").WithCode("archive.filing").WithHint("请按文件形成的年份填写").WithField("year", "range", "年度不能晚于今年")
		}
		it.Title = f.Title
		if err := s.file(tx, it, f, to); err != nil {
			return err
		}
		if !f.Same || it.Batch == "" {
			return nil
		}
		p, err := person(tx.Context())
		if err != nil {
			return err
		}
		rest, err := sameBatch(tx, it.Batch, mostSame)
		if err != nil {
			return err
		}
		for _, other := range rest {
			if other.ID == it.ID || other.Org != it.Org {
				continue
			}
			to, err := other.move(actFile)
			if err == nil {
				err = s.file(tx, other, f, to)
			}
			if err == nil {
				err = record(tx, other, actFile, p, "")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// file sets all but the title.
func (s *Service) file(tx *db.Tx, it *Item, f Filing, to string) error {
	it.Responsible, it.Year, it.Term, it.Agency, it.Secrecy = f.Responsible, f.Year, f.Term, f.Agency, f.Secrecy
	if err := setFiling(tx, it, to); err != nil {
		return err
	}
	u, err := unitTx(tx, it.Org)
	if err != nil || it.series == "" || u != nil && u.series(it) == it.series {
		return err
	}
	return giveBack(tx, it)
}

// Exclude says that an item is not filed, and why.
func (s *Service) Exclude(ctx context.Context, id, reason string) (*Item, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	return s.do(ctx, id, actExclude, reason, func(tx *db.Tx, it *Item, to string) error {
		if err := setState(tx, it, to, reason); err != nil {
			return err
		}
		if err := giveBack(tx, it); err != nil {
			return err
		}
		return s.drop(tx, it, "不归档："+reason)
	})
}

// Include takes back that an item is not filed.
func (s *Service) Include(ctx context.Context, id, reason string) (*Item, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	return s.do(ctx, id, actInclude, reason, func(tx *db.Tx, it *Item, to string) error {
		if err := setState(tx, it, to, ""); err != nil {
			return err
		}
		return s.promiseAgain(tx, it)
	})
}

func (s *Service) promiseAgain(tx *db.Tx, it *Item) error {
	o, err := iam.OrgTx(tx, it.Org)
	if err != nil {
		return err
	}
	it.round = max(it.round, 1) // the clock begins now
	return s.promise(tx, it, o.Region)
}

// HandOver notes that the archives took a package, by their receipt.
func (s *Service) HandOver(ctx context.Context, id, receipt string) (*Item, error) {
	f := fault.Invalid.New("须填写档案馆的接收回执号").WithCode("archive.receipt").WithHint("请按档案馆出具的回执填写")
	if err := words(f, "receipt", "接收回执号", receipt, 80).OrNil(); err != nil {
		return nil, err
	}
	return s.do(ctx, id, actHand, receipt, func(tx *db.Tx, it *Item, _ string) error { return setHanded(tx, it, receipt) })
}

// Return notes that the archives refused a package, and why: its item is back in
// the queue, keeps its archival code, and is due again.
func (s *Service) Return(ctx context.Context, id, reason string) (*Item, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	return s.do(ctx, id, actReturn, reason, func(tx *db.Tx, it *Item, to string) error {
		if err := setState(tx, it, to, reason); err != nil {
			return err
		}
		if err := s.promiseAgain(tx, it); err != nil {
			return err
		}
		return s.tell(tx, it, "archive.returned", "档案馆退回了归档文件", "“"+short(it.Title)+"”："+reason)
	})
}

func (s *Service) tell(tx *db.Tx, it *Item, topic, title, text string) error {
	if s.Notice == nil {
		return nil
	}
	return s.Notice.PutTx(tx, notice.Notice{Org: it.Org, Permission: "archive.manage", Topic: topic, Title: title, Text: text, Link: Link(it.ID)})
}

// Unit returns how an organisation files, nil where that is not said yet.
func (s *Service) Unit(ctx context.Context, org string) (u *Unit, err error) {
	if err := iam.Allow(ctx, "archive.read", org); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := iam.OrgTx(tx, org); err != nil {
			return err
		}
		u, err = unitTx(tx, org)
		return err
	})
	return u, err
}

// UnitName is what an organisation that files is called.
func (s *Service) UnitName(ctx context.Context, org string) (name string, err error) {
	if err := iam.Allow(ctx, "archive.read", org); err != nil {
		return "", err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		o, err := iam.OrgTx(tx, org)
		name = o.Name
		return err
	})
	return name, err
}

// PutUnit says how an organisation files. Codes that were given stay.
func (s *Service) PutUnit(ctx context.Context, u Unit) (*Unit, error) {
	p, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, "archive.manage", u.Org); err != nil {
		return nil, s.refused(ctx, "archive.unit", "unknown", err)
	}
	if err := u.check(); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := iam.OrgTx(tx, u.Org); err != nil {
			return err
		}
		if err := putUnit(tx, &u, p.Account); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "archive.unit", Object: "archive-unit/" + u.Org})
	})
	if err != nil {
		return nil, err
	}
	return s.Unit(ctx, u.Org)
}
