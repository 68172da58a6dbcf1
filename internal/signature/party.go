package signature

import (
	"context"
	"crypto/rand"
	"regexp"
	"strconv"
	"strings"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// level is the least assurance of who a person is: verified (实名).
const level = 2

// signing returns whoever acts as a person who may sign: an account, not a program,
// with the permission, verified. Staff sign as themselves too: the permission is
// theirs for any unit.
func signing(ctx context.Context) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	switch {
	case !ok:
		return nil, iam.Ask(ctx, iam.Question{Permission: "signature.sign"})
	case p.Account == "":
		return nil, fault.Forbidden.New("签名须由本人办理，程序不能代签").WithCode("signature.person").WithHint("请把签署链接交给签署人本人")
	}
	q := iam.Question{Permission: "signature.sign"}
	if p.Kind == iam.Holder {
		q = iam.Question{Permission: "signature.sign.own", Owner: true}
	}
	if err := iam.Ask(ctx, q); err != nil {
		return nil, err
	}
	if p.Level < level {
		return nil, fault.Forbidden.New("签署须先完成实名认证").WithCode("auth.level").WithHint("请通过统一身份认证完成实名认证后重试")
	}
	return p, nil
}

// taskCell and signerCell are where encrypted values stand.
func taskCell(column, id string) keys.Cell {
	return keys.Cell{Table: "signature_task", Column: column, Row: id}
}

func signerCell(column, task string, number int) keys.Cell {
	return keys.Cell{Table: "signature_signer", Column: column, Row: signerKey(task, number)}
}

func identityCell(id string) keys.Cell {
	return keys.Cell{Table: "signature_identity", Column: "certificate", Row: id}
}

// foldCitizen and foldName are the one form in which people are indexed.
func foldCitizen(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }
func foldName(s string) string    { return strings.TrimSpace(s) }

// person is the blind index of somebody: number and name together, so that neither
// can be tried out without the other.
func (s *Service) person(name, citizen string) gm.Digest {
	return s.Index.Of(foldCitizen(citizen) + "\x00" + foldName(name))
}

// self is the index of whoever acts; false for one without a citizen number.
func (s *Service) self(ctx context.Context) (iam.Person, gm.Digest, bool, error) {
	me, err := s.IAM.Self(ctx)
	if err != nil || me.Citizen == "" {
		return me, gm.Digest{}, false, err
	}
	return me, s.person(me.Name, me.Citizen), true, nil
}

func maskCitizen(c string) string { return gbcode.Mask(c, 6, 4) }

// open decrypts a value of a signer; nil is "".
func (s *Service) openSigner(r *signerRow, column string, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	b, err := s.Box.Open(signerCell(column, r.task, r.number), sealed)
	return string(b), err
}

// maskedName is how a signer is shown to others.
func (s *Service) maskedName(r *signerRow) (string, error) {
	n, err := s.openSigner(r, "name", r.name)
	return gbcode.MaskName(n), err
}

// newID returns 130 random bits as text.
func newID() string { return strings.ToLower(rand.Text()) }

// newToken returns 260 random bits as text, and the digest that is kept of them.
func newToken() (string, gm.Digest) {
	t := strings.ToLower(rand.Text() + rand.Text())
	return t, gm.Sum([]byte(t))
}

const tokenLen = 52

// object is how the audit names a task; signerObject one of its signers.
func object(task string) string { return "signature/" + task }

func signerKey(task string, number int) string { return task + "/" + strconv.Itoa(number) }

func signerObject(task string, number int) string { return "signature/" + signerKey(task, number) }

// idForm is what names a task or a signer: what stands in an address may be anything.
var idForm = regexp.MustCompile(`^signature/[a-z0-9]{26}(/[0-9]{1,3})?$`)

// refused puts a refusal into the audit, in a transaction of its own, and returns
// it. What is no refusal, or what another entry says already, passes.
func (s *Service) refused(ctx context.Context, action, object string, err error) error {
	e := fault.As(err)
	if e == nil || audit.RefusalNoted(ctx) {
		return err
	}
	if !idForm.MatchString(object) {
		object = "signature/unknown"
	}
	put := s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: object, Result: audit.Refused, Rule: e.Code})
	})
	if put != nil {
		return put
	}
	return err
}
