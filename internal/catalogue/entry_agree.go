package catalogue

import (
	"cmp"
	"context"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/workday"
)

func (s *Service) submit(ctx context.Context, id string, version int, starts, reason string) (*Entry, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	if starts != "" {
		if _, err := workday.ParseDate(starts); err != nil {
			return nil, errStarts("生效日期应是存在的日期，形如 2026-01-02")
		}
	}
	files, name, err := s.submitted(ctx, id, version)
	if err == nil {
		err = s.complete(name, files)
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "catalogue.submit", Object: objectOf(cmp.Or(name, "entry")), Reason: reason}, err)
	}
	return s.act(ctx, id, "catalogue.submit", reason, func(tx *db.Tx) (*entryRow, error) {
		r, err := ownTx(ctx, tx, id, version, EntryDraft)
		if err != nil {
			return r, err
		}
		if starts != "" && starts < today(tx.Now()) {
			return r, errStarts("生效日期不能早于今天")
		}
		if err := s.freeTx(tx, r, starts); err != nil {
			return r, err
		}
		r.state, r.starts, r.version, r.changed = string(EntrySubmitted), starts, r.version+1, tx.Now().UnixMilli()
		r.issuerBy, r.issuerOrg, r.managerBy, r.managerOrg = "", "", "", ""
		if err := saveEntry(tx, r); err != nil {
			return r, err
		}
		if err := s.stepTx(ctx, tx, r, "submit", reason); err != nil {
			return r, err
		}
		return r, s.tellTx(tx, r, r.manager, permAgree, "证照目录条目待管理单位会签", "请查看“"+r.title+"”的各组成部分和样例，同意或退回。")
	})
}

func errStarts(what string) error {
	return fault.Invalid.New("%s", what).WithCode("catalogue.starts").WithHint("填今天或以后的日期；不填则发布当天生效").WithField("starts", "catalogue.starts", what)
}

// submitted is what a draft holds that its unit submits.
func (s *Service) submitted(ctx context.Context, id string, version int) (files map[string][]byte, name string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := entryTx(tx, id, false)
		switch {
		case err != nil:
			return err
		case r == nil:
			return errNoEntry()
		}
		name, files = r.name, r.files
		if err := iam.Allow(ctx, permManage, r.org); err != nil {
			return err
		}
		if _, err := person(ctx); err != nil {
			return err
		}
		if r.version != version {
			return errMoved()
		}
		return nil
	})
	return files, name, err
}

// complete refuses an entry that lacks a part, and names what is missing.
func (s *Service) complete(name string, files map[string][]byte) error {
	found := s.checkFiles(name, files)
	if len(found) == 0 {
		return nil
	}
	e := fault.Invalid.New("目录条目不齐备，不能提交").WithCode("catalogue.incomplete").WithHint("六个组成部分都要齐备；请按每一项的说明更正")
	for _, f := range found {
		e = e.WithField(f.Where, f.Code, partNames[partOf(f.Where)]+"："+f.Message)
	}
	return e
}

// freeTx refuses what stands in the way of a version: a name or code that another
// kind has, a version that came in meanwhile, a day before that of the version
// before.
func (s *Service) freeTx(tx *db.Tx, r *entryRow, starts string) error {
	other, err := rival(tx, r.name, r.code, r.title)
	if err != nil {
		return err
	}
	taken := ""
	if other != nil {
		taken = other.Name
	} else if taken, err = submittedLike(tx, r.id, r.code, r.title); err != nil {
		return err
	}
	if taken != "" {
		return fault.Conflict.New("目录里已有名称或代码相同的证照类型（%s）", taken).WithCode("catalogue.duplicate").
			WithHint("同一类型全省统一名称、代码和照面：请直接使用已有类型；确是另一种证照的，改用自己的名称和代码")
	}
	last, err := newest(tx, r.name)
	if err != nil {
		return err
	}
	switch {
	case last == nil && r.base > 0, last != nil && last.Version != r.base:
		return fault.Conflict.New("起草之后，目录里又有了这个类型的新版本").WithCode("catalogue.outdated").WithHint("请撤回条目，以新版本为底稿重新起草")
	case last != nil && last.Starts > cmp.Or(starts, today(tx.Now())):
		return errStarts("上一版本自 " + last.Starts + " 起生效，新版本不能更早")
	}
	return nil
}

