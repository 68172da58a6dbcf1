// Package app is the composition root: it makes a running program out of a
// configuration. Every wire between contexts is laid here and nowhere else.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/annotation"
	"sidian/internal/api"
	"sidian/internal/archive"
	"sidian/internal/auditor"
	"sidian/internal/auth"
	"sidian/internal/batch"
	"sidian/internal/blob"
	"sidian/internal/bound"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/complaint"
	"sidian/internal/composite"
	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/feedback"
	"sidian/internal/ferry"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/item"
	"sidian/internal/keys"
	"sidian/internal/lasting"
	"sidian/internal/listing"
	"sidian/internal/matter"
	"sidian/internal/notice"
	"sidian/internal/obs"
	"sidian/internal/onboard"
	"sidian/internal/outbox"
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
	"sidian/ofd/draw"
)

// Version of the program, as its API tells it.
const Version = "0.1.0"

// An App is one instance, ready to serve. Its services may be used directly, as
// the demo's seeding and the tests do.
type App struct {
	Conf       conf.Config
	Log        *slog.Logger
	DB         *db.DB
	Keys       *keys.Store
	Blob       *blob.Store
	Outbox     *outbox.Outbox
	Due        *due.Service
	IAM        *iam.Service
	Auth       *auth.Service
	Auditor    *auditor.Service
	Rotation   *keys.Rotation // of what is encrypted in columns
	PKI        *pki.Service
	Seal       *seal.Service
	SealApply  *sealapply.Service
	ApplyPages *applypages.Service // the pages of SealApply
	SealPages  *sealspages.Service
	Stamps     *sealingpages.Service // the pages of Sealing
	Signing    *signing.Service      // the pages of Signature
	Sealing    *sealing.Service
	Archive    *archive.Service
	Filing     *archivepages.Service // the pages of Archive
	Signature  *signature.Service
	Status     *status.Service
	Notice     *notice.Service
	Remind     *remind.Service
	Provider   *provider.Service
	Webhook    *webhook.Service
	Ferry      *ferry.Service // nil outside the two zones
	Complaint  *complaint.Service
	Complaints *complaints.Service // the pages of Complaint
	Catalogue  *catalogue.Service
	Item       *item.Service
	Items      *items.Service     // the pages of Item
	KindPages  *kindpages.Service // the pages of Catalogue
	Designer   *designer.Service  // of Catalogue too: where kinds are drawn up
	Listing    *listing.Service
	Lists      *lists.Service   // the pages of Listing
	Cases      *matters.Service // the pages of Matter
	Cert       *cert.Service
	Transfers  *transfers.Service // pages of Cert
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
	Verify     *verify.Service
	Web        *web.Service
	Onboard    *onboard.Service
	Bulk       *onboardpages.Service // its pages
	Notices    *notices.Service      // its pages
	Providers  *providers.Service    // its pages
	Account    *account.Service
	Admin      *admin.Service
	Todo       *todo.Service
	Records    *records.Service
	Health     *obs.Health
	Metrics    *obs.Metrics

	mark     string
	identity *identity // the demo's; nil otherwise
	making   *making   // what Create made; nil after Open
	held     *demoDir  // a demo's directory; nil otherwise
	repeats  *httpx.Idempotency
	handler  http.Handler
}

// Options are what the configuration does not say.
type Options struct {
	Mark   string           // laid over every document and page: 样例 in the demo
	People bool             // an identity platform of invented people, for the demo alone
	Now    func() time.Time // clock, nil: the system's
	Log    io.Writer        // nil: the standard error
}

