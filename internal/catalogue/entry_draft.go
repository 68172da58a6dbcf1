package catalogue

import (
	"bytes"
	"context"
	"maps"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

func (s *Service) propose(ctx context.Context, p Proposal) (*Entry, error) {
	reason, err := reasonOf(p.Reason)
	if err != nil {
		return nil, err
	}
	if err := checkDraft(p.Name, p.Files); err != nil {
		return nil, err
	}
	var id string
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.proposedTx(ctx, tx, p)
		if err != nil {
			return err
		}
		r.reason, id = reason, r.id
		made, err := insertEntry(tx, r)
		if err != nil {
			return err
		}
		if !made {
			return s.errOpenTx(tx, p.Name)
		}
		return s.stepTx(ctx, tx, r, "propose", reason)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "catalogue.propose", Object: objectOf(clip(p.Name, 64)), Reason: reason}, err)
	}
	return s.Entry(ctx, id)
}

func (s *Service) errOpenTx(tx *db.Tx, name string) error {
	id, err := openEntry(tx, name)
	if err != nil {
		return err
	}
	return fault.Conflict.New("这个证照类型已有条目正在编制").WithCode("catalogue.open").WithHint("请在条目 %s 上继续，或等它发布、撤回", id)
}

// proposedTx is the row of a new entry.
func (s *Service) proposedTx(ctx context.Context, tx *db.Tx, p Proposal) (*entryRow, error) {
	who, err := person(ctx)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permManage, p.Org); err != nil {
		return nil, err
	}
	above, err := iam.AboveTx(tx, p.Org)
	if err != nil {
		return nil, err
	}
	if above[0].Closed {
		return nil, fault.Conflict.New("单位已停用").WithCode("catalogue.org-closed").WithHint("请选择其他单位").WithField("org", "closed", "单位已停用")
	}
	now := tx.Now().UnixMilli()
	r := &entryRow{id: newID(), name: p.Name, org: p.Org, path: above[0].Path(), manager: above[min(1, len(above)-1)].ID, state: string(EntryDraft), version: 1,
		account: who.Account, created: now, changed: now}
	if err := s.inheritTx(tx, r, above); err != nil {
		return nil, err
	}
	files, err := s.beginTx(tx, p, r.base)
	if err != nil {
		return nil, err
	}
	r.put(files)
	return r, nil
}

// inheritTx finds the version that an entry changes. A kind belongs to the unit that
// defined it, and all below use it unchanged (S4 任务6: 统一名称、统一照面、统一模板、
// 统一元数据); one that the operator brought in belongs to the whole platform: anybody
// may draw up its next version, and the unit on top agrees.
func (s *Service) inheritTx(tx *db.Tx, r *entryRow, above []iam.Org) error {
	last, err := newest(tx, r.name)
	if err != nil || last == nil {
		return err
	}
	r.base = last.Version
	if last.Org != "" && last.Org != r.org {
		o, err := iam.OrgTx(tx, last.Org)
		if err != nil {
			return err
		}
		return fault.Forbidden.New("“%s”由%s统一定义，其他单位不能改动它的名称、照面和元数据", last.Title, o.Name).WithCode("catalogue.inherited").
			WithHint("本级可以直接使用它；要修改请向%s提出", o.Name)
	}
	if r.manager = last.Manager; r.manager == "" {
		r.manager = above[len(above)-1].ID
	}
	return nil
}

// beginTx is what a draft begins with.
func (s *Service) beginTx(tx *db.Tx, p Proposal, base int) (map[string][]byte, error) {
	if len(p.Files) > 0 {
		return p.Files, nil
	}
	ref, n := p.From, p.Version
	if ref == "" {
		ref = p.Name
		if base == 0 {
			return map[string][]byte{}, nil
		}
		if n == 0 {
			n = base
		}
	}
	var k *Kind
	var err error
	if n > 0 {
		k, err = s.VersionTx(tx, ref, n)
	} else {
		k, err = s.KindTx(tx, ref)
	}
	if err != nil {
		return nil, err
	}
	files := maps.Clone(k.Files())
	delete(files, goldenFile)
	if k.Name != p.Name { // the example names its kind
		files[exampleFile] = bytes.Replace(files[exampleFile], []byte(`"`+k.Name+`"`), []byte(`"`+p.Name+`"`), 1)
	}
	return files, nil
}

