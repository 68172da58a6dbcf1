package iam

import (
	"context"
	"regexp"
	"strings"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// An Account is a person who signs in, as others may see it.
type Account struct {
	ID       string   `json:"id"`
	Username string   `json:"username"`
	Kind     Kind     `json:"kind" enum:"staff,holder"`
	Name     string   `json:"name"`
	Org      string   `json:"org,omitempty"`
	OrgName  string   `json:"org_name,omitempty" doc:"单位名称；列表才有"`
	Citizen  string   `json:"citizen,omitempty" doc:"公民身份号码，脱敏"`
	Phone    string   `json:"phone,omitempty" doc:"手机号码，脱敏"`
	Roles    []MyRole `json:"roles,omitempty"`
	Closed   bool     `json:"closed,omitempty"`
}

// AccountRequest asks for a new account.
type AccountRequest struct {
	Username string `json:"username" minLength:"2" maxLength:"40"`
	Kind     Kind   `json:"kind" enum:"staff,holder"`
	Name     string `json:"name" minLength:"1" maxLength:"100"`
	Org      string `json:"org,omitempty" doc:"所属单位；持证人没有"`
	Citizen  string `json:"citizen,omitempty" doc:"公民身份号码；持证人必填"`
	Phone    string `json:"phone,omitempty" doc:"手机号码"`
}

var (
	usernameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,39}$`)
	phoneForm    = regexp.MustCompile(`^1[3-9][0-9]{9}$`)
)

// Validate checks what a schema cannot.
func (r AccountRequest) Validate() error {
	bad := fault.Invalid.New("账号信息不符合规则").WithCode("account.invalid")
	if !usernameForm.MatchString(FoldUsername(r.Username)) {
		bad = bad.WithField("username", "account.username", "由字母、数字和 . _ - 组成，2 至 40 个字符")
	}
	if strings.TrimSpace(r.Name) == "" {
		bad = bad.WithField("name", "required", "必填")
	}
	switch r.Kind {
	case Staff:
		if r.Org == "" {
			bad = bad.WithField("org", "required", "工作人员须有所属单位")
		}
	case Holder:
		if r.Citizen == "" {
			bad = bad.WithField("citizen", "required", "持证人须有公民身份号码")
		}
	default:
		bad = bad.WithField("kind", "enum", "应为 staff 或 holder")
	}
	if _, err := gbcode.ParseCitizenID(r.Citizen); r.Citizen != "" && err != nil {
		bad = bad.WithField("citizen", "account.citizen", "不是有效的公民身份号码（GB 11643-1999）")
	}
	if r.Phone != "" && !phoneForm.MatchString(r.Phone) {
		bad = bad.WithField("phone", "account.phone", "应为 11 位手机号码")
	}
	return bad.OrNil()
}

// FoldUsername is the one form in which a username is kept and looked up.
func FoldUsername(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// CreateAccount opens an account: staff below an organisation whose accounts
// the caller manages, a holder by who manages accounts anywhere. Nobody can sign
// in to it yet: package auth gives an account its credentials.
func (s *Service) CreateAccount(ctx context.Context, r AccountRequest) (Account, error) {
	if err := r.Validate(); err != nil {
		return Account{}, err
	}
	if err := Allow(ctx, "account.manage", r.Org); err != nil {
		return Account{}, err
	}
	row, n, err := s.prepare(r)
	if err != nil {
		return Account{}, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if r.Org != "" {
			o, err := OrgTx(tx, r.Org)
			if err != nil {
				return err
			}
			if o.Closed {
				return fault.Conflict.New("单位已停用").WithCode("org.closed")
			}
		}
		return s.putAccount(tx, row)
	})
	return n, err
}

func (s *Service) putAccount(tx *db.Tx, row accountRow) error {
	n, err := s.insertAccount(tx, row)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict.New("用户名已被使用，或该持证人已有账号").WithCode("account.exists").WithHint("请换一个用户名，或查找已有账号")
	}
	return audit.Put(tx, audit.Entry{Action: "account.create", Object: "account/" + row.key, After: digestOf(row.fields())})
}

// prepare does what needs no transaction: the encryption.
func (s *Service) prepare(r AccountRequest) (accountRow, Account, error) {
	n := Account{ID: newID(), Username: FoldUsername(r.Username), Kind: r.Kind, Name: strings.TrimSpace(r.Name), Org: r.Org}
	row := accountRow{key: n.ID, username: n.Username, kind: r.Kind, org: r.Org}
	var err error
	for column, v := range map[string]struct {
		plain string
		to    *[]byte
	}{"name": {n.Name, &row.name}, "citizen": {r.Citizen, &row.citizen}, "phone": {r.Phone, &row.phone}} {
		if v.plain == "" {
			continue
		}
		if *v.to, err = s.box.Seal(cell(column, row.key), []byte(v.plain)); err != nil {
			return row, n, err
		}
	}
	d := s.names.Of(n.Name)
	row.nameIndex = d[:]
	if r.Citizen != "" {
		d := s.persons.Of(r.Citizen)
		row.citizenIndex, n.Citizen = d[:], maskCitizen(r.Citizen)
	}
	if r.Phone != "" {
		d := s.phones.Of(r.Phone)
		row.phoneIndex, n.Phone = d[:], maskPhone(r.Phone)
	}
	return row, n, nil
}

func cell(column, id string) keys.Cell {
	return keys.Cell{Table: "iam_account", Column: column, Row: id}
}

// maskCitizen shows 6+4, the usual mask; the strict one is 3+4 of gbcode.
func maskCitizen(s string) string { return gbcode.Mask(s, 6, 4) }

// maskPhone shows 3+4 of the eleven digits that Validate let in.
func maskPhone(s string) string {
	if len(s) != 11 {
		return "****"
	}
	return s[:3] + "****" + s[7:]
}

// open decrypts what may be shown of an account.
func (s *Service) open(row accountRow) (Account, error) {
	a := Account{ID: row.key, Username: row.username, Kind: row.kind, Org: row.org, Closed: row.closed()}
	name, err := s.box.Open(cell("name", row.key), row.name)
	if err != nil {
		return a, err
	}
	a.Name = string(name)
	if row.citizen != nil {
		b, err := s.box.Open(cell("citizen", row.key), row.citizen)
		if err != nil {
			return a, err
		}
		a.Citizen = maskCitizen(string(b))
	}
	if row.phone != nil {
		b, err := s.box.Open(cell("phone", row.key), row.phone)
		if err != nil {
			return a, err
		}
		a.Phone = maskPhone(string(b))
	}
	return a, nil
}

// Account returns one account, masked: one's own, or one of an organisation
// whose accounts the caller manages or locks.
func (s *Service) Account(ctx context.Context, id string) (Account, error) {
	var row accountRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { row, err = accountTx(tx, id); return err })
	if err != nil {
		return Account{}, err
	}
	if p, ok := From(ctx); !ok || p.Account != id {
		if err := allowAny(ctx, row.org, "account.manage", "account.lock"); err != nil {
			return Account{}, err
		}
	}
	return s.open(row)
}

// Accounts lists the accounts of an organisation by id after cursor, at most
// limit, masked.
func (s *Service) Accounts(ctx context.Context, org, cursor string, limit int) ([]Account, error) {
	if err := allowAny(ctx, org, "account.manage", "account.lock"); err != nil {
		return nil, err
	}
	var rows []accountRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = accountsOf(tx, org, cursor, limit); return err })
	list := make([]Account, 0, len(rows))
	for _, row := range rows {
		a, err := s.open(row)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, err
}

// CloseAccount ends an account, and with it whatever watches it: see Watch. It
// stays in the records. One that still holds something is refused, with what
// and how to hand it over: see HandOver.
func (s *Service) CloseAccount(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := accountTx(tx, id)
		if err != nil {
			return err
		}
		if err := allowAny(ctx, row.org, "account.manage", "account.lock"); err != nil {
			return err
		}
		switch {
		case row.closed():
			return fault.Conflict.New("账号已停用").WithCode("account.closed")
		case audit.ActorFrom(ctx).Account == id:
			return fault.Conflict.New("不得停用自己的账号").WithCode("account.self").WithHint("请由另一位管理员办理")
		}
		if err := s.letGo(tx, row); err != nil {
			return err
		}
		before := digestOf(row.fields())
		row.closedAt = tx.Now().UnixMilli()
		if err := s.saveAccount(tx, &row); err != nil {
			return err
		}
		if err := s.closing(tx, id); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "account.close", Object: "account/" + id, Reason: reason, Before: before, After: digestOf(row.fields())})
	})
	s.changed(id)
	return err
}

func accountTx(tx *db.Tx, id string) (accountRow, error) {
	row, err := getAccount(tx, id)
	if err != nil && fault.As(err) != nil {
		return row, fault.NotFound.New("没有这个账号").WithCode("account.unknown")
	}
	return row, err
}

// allowAny is Allow for one of several permissions; the refusal names the first.
func allowAny(ctx context.Context, org string, permissions ...string) error {
	for _, p := range permissions {
		if Allow(ctx, p, org) == nil {
			return nil
		}
	}
	return Allow(ctx, permissions[0], org)
}