// Open wires an instance that Create has made, and that has administrators. It
// creates nothing. The random number generator and the algorithms must pass
// their self-test first.
func Open(ctx context.Context, c conf.Config, o Options) (*App, error) {
	if err := selfTest(); err != nil {
		return nil, err
	}
	d, err := openDatabase(ctx, c, db.Open)
	if err != nil {
		return nil, err
	}
	var a *App
	if err = finished(ctx, d, c); err == nil {
		a, err = wire(ctx, c, o, d, openKeys, openBlobs)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

func selfTest() error {
	if err := gm.SelfTest(); err != nil {
		return troubledPart("crypto", Words{"密码算法自检没有通过，程序不能使用", "the cryptographic self-test failed; this program must not be used"}, err)
	}
	return nil
}

func openDatabase(ctx context.Context, c conf.Config, open func(context.Context, string) (*db.DB, error)) (*db.DB, error) {
	target, err := databaseURL(c)
	if err != nil {
		return nil, troubledDatabase(c, err)
	}
	d, err := open(ctx, target)
	if err != nil {
		return nil, troubledDatabase(c, err)
	}
	return d, nil
}

// finished refuses what an interrupted creation left: the administrators are
// what it makes last.
func finished(ctx context.Context, d *db.DB, c conf.Config) error {
	there, err := (&iam.Service{DB: d}).Bootstrapped(ctx)
	if err != nil {
		return troubledDatabase(c, err)
	}
	if !there {
		return errUnfinished(c)
	}
	return nil
}

type keysOpener func(context.Context, *db.DB, conf.Config) (*keys.Store, error)
type blobOpener func(context.Context, conf.Config) (blob.Engine, error)

// wire lays every wire.
func wire(ctx context.Context, c conf.Config, o Options, d *db.DB, keysOf keysOpener, engine blobOpener) (*App, error) {
	a := &App{Conf: c, DB: d, Metrics: obs.NewMetrics(), mark: o.Mark}
	if o.Now != nil {
		d.Now = o.Now
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
	var err error
	if a.Log, err = obs.NewLog(o.Log, c.Log.Format, c.Log.Level); err != nil {
		return nil, err
	}
	if a.Keys, err = keysOf(ctx, d, c); err != nil {
		return nil, troubledKeys(c, err)
	}
	e, err := engine(ctx, c)
	if err != nil {
		return nil, troubledDocuments(c, err)
	}
	if a.Blob, err = blob.New(ctx, e, a.Keys); err != nil {
		return nil, troubledDocuments(c, err)
	}
	if o.People {
		if a.identity, err = newIdentity(c.BaseURL, d.Now); err != nil {
			return nil, err
		}
	}
	if err := a.contexts(ctx); err != nil {
		return nil, err
	}
	return a, a.routes(ctx)
}

// contexts makes the services in the order of their arrows.
func (a *App) contexts(ctx context.Context) (err error) {
	c := a.Conf
	if err = a.access(ctx); err != nil {
		return err
	}
	outside, err := outsideOf(c)
	if err != nil {
		return troubledPart("authority", Words{"所信任的外部数字证书读不出", "the digital certificates that are trusted cannot be read"}, err)
	}
	fonts, err := draw.Load(c.DataDir)
	if err != nil {
		return troubledPart("fonts", Words{"字库读不出", "the fonts cannot be read"}, err)
	}
	base := strings.TrimSuffix(c.BaseURL, "/")
	a.PKI = &pki.Service{DB: a.DB, Keys: a.Keys, BaseURL: base, Outside: outside}
	a.PKI.Region = c.Region
	if err = a.seals(ctx, fonts); err != nil {
		return err
	}
	a.Catalogue = &catalogue.Service{DB: a.DB, Fonts: fonts, Notices: a.Notice}
	a.items()
	a.Cert = &cert.Service{DB: a.DB, IAM: a.IAM, Catalogue: a.Catalogue, Seal: a.Seal, Desk: a.Sealing, Blob: a.Blob, Outbox: a.Outbox, Status: a.Status.Book(status.Certificates), BaseURL: base, Mark: a.mark}
	a.Catalogue.Used, a.Catalogue.Issuers = a.Cert.CountOf, a.Cert.Issuers
	if a.Cert.Box, err = a.Keys.Box(ctx); err != nil {
		return err
	}
	if a.Cert.Guard, err = cert.NewGuard(ctx, a.Keys); err != nil {
		return err
	}
	if a.Cert.Index, err = a.Keys.Index(ctx, "cert.holder"); err != nil {
		return err
	}
	if err = a.annotations(ctx, fonts); err != nil {
		return err
	}
	if err = a.feedback(ctx); err != nil {
		return err
	}
	if err = a.batch(ctx); err != nil {
		return err
	}
	if err = a.issuing(ctx); err != nil {
		return err
	}
	if err = a.matters(ctx); err != nil {
		return err
	}
	if err = a.bound(ctx); err != nil {
		return err
	}
	if a.Onboard, err = onboard.New(ctx, a.IAM, a.Auth, a.Keys); err != nil {
		return err
	}
	a.Onboard.BaseURL = base
	if err = a.federation(ctx); err != nil {
		return err
	}
	if err = a.beyond(ctx); err != nil {
		return err
	}
	return a.pages(ctx)
}

// routes mounts everything on one mux.
func (a *App) routes(ctx context.Context) error {
	c := a.Conf
	proxies, err := c.Proxies()
	if err != nil {
		return err
	}
	box, err := a.Keys.BoxFor(ctx, keys.Session)
	if err != nil {
		return err
	}
	a.checks()
	a.repeats = &httpx.Idempotency{DB: a.DB, Box: box}
	o := httpx.Options{
		Title: "四电 Sidian", Version: Version, BaseURL: c.BaseURL, Authorizer: a.Auth,
		Idempotency: a.repeats, Log: a.Log, TrustedProxies: proxies, MaxBody: c.Limits.Body,
		RateLimit:  httpx.Rate{PerSecond: c.Limits.AddressRate, Burst: c.Limits.AddressBurst},
		CallerRate: httpx.Rate{PerSecond: c.Limits.CallerRate, Burst: c.Limits.CallerBurst},
		Observe:    a.Metrics.Observe, PageError: a.Web.Refuse, NotFoundPage: api.IsPage,
		HTTPSOnly: strings.HasPrefix(c.BaseURL, "https:"),
	}
	if a.mark != "" {
		o.SlowPublic = httpx.Rate{PerSecond: -1} // in a demo one machine is everybody
	}
	r := httpx.New(o)
	if a.identity != nil {
		a.identity.routes(r)
		if err := a.authenticator(r); err != nil {
			return err
		}
	}
	a.handler, err = api.Mount(r, api.Services{
		Health: a.Health, IAM: a.IAM, Auth: a.Auth, Auditor: a.Auditor, PKI: a.PKI, Catalogue: a.Catalogue, Cert: a.Cert, Verify: a.Verify, Seal: a.Seal, Web: a.Web, Account: a.Account, Admin: a.Admin,
		Todo: a.Todo, Records: a.Records, Onboard: a.Onboard, Bulk: a.Bulk, SealPages: a.SealPages, ApplyPages: a.ApplyPages, Stamps: a.Stamps, Signing: a.Signing, Notices: a.Notices, Providers: a.Providers,
		SealApply: a.SealApply, Sealing: a.Sealing, Signature: a.Signature, Status: a.Status, Notice: a.Notice, Remind: a.Remind, Provider: a.Provider, Webhook: a.Webhook,
		Archive: a.Archive, Filing: a.Filing,
		Complaint: a.Complaint, Complaints: a.Complaints,
		Matter: a.Matter, Lasting: a.Lasting, Bound: a.Bound, Together: a.Together, Composite: a.Composite, Composites: a.Composites,
		Annotation: a.Annotation, Copies: a.Copies, Feedback: a.Feedback, Telling: a.Telling,
		Issuing: a.Issuing, Desk: a.Desk, Batch: a.Batch, Batches: a.Batches, Designer: a.Designer,
		KindPages: a.KindPages, Item: a.Item, Items: a.Items, Listing: a.Listing, Lists: a.Lists, Cases: a.Cases, Transfers: a.Transfers,
	})
	return err
}
