package app

import (
	"context"
	"strings"

	"sidian/internal/web"
	"sidian/internal/web/account"
	"sidian/internal/web/admin"
	"sidian/internal/web/notices"
	onboardpages "sidian/internal/web/onboard"
	"sidian/internal/web/providers"
)

// pages makes what people see, in the order in which the navigation has it.
func (a *App) pages(ctx context.Context) error {
	c, base := a.Conf, strings.TrimSuffix(a.Conf.BaseURL, "/")
	a.Web = &web.Service{IAM: a.IAM, Catalogue: a.Catalogue, Cert: a.Cert, Verify: a.Verify, Mark: a.mark}
	if err := a.Web.Load(); err != nil {
		return err
	}
	kit := a.Web.Kit
	a.Account = &account.Service{Auth: a.Auth, IAM: a.IAM, Kit: kit, Notices: a.Notice, Demo: a.mark != "", Rules: account.Rules{History: c.Session.PasswordHistory, Days: c.Session.PasswordDays}}
	a.Admin = &admin.Service{IAM: a.IAM, Auth: a.Auth, Kit: kit, BaseURL: base}
	a.Bulk = &onboardpages.Service{Onboard: a.Onboard, IAM: a.IAM, Kit: kit, BaseURL: base}
	a.Notices = &notices.Service{Kit: kit, Notices: a.Notice, IAM: a.IAM, Remind: a.Remind, Catalogue: a.Catalogue}
	a.Providers = &providers.Service{Kit: kit, Providers: a.Provider, IAM: a.IAM, BaseURL: base, Now: a.DB.Now}
	for _, load := range []func() error{
		a.Account.Load, a.Admin.Load, a.Bulk.Load, a.Notices.Load, a.Providers.Load,
		a.sealPages, a.applyPages, a.complaintPages, a.feedbackPages, a.annotationPages, a.issuingPages, a.boundPages, a.batchPages, a.compositePages, a.itemPages, a.kindPages, a.designerPages, a.listPages, a.casePages, a.transferPages, func() error { return a.sealingPages(ctx) }, a.signingPages, a.filingPages, a.records,
	} {
		if err := load(); err != nil {
			return err
		}
	}
	return nil
}
