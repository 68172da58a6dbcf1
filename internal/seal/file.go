package seal

import (
	"context"
	"fmt"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal/event"
	"sidian/internal/status"
)

// A FileRequest files a seal (备案).
type FileRequest struct {
	Authority string // id of the organisation that keeps the file
	Number    string // 备案号, unique with the authority; empty: one is given
	Reason    string
}

// maxNumber is the most characters of a filing number.
const maxNumber = 40

// File files a seal that was made: it is in force from here, and what it
// replaces no more: whose standing policies and rules it takes over. It needs
// seal.file at the authority, which manages the seals of the organisation, and
// a custodian who may keep it. A repetition with the same authority and number
// returns the seal as it is.
func (s *Service) File(ctx context.Context, id string, r FileRequest) (*Seal, error) {
	f, err := s.filing(ctx, id, &r)
	if err != nil {
		return nil, s.Refused(ctx, "seal.file", object(id), err)
	}
	var x *Seal
	err = s.write(ctx, "seal.file", object(id), func(tx *db.Tx) (err error) { x, err = s.file(tx, id, f); return err })
	if err != nil {
		return nil, err
	}
	s.step("file")
	if f.old != nil {
		if err := s.PKI.Publish(ctx); err != nil {
			return nil, err
		}
	}
	x.State = x.At(s.DB.Now())
	return x, nil
}

// filing is a filing that was looked at, and what it needs outside of the
// transaction.
type filing struct {
	FileRequest
	number string    // the one to be given
	old    *material // of the seal that is replaced, or nil
}

func (s *Service) filing(ctx context.Context, id string, r *FileRequest) (*filing, error) {
	r.Number = strings.TrimSpace(r.Number)
	if len([]rune(r.Number)) > maxNumber {
		return nil, fault.Invalid.New("备案号至多 %d 个字", maxNumber).WithCode("seal.number").WithHint("请更正备案号").WithField("number", "length", "过长")
	}
	if err := iam.Allow(ctx, "seal.file", r.Authority); err != nil {
		return nil, err
	}
	f := &filing{FileRequest: *r, number: r.Number}
	var x *Seal
	var o iam.Org
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if o, err = iam.OrgTx(tx, r.Authority); err != nil {
			return err
		}
		if x, err = byID(tx, id); err != nil {
			return err
		}
		return over(tx, o, x)
	})
	if err != nil {
		return nil, err
	}
	if err := s.fit(ctx, x, x.Custodian); err != nil {
		return nil, err
	}
	if x.Replaces != "" {
		if f.old, err = s.material(ctx, x.Replaces); err != nil {
			return nil, err
		}
	}
	if f.number == "" && x.State == Made {
		f.number, err = s.number(ctx, o)
	}
	return f, err
}

// over refuses an authority that does not manage the seals of the organisation.
func over(tx *db.Tx, o iam.Org, x *Seal) error {
	path, err := iam.PathTx(tx, o.ID)
	if err != nil || strings.HasPrefix(x.path, path) || manages(o, x.path) {
		return err
	}
	return fault.Forbidden.New("%s不是印章“%s”的备案机关", o.Name, x.Name).WithCode("seal.authority").WithHint("请由该单位所在层级或上级的管理单位备案")
}

// number gives the next filing number of an authority: its division and seven
// digits, as seals are numbered. Numbers may be left out.
func (s *Service) number(ctx context.Context, o iam.Org) (string, error) {
	n, err := s.DB.Sequence(ctx, "seal.number."+o.ID, 1)
	return fmt.Sprintf("%06.6s%07d", o.Region, n), err
}

// file is the transaction in which a seal comes into force.
func (s *Service) file(tx *db.Tx, id string, f *filing) (*Seal, error) {
	x, err := byID(tx, id)
	if err != nil {
		return nil, err
	}
	if x.live() && x.Authority == f.Authority && (f.Number == "" || f.Number == x.Number) {
		return x, nil
	}
	if err := s.fileable(tx, x, f); err != nil {
		return nil, err
	}
	x.State, x.Authority, x.Number, x.FiledAt = Effective, f.Authority, f.number, ms(tx.Now().UnixMilli())
	if err := s.promise(tx, x); err != nil {
		return nil, err
	}
	if err := setFiled(tx, x); err != nil {
		return nil, err
	}
	if x.Replaces != "" {
		if err := s.replace(tx, x, f.old); err != nil {
			return nil, err
		}
	}
	if err := s.became(tx, x, event.Filed, status.Valid); err != nil {
		return nil, err
	}
	return x, audit.Put(tx, audit.Entry{Action: "seal.file", Object: object(id), Reason: f.Reason})
}

func (s *Service) fileable(tx *db.Tx, x *Seal, f *filing) error {
	switch {
	case x.State != Made:
		return fault.Conflict.New("印章“%s”%s，不能备案", x.Name, stateNames[x.State]).WithCode("seal.state").WithHint("请刷新后核对印章状态")
	case x.Custodian == "":
		return fault.Conflict.New("印章“%s”没有保管人，不能备案", x.Name).WithCode("seal.custodian").WithHint("请先确定印章保管人")
	case tx.Now().After(x.ValidTo):
		return fault.Conflict.New("印章“%s”的数字证书已到期，不能备案", x.Name).WithCode("seal.expired").WithHint("请重新制作印章")
	}
	n, err := numbered(tx, f.Authority, f.number)
	if err == nil && n > 0 {
		return fault.Conflict.New("备案号已被另一枚印章使用").WithCode("seal.number").WithHint("请核对备案号，或不填由平台编号").WithField("number", "duplicate", "重复")
	}
	return err
}

// replace ends the seal whose place x takes, and carries over what stood under
// it.
func (s *Service) replace(tx *db.Tx, x *Seal, m *material) error {
	old, err := byID(tx, x.Replaces)
	if err != nil {
		return err
	}
	if err := old.move(Replaced); err != nil {
		return err
	}
	if err := setReplaced(tx, old.ID, x.ID); err != nil {
		return err
	}
	old.State, old.ReplacedBy = Replaced, x.ID
	g, err := s.guard(tx.Context())
	if err != nil {
		return err
	}
	if err := carryPolicies(tx, g, old.ID, x); err != nil {
		return err
	}
	if err := carryRules(tx, g, old.ID, x); err != nil {
		return err
	}
	if err := s.endKey(tx, old, m, pki.Superseded, "由新印章代替"); err != nil {
		return err
	}
	if err := s.keepRenewal(tx, old); err != nil {
		return err
	}
	if err := s.became(tx, old, event.Replaced, status.Replaced); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "seal.replaced", Object: object(old.ID), Reason: "由 " + x.ID + " 代替"})
}