func (s *Service) agree(ctx context.Context, id string, version int, reason string) (*Entry, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, id, "catalogue.agree", reason, func(tx *db.Tx) (*entryRow, error) {
		r, refusal := changeTx(tx, id, version, EntrySubmitted)
		if r == nil {
			return nil, refusal
		}
		side, p, err := s.sideTx(ctx, tx, r)
		if err = cmp.Or(err, refusal); err != nil {
			return r, err
		}
		if err := r.agreedTwice(side, p); err != nil {
			return r, err
		}
		if side == sideIssuer {
			r.issuerBy, r.issuerOrg = p.Account, p.Org
		} else {
			r.managerBy, r.managerOrg = p.Account, p.Org
		}
		r.changed = tx.Now().UnixMilli()
		if err := s.stepTx(ctx, tx, r, "agree."+side, reason); err != nil {
			return r, err
		}
		if r.issuerBy != "" && r.managerBy != "" {
			return r, s.publishTx(ctx, tx, r)
		}
		return r, saveEntry(tx, r)
	})
}

// publishTx makes a version of an entry on which both agreed.
func (s *Service) publishTx(ctx context.Context, tx *db.Tx, r *entryRow) error {
	if err := s.freeTx(tx, r, r.starts); err != nil {
		return err
	}
	k, err := parseFiles(r.name, r.files)
	if err != nil {
		return err
	}
	now := tx.Now()
	v := &row{Record: Record{
		Name: r.name, Version: r.base + 1, Code: k.Code.String(), Title: k.Title, Category: string(k.Category), State: Published,
		CreatedAt: now, CreatedBy: audit.ActorFrom(ctx).Account, PublishedAt: &now, Starts: max(r.starts, today(now)),
		Org: r.org, Manager: r.manager, Entry: r.id,
	}, digest: r.digest, files: r.files}
	if last, err := newest(tx, r.name); err != nil {
		return err
	} else if last != nil {
		v.Org, v.Manager = last.Org, last.Manager // whose kind it is stays
	}
	if err := insert(tx, v); err != nil {
		return err
	}
	r.state, r.published, r.starts, r.version = string(EntryPublished), v.Version, v.Starts, r.version+1
	if err := saveEntry(tx, r); err != nil {
		return err
	}
	if err := s.stepTx(ctx, tx, r, "publish", "自 "+v.Starts+" 起生效"); err != nil {
		return err
	}
	return s.tellTx(tx, r, r.org, permManage, "证照目录条目已发布", "“"+r.title+"”第 "+itoa(v.Version)+" 版自 "+v.Starts+" 起生效。")
}

func (s *Service) sendBack(ctx context.Context, id string, version int, reason string) (*Entry, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, id, "catalogue.return", reason, func(tx *db.Tx) (*entryRow, error) {
		r, refusal := changeTx(tx, id, version, EntrySubmitted)
		if r == nil {
			return nil, refusal
		}
		_, _, err := s.sideTx(ctx, tx, r)
		if err = cmp.Or(err, refusal); err != nil {
			return r, err
		}
		r.state, r.version, r.changed = string(EntryDraft), r.version+1, tx.Now().UnixMilli()
		r.issuerBy, r.issuerOrg, r.managerBy, r.managerOrg = "", "", "", ""
		if err := saveEntry(tx, r); err != nil {
			return r, err
		}
		if err := s.stepTx(ctx, tx, r, "return", reason); err != nil {
			return r, err
		}
		return r, s.tellTx(tx, r, r.org, permManage, "证照目录条目被退回", "“"+r.title+"”被退回，请按退回理由修改后重新提交。")
	})
}

// tellTx tells who holds a permission at a unit of an entry.
func (s *Service) tellTx(tx *db.Tx, r *entryRow, org, permission, title, text string) error {
	if s.Notices == nil {
		return nil
	}
	return s.Notices.PutTx(tx, notice.Notice{ID: "catalogue.entry/" + r.id + "/" + itoa(r.version) + "/" + r.state, Org: org, Permission: permission,
		Topic: "catalogue.entry", Title: title, Text: text, Link: "/console/kinds/" + r.name + "/entries/" + r.id})
}
