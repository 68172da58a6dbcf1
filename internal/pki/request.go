package pki

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// RequestFor says for whom a digital certificate is asked from an outside
// authority.
type RequestFor struct {
	Use       string // Unit or Personal
	Org       string // id of the organisation it is for, or that the person belongs to
	Account   string // id of the person; with Personal alone
	Name      string // common name; for a unit exactly its legal name
	Code      string // 统一社会信用代码; with Unit alone, and may be empty
	Authority string // of whom it is asked, as people read it; may be empty
	Replaces  string // id of the registered digital certificate that the new one replaces; may be empty
	// Purpose of the key; empty: keys.Seal for a unit, keys.Personal for a person.
	// A person's name seal (电子名章) is a seal, and needs keys.Seal.
	Purpose keys.Purpose
}

// States of a request.
const (
	Waiting   = "waiting"   // the authority has not answered
	Installed = "installed" // its answer is registered
	Withdrawn = "withdrawn" // given up, or replaced by a newer request
)

// A CertificateRequest (证书请求) is a key of ours that an outside authority is
// asked to certify.
type CertificateRequest struct {
	ID string
	RequestFor
	State       string
	Key         string      // id of the key
	Request     *gm.Request // what is sent to the authority; nil: Resume makes it
	At          time.Time
	Until       time.Time // until when an answer is taken
	EndedAt     time.Time // when it was installed or withdrawn; zero: it waits
	Certificate string    // id of the digital certificate that answered; empty: none
}

// answerWithin is how long an answer is waited for.
const answerWithin = 180 * 24 * time.Hour

// Request makes a key, and a request (PKCS#10) that an outside authority
// certify it. It needs pki.manage at the organisation. A request that waits for
// the same is withdrawn. What a crash cuts off, Resume goes on with.
func (s *Service) Request(ctx context.Context, r RequestFor) (*CertificateRequest, error) {
	if err := iam.Allow(ctx, "pki.manage", r.Org); err != nil {
		return nil, err
	}
	if err := checkRequestFor(r); err != nil {
		return nil, err
	}
	if r.Purpose == "" {
		r.Purpose = keys.Seal
		if r.Use == Personal {
			r.Purpose = keys.Personal
		}
	}
	var made *CertificateRequest
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.replaceable(tx, r); err != nil {
			return err
		}
		old, err := waitingLike(tx, r)
		if err != nil {
			return err
		}
		for _, o := range old {
			if o.Name == r.Name {
				if err := s.withdrawTx(tx, &o, "由新的证书请求代替"); err != nil {
					return err
				}
			}
		}
		key, err := s.Keys.GenerateTx(tx, r.Purpose)
		if err != nil {
			return err
		}
		made = &CertificateRequest{ID: newID(), RequestFor: r, State: Waiting, Key: key, At: tx.Now(), Until: tx.Now().Add(answerWithin)}
		if err := insertRequest(tx, made); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "pki.request", Object: "pki/request/" + made.ID})
	})
	if err != nil {
		return nil, err
	}
	s.step("key")
	return made, s.sign(ctx, made)
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

func checkRequestFor(r RequestFor) error {
	e := fault.Invalid.New("证书请求的内容不完整").WithCode("pki.request").WithHint("请补全后重试")
	if r.Use != Unit && r.Use != Personal {
		e = e.WithField("use", "unknown", "可选 unit、personal")
	}
	if r.Org == "" {
		e = e.WithField("org", "required", "须指明单位")
	}
	if n := len(strings.TrimSpace(r.Name)); n == 0 || n > maxName || strings.ContainsFunc(r.Name, func(c rune) bool { return c < ' ' }) {
		e = e.WithField("name", "required", "须填写名称，不超过 100 个字，不含控制字符")
	}
	if (r.Use == Personal) != (r.Account != "") {
		e = e.WithField("account", "required", "个人证书须指明账号，单位证书不能指明账号")
	}
	if r.Code != "" {
		if !isCode(r.Code) || r.Use == Personal {
			e = e.WithField("code", "code", "只有单位证书有统一社会信用代码，且须是 18 位大写字母和数字")
		}
	}
	if len(r.Authority) > maxName {
		e = e.WithField("authority", "length", "签发机构名称不超过 100 个字")
	}
	if r.Purpose != "" && r.Purpose != keys.Seal && r.Purpose != keys.Personal {
		e = e.WithField("purpose", "unknown", "可选 seal、personal")
	}
	return e.OrNil()
}

