package app

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/signing"
)

// signingPages makes the pages on which units lay documents before people, and
// people sign them.
func (a *App) signingPages() error {
	a.Signing = &signing.Service{
		Signature: a.Signature, IAM: a.IAM, Kit: a.Web.Kit, Way: a.Auth.Way, Find: a.colleague,
		Demo: a.identity != nil, // where the page of codes is
	}
	return a.Signing.Load()
}

// colleague is the account of a member of staff by user name. Holders are not
// found by it: they are asked for by real name and number together.
func (a *App) colleague(ctx context.Context, username string) (account string, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := iam.SubjectNamedTx(tx, username)
		if err == nil && (who.Kind != iam.Staff || who.Closed) {
			err = fault.NotFound.New("没有这个用户名的工作人员").WithCode("account.unknown")
		}
		account = who.ID
		return err
	})
	return account, err
}
