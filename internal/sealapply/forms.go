package sealapply

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// formsTx are all forms: those that come with the program, and those that were
// imported.
func formsTx(tx *db.Tx) ([]*Form, error) {
	shipped, err := shippedForms()
	if err != nil {
		return nil, err
	}
	rows, err := storedForms(tx)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(shipped)
	for _, r := range rows {
		f, err := ParseForm(r.content)
		if err != nil {
			return nil, fmt.Errorf("sealapply: reading the form of %q from %s: %w", r.region, r.version, err)
		}
		all = append(all, f)
	}
	return all, nil
}

// formTx is the form that counts for a unit today.
func formTx(tx *db.Tx, region string) (*Form, error) {
	all, err := formsTx(tx)
	if err != nil {
		return nil, err
	}
	f := inForce(all, region, workday.DateOf(tx.Now()))
	if f == nil {
		return nil, fault.Conflict.New("本地区没有印章申请表").WithCode("sealapply.form-absent").WithHint("请联系印章管理部门导入申请表")
	}
	return f, nil
}

// formOf is the version that an application was made with.
func formOf(tx *db.Tx, region, version string) (*Form, error) {
	all, err := formsTx(tx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if f := all[len(all)-1-i]; f.Region == region && f.Version.String() == version {
			return f, nil
		}
	}
	return nil, fmt.Errorf("sealapply: no form of %q from %s", region, version)
}

// Forms lists the forms of all regions and versions: by region, newest first.
// They are public to whoever applies.
func (s *Service) Forms(ctx context.Context) (list []*Form, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { list, err = formsTx(tx); return err })
	slices.SortStableFunc(list, func(a, b *Form) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(b.Version.String(), a.Version.String()))
	})
	return list, err
}

// FormFor is the form that counts for a unit today, with what it asks of an
// application of a kind for a seal of a kind.
func (s *Service) FormFor(ctx context.Context, org string, k Kind, sealKind string) (form *Form, fields []FormField, files []FormAttachment, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		region, err := iam.RegionTx(tx, org)
		if err != nil {
			return err
		}
		form, err = formTx(tx, region)
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	fields, files = form.For(k, sealKind)
	return form, fields, files, nil
}

// ImportForm puts a new version of a region's form, in YAML. It needs
// seal.manage for an organisation whose region the form's lies in. A version
// that stands is never changed.
func (s *Service) ImportForm(ctx context.Context, data []byte, reason string) (*Form, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	f, err := ParseForm(data)
	if err != nil {
		return nil, err
	}
	object := "sealapply/form/" + cmp.Or(f.Region, "country") + "/" + f.Version.String()
	if err := s.mayForm(ctx, f.Region); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "sealapply.form", Object: object}, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if f.Version.Before(workday.DateOf(tx.Now())) {
			return fault.Invalid.New("启用日期不能早于今天").WithCode("sealapply.form-date").WithHint("请改为今天或以后的日期").WithField("version", "past", "不能早于今天")
		}
		all, err := formsTx(tx)
		if err != nil {
			return err
		}
		stands := slices.ContainsFunc(all, func(x *Form) bool { return x.Region == f.Region && x.Version == f.Version })
		n := int64(0)
		if !stands {
			n, err = insertForm(tx, &formRow{region: f.Region, version: f.Version.String(), content: data}, audit.ActorFrom(ctx).Account, reason)
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("该地区已有同一日期启用的申请表").WithCode("sealapply.form-exists").WithHint("请另选启用日期：已启用的版本不能改")
		}
		return audit.Put(tx, audit.Entry{Action: "sealapply.form", Object: object, Reason: reason, After: gm.Sum(data)})
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// mayForm refuses whoever manages no seals in the form's region.
func (s *Service) mayForm(ctx context.Context, region string) error {
	if err := iam.Allow(ctx, permissions[Manager], ""); err != nil {
		return err
	}
	covered := false
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		covered = false
		for _, root := range iam.ScopeRoots(ctx, permissions[Manager]) {
			own, err := iam.RegionTx(tx, root)
			if err != nil {
				return err
			}
			covered = covered || own != "" && due.Covers(own, region)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !covered {
		return fault.Forbidden.New("只能导入本单位所在地区的申请表").WithCode("auth.region").WithHint("请联系该地区的印章管理部门导入")
	}
	return nil
}