// isCode looks at the form alone: whether it is the unit's, its organisation
// says. A citizen's number has the same form, and stands in no request.
func isCode(s string) bool {
	if _, err := gbcode.ParseCitizenID(s); err == nil {
		return false
	}
	return len(s) == 18 && strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// replaceable refuses to replace what is somebody else's.
func (s *Service) replaceable(tx *db.Tx, r RequestFor) error {
	if r.Replaces == "" {
		return nil
	}
	old, err := byRef(tx, r.Replaces)
	if err != nil {
		return err
	}
	if old.ID != r.Replaces || old.Org != r.Org || old.Account != r.Account || old.Use != r.Use {
		return fault.Forbidden.New("要更换的数字证书不是该单位或该人的").WithCode("pki.replaces").WithHint("请核对要更换的数字证书")
	}
	return nil
}

// sign makes the request of a row that has none.
func (s *Service) sign(ctx context.Context, r *CertificateRequest) error {
	purpose := r.Purpose
	var signer gm.Signer
	var err error
	for _, p := range []keys.Purpose{keys.Seal, keys.Personal} { // after a crash the key tells
		if purpose != "" && p != purpose {
			continue
		}
		if signer, err = s.Keys.Signer(ctx, r.Key, p); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	subject := pkix.Name{Country: []string{"CN"}, CommonName: r.Name, SerialNumber: r.Code}
	if r.Use == Unit {
		subject.Organization = []string{r.Name}
	}
	if r.Request, err = gm.CreateRequest(subject, signer); err != nil {
		return fmt.Errorf("pki: making a certificate request: %w", err)
	}
	s.step("signed")
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return setRequest(tx, r.ID, r.Request.Raw) })
	s.step("stored")
	return err
}

// Resume makes the requests whose making was cut off. It is called when the
// program starts.
func (s *Service) Resume(ctx context.Context) error {
	var all []CertificateRequest
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { all, err = unsigned(tx); return err }); err != nil {
		return err
	}
	for _, r := range all {
		if err := s.sign(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw gives up a request that waits, and retires its key. It needs
// pki.manage at its organisation.
func (s *Service) Withdraw(ctx context.Context, id, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.Invalid.New("须填写理由").WithCode("pki.request").WithHint("请填写理由")
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.requestTx(ctx, tx, id, true)
		if err != nil {
			return err
		}
		if r.State != Waiting {
			return errState(r)
		}
		return s.withdrawTx(tx, r, reason)
	})
}

func (s *Service) withdrawTx(tx *db.Tx, r *CertificateRequest, reason string) error {
	if err := endRequest(tx, r.ID, Withdrawn, nil); err != nil {
		return err
	}
	if err := s.Keys.RetireTx(tx, r.Key); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "pki.request.withdraw", Object: "pki/request/" + r.ID, Reason: reason})
}

func errState(r *CertificateRequest) error {
	what := "已经装入数字证书"
	if r.State == Withdrawn {
		what = "已经撤回，或由新的请求代替"
	}
	return fault.Conflict.New("这个证书请求%s", what).WithCode("pki.request.state").WithHint("如需新的数字证书，请重新申请")
}

// requestTx finds a request for who manages its organisation; for others there
// is none.
func (s *Service) requestTx(ctx context.Context, tx *db.Tx, id string, lock bool) (*CertificateRequest, error) {
	r, err := requestByID(tx, id, lock)
	if err != nil {
		return nil, err
	}
	if iam.Allow(ctx, "pki.manage", r.Org) != nil {
		return nil, fault.NotFound.New("没有这个证书请求").WithCode("pki.request.unknown").WithHint("请核对编号")
	}
	return r, nil
}

// GetRequest returns a request. It needs pki.manage at its organisation.
func (s *Service) GetRequest(ctx context.Context, id string) (r *CertificateRequest, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = s.requestTx(ctx, tx, id, false); return err })
	if err == nil && r.State == Waiting && r.Request == nil {
		err = s.sign(ctx, r)
	}
	return r, err
}

// Requests lists the requests of an organisation and of its people, newest
// first. It needs pki.manage there.
func (s *Service) Requests(ctx context.Context, org string) (all []CertificateRequest, err error) {
	if org == "" {
		return nil, fault.Invalid.New("须指明单位").WithCode("pki.request").WithHint("请给出单位编号")
	}
	if err := iam.Allow(ctx, "pki.manage", org); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = requestsOf(tx, org); return err })
	return all, err
}
