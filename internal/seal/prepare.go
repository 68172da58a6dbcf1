package seal

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
)

// A PersonCheck tells how well the platform knows a person (实名等级, as
// iam.Principal.Level), and whether the account bears the name. It reads in the
// transaction that is passed to it.
type PersonCheck func(tx *db.Tx, account, name string) (level int, named bool, err error)

// maxName is the most characters of a seal's name.
const maxName = 100

// hidden tells of characters that are not seen, and may make a name look like
// another.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// verified is how well a person must be known to have a seal (实名).
const verified = 2

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// prepare asks everything about a request that can be asked before anything is
// made.
func (s *Service) prepare(ctx context.Context, r *MakeRequest) (*work, error) {
	if !idForm.MatchString(r.ID) {
		return nil, fault.Invalid.New("印章编号不符合规则").WithCode("seal.request").WithHint("由小写字母、数字和连字符组成，至多 64 个字符").WithField("id", "malformed", "请更正")
	}
	w := &work{MakeRequest: r}
	f := fault.Invalid.New("印章申请不完整或不一致").WithCode("seal.request").WithHint("请按每一项的说明更正后重试")
	f = r.Imprint.validate(f)
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w.org, err = iam.OrgTx(tx, r.Org); err != nil {
			return err
		}
		if w.path, err = iam.PathTx(tx, r.Org); err != nil {
			return err
		}
		if err := allow(ctx, tx, "seal.make", r.Org, w.path); err != nil {
			return err
		}
		if w.made, err = repeated(tx, r); err != nil || w.made != nil {
			return err
		}
		if f, err = s.people(tx, r, r.names(f, w.org)); err != nil {
			return err
		}
		return replaceable(tx, r)
	})
	if err != nil {
		return nil, err
	}
	if w.made != nil {
		return w, nil
	}
	return w, f.OrNil()
}

// repeated returns the seal that an earlier call with this request made, or
// nil.
func repeated(tx *db.Tx, r *MakeRequest) (*Seal, error) {
	m, err := makingOf(tx, r.ID)
	if err != nil {
		return nil, err
	}
	if m == nil { // also none from before makings were kept
		if _, err := byID(tx, r.ID); err == nil {
			return nil, errOtherRequest()
		}
		return nil, nil
	}
	if m.request != r.digest() {
		return nil, errOtherRequest()
	}
	if !m.closed {
		return nil, nil
	}
	return byID(tx, r.ID)
}

func errOtherRequest() error {
	return fault.Conflict.New("这个印章编号已用于另一项制作").WithCode("seal.repeated").WithHint("请核对印章申请；新的印章请用新的编号")
}

// names compares what the request says with the register (SEAL-08): the imprint's
// name is that of the digital certificate, to which the seal of a department,
// branch or purpose adds words.
func (r *MakeRequest) names(f *fault.Error, o iam.Org) *fault.Error {
	if labels[r.Kind] == "" {
		f = f.WithField("kind", "unknown", "没有这种印章")
	}
	if n := len([]rune(r.Name)); n > maxName || strings.ContainsFunc(r.Name, hidden) {
		f = f.WithField("name", "length", fmt.Sprintf("印章名称至多 %d 个字，不含换行和不可见字符", maxName))
	}
	switch {
	case o.Closed:
		f = f.WithField("org", "closed", "单位已停用，不能制作印章")
	case r.OrgName != o.Name:
		f = f.WithField("org_name", "name.mismatch", "单位名称须与登记的法定名称一致")
	case r.OrgCode != o.USCC:
		f = f.WithField("org_code", "code.mismatch", "统一社会信用代码须与登记的一致")
	}
	switch {
	case OfPerson(r.Kind):
	case !strings.HasPrefix(r.Name, o.Name):
		f = f.WithField("name", "name.mismatch", "印模名称须与数字证书的单位名称一致（专用章在其后加用途）")
	case r.Kind == LegalName && r.Name != o.Name:
		f = f.WithField("name", "name.mismatch", "法定名称章的名称须与单位法定名称完全一致")
	case slices.Contains([]string{Internal, Branch, Special}, r.Kind) && r.Name == o.Name:
		f = f.WithField("name", "name.mismatch", "名称须在单位法定名称之后写明部门、分支机构或用途")
	}
	return f
}

// people asks who the request names.
func (s *Service) people(tx *db.Tx, r *MakeRequest, f *fault.Error) (*fault.Error, error) {
	for field, account := range map[string]string{"custodian": r.Custodian, "person": r.Person} {
		if account == "" {
			continue
		}
		who, err := iam.SubjectTx(tx, account)
		if unlessNotFound(err) != nil {
			return f, err
		}
		if err != nil || who.Closed {
			f = f.WithField(field, "unknown", "没有这个账号，或已停用")
		}
	}
	switch {
	case !OfPerson(r.Kind) && r.Person != "":
		return f.WithField("person", "kind", "单位印章不填本人"), nil
	case !OfPerson(r.Kind):
		return f, nil
	case r.Person == "":
		return f.WithField("person", "required", "电子名章和个人印章须写明本人"), nil
	case s.Person == nil:
		return f.WithField("person", "level", "本平台没有接入实名核验，不能为个人制作印章"), nil
	}
	level, named, err := s.Person(tx, r.Person, r.Name)
	if unlessNotFound(err) != nil {
		return f, err
	}
	if level < verified {
		f = f.WithField("person", "level", fmt.Sprintf("本人须先完成实名认证（实名等级 %d 以上）", verified))
	}
	if !named {
		f = f.WithField("name", "name.mismatch", "印模名称须与本人实名一致")
	}
	return f, nil
}

// replaceable refuses to take the place of a seal of another, or of one that is
// gone.
func replaceable(tx *db.Tx, r *MakeRequest) error {
	if r.Replaces == "" {
		return nil
	}
	old, err := byID(tx, r.Replaces)
	switch {
	case err != nil:
		return err
	case old.Org != r.Org || old.Kind != r.Kind || old.Person != r.Person:
		return fault.Conflict.New("新印章与所代替的印章不是同一单位、同一类别").WithCode("seal.replaces").WithHint("请核对所代替的印章；另一类别请另行申请制作")
	case !old.live():
		return fault.Conflict.New("所代替的印章“%s”%s", old.Name, stateNames[old.State]).WithCode("seal.replaces").WithHint("请申请制作新的印章，不填所代替的印章")
	}
	return nil
}

// use is what the digital certificate of a kind of seal is for.
func use(kind string) string {
	if OfPerson(kind) {
		return pki.Personal
	}
	return pki.Unit
}
