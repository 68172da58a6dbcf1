package iam

import (
	"context"
	"crypto/rand"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// HolderFor returns the account of a holder whom somebody trusted has verified:
// the one of that citizen ID, or a new one. The caller answers for the
// verification: no permission is asked for. A closed account is refused.
func (s *Service) HolderFor(ctx context.Context, name, citizen string) (account string, err error) {
	account, err = s.HolderOf(ctx, citizen)
	if err == nil || fault.As(err) == nil {
		return account, err
	}
	r := AccountRequest{Username: "h-" + strings.ToLower(rand.Text()[:16]), Kind: Holder, Name: name, Citizen: citizen}
	if err := r.Validate(); err != nil {
		return "", err
	}
	row, _, err := s.prepare(r)
	if err != nil {
		return "", err
	}
	index := s.persons.Of(citizen)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if account, err = holderBy(tx, index); err == nil || fault.As(err) == nil {
			return err // another process was first
		}
		account = row.key
		return s.putAccount(tx, row)
	})
	if e := fault.As(err); e != nil && e.Code == "account.exists" {
		return "", fault.Conflict.New("该持证人的账号已停用").WithCode("account.closed").WithHint("请到办事窗口核实身份后恢复")
	}
	return account, err
}
