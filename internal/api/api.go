// Package api mounts the routes of every context on one mux and publishes what
// they are: the list that is reviewed as a diff, and the OpenAPI document.
package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"sidian/internal/annotation"
	"sidian/internal/archive"
	"sidian/internal/auditor"
	"sidian/internal/auth"
	"sidian/internal/batch"
	"sidian/internal/bound"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/complaint"
	"sidian/internal/composite"
	"sidian/internal/feedback"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/item"
	"sidian/internal/lasting"
	"sidian/internal/listing"
	"sidian/internal/matter"
	"sidian/internal/notice"
	"sidian/internal/obs"
	"sidian/internal/onboard"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/remind"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealing"
	"sidian/internal/signature"
	"sidian/internal/status"
	"sidian/internal/todo"
	"sidian/internal/verify"
	"sidian/internal/web"
	"sidian/internal/web/account"
	"sidian/internal/web/admin"
	annotationpages "sidian/internal/web/annotations"
	archivepages "sidian/internal/web/archive"
	batchpages "sidian/internal/web/batch"
	boundpages "sidian/internal/web/bound"
	kindpages "sidian/internal/web/catalogue"
	"sidian/internal/web/complaints"
	compositepages "sidian/internal/web/composite"
	"sidian/internal/web/designer"
	feedbackpages "sidian/internal/web/feedback"
	issuingpages "sidian/internal/web/issuing"
	"sidian/internal/web/items"
	"sidian/internal/web/lists"
	"sidian/internal/web/matters"
	"sidian/internal/web/notices"
	onboardpages "sidian/internal/web/onboard"
	"sidian/internal/web/providers"
	"sidian/internal/web/records"
	applypages "sidian/internal/web/sealapply"
	sealingpages "sidian/internal/web/sealing"
	sealspages "sidian/internal/web/seals"
	"sidian/internal/web/signing"
	"sidian/internal/web/transfers"
	"sidian/internal/webhook"
)

// Services are what have routes.
type Services struct {
	Health    *obs.Health
	IAM       *iam.Service
	Auth      *auth.Service
	Auditor   *auditor.Service
	PKI       *pki.Service
	Seal      *seal.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Verify    *verify.Service
	Web       *web.Service
	Account   *account.Service
	Admin     *admin.Service
	Todo      *todo.Service
	Records   *records.Service
	Onboard   *onboard.Service
	Bulk      *onboardpages.Service
	Notices   *notices.Service
	Providers *providers.Service

	SealApply  *sealapply.Service
	ApplyPages *applypages.Service // the pages of SealApply
	SealPages  *sealspages.Service
	Stamps     *sealingpages.Service // the pages of Sealing
	Signing    *signing.Service      // the pages of Signature
	Sealing    *sealing.Service
	Signature  *signature.Service
	Status     *status.Service
	Notice     *notice.Service
	Remind     *remind.Service
	Provider   *provider.Service
	Webhook    *webhook.Service

	Archive    *archive.Service
	Filing     *archivepages.Service // the pages of Archive
	Complaint  *complaint.Service
	Complaints *complaints.Service // the pages of Complaint
	Annotation *annotation.Service
	Copies     *annotationpages.Service // the pages of Annotation
	Feedback   *feedback.Service
	Telling    *feedbackpages.Service // the pages of Feedback
	Issuing    *issuing.Service
	Bound      *bound.Service
	Together   *boundpages.Service // the pages of Bound
	Matter     *matter.Service
	Composite  *composite.Service
	Composites *compositepages.Service // the pages of Composite
	Lasting    *lasting.Service
	Desk       *issuingpages.Service // the pages of Issuing
	Batch      *batch.Service
	Batches    *batchpages.Service // the pages of Batch

	Item  *item.Service
	Items *items.Service // the pages of Item

	KindPages *kindpages.Service // the pages of Catalogue
	Designer  *designer.Service  // of Catalogue too: where kinds are drawn up

	Listing *listing.Service
	Lists   *lists.Service // the pages of Listing

	Cases *matters.Service // the pages of Matter

	Transfers *transfers.Service // pages of Cert
}

// Mount mounts all routes and returns the handler of the program.
func Mount(r *httpx.Router, s Services) (http.Handler, error) {
	const tag = "运行"
	public := httpx.Public()
	httpx.HandleHTTP(r, "GET /healthz", public, s.Health.Alive, httpx.Doc(tag, "进程存活"), httpx.Media("application/json"))
	httpx.HandleHTTP(r, "GET /readyz", public, s.Health.Ready, httpx.Doc(tag, "各项依赖是否就绪"), httpx.Media("application/json"))
	s.IAM.Routes(r)
	s.Auth.Routes(r)
	s.Auditor.Routes(r)
	s.PKI.Routes(r)
	s.Catalogue.Routes(r)
	s.Seal.Routes(r)
	s.SealApply.Routes(r)
	s.ApplyPages.Routes(r)
	s.SealPages.Routes(r)
	s.Stamps.Routes(r)
	s.Signing.Routes(r)
	s.Sealing.Routes(r)
	s.Signature.Routes(r)
	s.Status.Routes(r)
	s.Notice.Routes(r)
	s.Remind.Routes(r)
	s.Provider.Routes(r)
	s.Webhook.Routes(r)
	s.Archive.Routes(r)
	s.Filing.Routes(r)
	s.Complaint.Routes(r)
	s.Complaints.Routes(r)
	s.Item.Routes(r)
	s.Items.Routes(r)
	s.KindPages.Routes(r)
	s.Designer.Routes(r)
	s.Listing.Routes(r)
	s.Lists.Routes(r)
	s.Cases.Routes(r)
	s.Transfers.Routes(r)
	s.Cert.Routes(r)
	s.Annotation.Routes(r)
	s.Copies.Routes(r)
	s.Feedback.Routes(r)
	s.Telling.Routes(r)
	s.Issuing.Routes(r)
	s.Bound.Routes(r)
	s.Together.Routes(r)
	s.Matter.Routes(r)
	s.Composite.Routes(r)
	s.Composites.Routes(r)
	s.Lasting.Routes(r)
	s.Desk.Routes(r)
	s.Batch.Routes(r)
	s.Batches.Routes(r)
	s.Verify.Routes(r)
	s.Web.Routes(r)
	s.Todo.Routes(r)
	s.Records.Routes(r)
	s.Account.Routes(r)
	s.Admin.Routes(r)
	s.Onboard.Routes(r)
	s.Bulk.Routes(r)
	s.Notices.Routes(r)
	s.Providers.Routes(r)
	var document []byte
	httpx.Handle(r, "GET /openapi.json", public, func(context.Context, struct{}) (httpx.File, error) {
		return httpx.File{MediaType: "application/json", Data: document}, nil
	}, httpx.Doc(tag, "接口描述（OpenAPI 3.1）"), httpx.Media("application/json"))
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	var err error
	if document, err = r.OpenAPI(); err != nil {
		return nil, fmt.Errorf("api: writing the OpenAPI document: %w", err)
	}
	endpoints, err := endpointsOf(document, r.Routes())
	if err != nil {
		return nil, err
	}
	s.Web.Endpoints = func() []web.Endpoint { return endpoints }
	return r, nil
}

// IsPage tells for which paths a missing route is a page for people.
func IsPage(path string) bool {
	for _, prefix := range []string{"/api/", "/oauth/", "/pki/", "/tsa", "/share/", "/status/", "/log/", "/open/v1/", "/assets/"} {
		if strings.HasPrefix(path, prefix) {
			return false
		}
	}
	return true
}