// put puts files into a row.
func (r *entryRow) put(files map[string][]byte) {
	digest, g := digestOf(files), glimpseOf(files)
	r.files, r.digest, r.title, r.code = files, digest[:], g.Title, g.Code
}

// stepTx records what happened, in the entry and in the audit.
func (s *Service) stepTx(ctx context.Context, tx *db.Tx, r *entryRow, action, reason string) error {
	step := stepRow{action: action, reason: reason, digest: r.digest, at: tx.Now().UnixMilli()}
	if p, ok := iam.From(ctx); ok {
		step.account, step.org = p.Account, p.Org
	}
	if err := insertStep(tx, r.id, step); err != nil {
		return err
	}
	does, _, _ := strings.Cut(action, ".") // the audit tells who agreed, the step for which side
	return audit.Put(tx, audit.Entry{Action: "catalogue." + does, Object: objectOf(r.name), Reason: reason, After: gm.Digest(r.digest)})
}

// changeTx finds an entry to be changed: locked, seen as it is, in a state.
func changeTx(tx *db.Tx, id string, version int, state EntryState) (*entryRow, error) {
	r, err := entryTx(tx, id, true)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, errNoEntry()
	case r.version != version:
		return r, errMoved()
	case state != "" && r.state != string(state):
		return r, errState(r)
	}
	return r, nil
}

// act does something with an entry in one transaction, and records a refusal.
func (s *Service) act(ctx context.Context, id, action, reason string, do func(*db.Tx) (*entryRow, error)) (*Entry, error) {
	object := objectOf("entry/" + clip(id, 64))
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := do(tx)
		if r != nil {
			object = objectOf(r.name)
		}
		return err
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: object, Reason: reason}, err)
	}
	return s.Entry(ctx, id)
}

func (s *Service) saveDraft(ctx context.Context, id string, version int, files map[string][]byte) (*Entry, error) {
	if err := checkDraft("draft", files); err != nil {
		return nil, err
	}
	return s.act(ctx, id, "catalogue.save", "", func(tx *db.Tx) (*entryRow, error) {
		r, err := ownTx(ctx, tx, id, version, EntryDraft)
		if err != nil {
			return r, err
		}
		r.put(files)
		r.version, r.changed = r.version+1, tx.Now().UnixMilli()
		if err := saveEntry(tx, r); err != nil {
			return r, err
		}
		return r, s.stepTx(ctx, tx, r, "save", "")
	})
}

// ownTx is an entry that whoever acts may change for the issuing unit. Who may not
// learns nothing of its state.
func ownTx(ctx context.Context, tx *db.Tx, id string, version int, state EntryState) (*entryRow, error) {
	r, refusal := changeTx(tx, id, version, state)
	if r == nil {
		return nil, refusal
	}
	if err := iam.Allow(ctx, permManage, r.org); err != nil {
		return r, err
	}
	if _, err := person(ctx); err != nil {
		return r, err
	}
	return r, refusal
}

func (s *Service) withdraw(ctx context.Context, id string, version int, reason string) (*Entry, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	return s.act(ctx, id, "catalogue.withdraw", reason, func(tx *db.Tx) (*entryRow, error) {
		r, err := ownTx(ctx, tx, id, version, "")
		if err != nil {
			return r, err
		}
		if !r.open() {
			return r, errState(r)
		}
		r.state, r.version, r.changed = string(EntryWithdrawn), r.version+1, tx.Now().UnixMilli()
		if err := saveEntry(tx, r); err != nil {
			return r, err
		}
		return r, s.stepTx(ctx, tx, r, "withdraw", reason)
	})
}
