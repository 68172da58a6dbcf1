// Package sealing has the pages of putting seals on documents (用印): what waits
// for whom, asking for seals on a document, the document with the seals in their
// places and the approval of each, and many documents, or annotated copies, under
// a standing policy.
//
// Asking goes in four steps, each with an address of its own: the document, the
// seals, the places, the check. What was filled in so far is a draft, kept as a
// document that no row names (package blob): it is gone a day later, and nobody
// but whoever began it can open it.
//
// What may be done is decided by packages sealing and seal: a page leaves out
// what its reader may not do, and what is sent nevertheless is refused there.
package sealing

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"strconv"
	"time"

	"sidian/internal/blob"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// A Choice is a seal that somebody may ask for.
type Choice struct{ ID, Name, Org, Unit, Kind string }

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit     *page.Kit
	Sealing *sealing.Service
	Seal    *seal.Service
	IAM     *iam.Service
	Blob    *blob.Store // of drafts
	// Key ties a draft to who began it.
	Key *keys.Index

	// Askable finds the seals that whoever acts may ask for, for a purpose: those
	// of their own unit first. An empty text asks for what is near at hand; the
	// purpose seal.Any for seals whose rules are for every purpose.
	Askable func(ctx context.Context, purpose, text string) ([]Choice, error)
	// Way tells by what whoever acts proves an approval (auth.Way); nil: a code.
	Way func(ctx context.Context) (way string, err error)
	// Demo shows where everybody's one-time codes are.
	Demo bool

	set   *page.Set
	cache documents
}

// Addresses.
const (
	Home     = "/console/sealing"
	New      = Home + "/new"
	Drafts   = Home + "/drafts"
	Batches  = Home + "/batches"
	Annotate = Home + "/annotate"
	// What belongs to a request stands below another address than the request
	// itself, which notices lead to: no pattern may match two of them.
	Requests = Home + "/requests"
)

// The needs of the pages.
var (
	needSee = httpx.Needs("seal.ask", "seal.use", "seal.read")
	needAsk = httpx.Needs("seal.ask")
	needUse = httpx.Needs("seal.use")
)

// slow is how long an upload over a slow line may take.
const slow = 5 * time.Minute

// Load parses the templates and puts the pages into the navigation. It must be
// called once, before Routes.
func (s *Service) Load() (err error) {
	s.Kit.Add(page.Item{Key: "sealing", Label: "用印", Href: Home, Order: 20, For: needSee})
	if err := s.Kit.AddAssets(assets); err != nil {
		return err
	}
	s.set, err = s.Kit.Load(pages, template.FuncMap{"dict": dict, "text": strconv.Itoa, "wide": sheetMark.wide})
	return err
}

// dict gives a part of a page several things by name.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("sealing: the name of a part's value is no text")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	one, draft, batch := Requests+"/{id}", Drafts+"/{draft}", Batches+"/{id}"
	upload := []httpx.Option{httpx.MaxBody(sealing.MaxFile + 1<<20), httpx.Timeout(slow)}
	httpx.HandlePage(r, "GET "+Home, needSee, s.getList)

	httpx.HandlePage(r, "GET "+New, needAsk, s.getNew)
	httpx.HandlePage(r, "POST "+New, needAsk, s.postNew, upload...)
	httpx.HandlePage(r, "GET "+draft, needAsk, s.getDraft)
	httpx.HandlePage(r, "POST "+draft, needAsk, s.postDraft, upload...)
	httpx.HandlePage(r, "GET "+draft+"/seals", needAsk, s.getSeals)
	httpx.HandlePage(r, "POST "+draft+"/seals", needAsk, s.postSeals)
	httpx.HandlePage(r, "GET "+draft+"/places", needAsk, s.getPlaces)
	httpx.HandlePage(r, "POST "+draft+"/places", needAsk, s.postPlaces)
	httpx.HandlePage(r, "GET "+draft+"/check", needAsk, s.getCheck)
	httpx.HandlePage(r, "POST "+draft+"/check", needAsk, s.postCheck, httpx.Timeout(slow))
	httpx.HandlePage(r, "GET "+draft+"/pages/{page}", needAsk, s.getDraftPage)
	httpx.HandlePage(r, "GET "+draft+"/imprints/{seal}", needAsk, s.getDraftImprint)

	httpx.HandlePage(r, "GET "+Batches, needSee, s.getBatches)
	httpx.HandlePage(r, "GET "+Batches+"/new", needAsk, s.getNewBatch)
	batchUpload := []httpx.Option{httpx.MaxBody(sealing.MaxArchive + 1<<20), httpx.Timeout(30 * time.Minute)}
	httpx.HandlePage(r, "POST "+Batches+"/new", needAsk, s.postNewBatch, batchUpload...)
	httpx.HandlePage(r, "GET "+batch, needSee, s.getBatch)
	httpx.HandlePage(r, "POST "+batch+"/documents", needAsk, s.postDocuments, batchUpload...)
	httpx.HandlePage(r, "POST "+batch+"/actions/{action}", needSee, s.postAction)
	httpx.HandlePage(r, "GET "+batch+"/documents/{line}/file", needSee, s.getItemFile)
	httpx.HandlePage(r, "GET "+batch+"/report", needSee, s.getReport, httpx.Timeout(time.Minute))

	httpx.HandlePage(r, "GET "+Annotate, needAsk, s.getAnnotate)
	httpx.HandlePage(r, "POST "+Annotate, needAsk, s.postAnnotate, upload...)

	httpx.HandlePage(r, "GET "+Home+"/{id}", needSee, s.getRequest)
	httpx.HandlePage(r, "GET "+one+"/pages/{page}", needSee, s.getPage)
	httpx.HandlePage(r, "GET "+one+"/file", needSee, s.getFile)
	httpx.HandlePage(r, "GET "+one+"/copy", needSee, s.getCopy, httpx.Timeout(2*time.Minute))
	httpx.HandlePage(r, "GET "+one+"/evidence/{use}", needSee, s.getEvidence)
	httpx.HandlePage(r, "POST "+one+"/steps/{step}/approve", needUse, s.postApprove, httpx.Timeout(2*time.Minute))
	httpx.HandlePage(r, "GET "+one+"/steps/{step}/refuse", needUse, s.getRefuse)
	httpx.HandlePage(r, "POST "+one+"/steps/{step}/refuse", needUse, s.postRefuse)
	httpx.HandlePage(r, "GET "+one+"/withdraw", needAsk, s.getWithdraw)
	httpx.HandlePage(r, "POST "+one+"/withdraw", needAsk, s.postWithdraw)
	httpx.HandlePage(r, "POST "+one+"/stamps", needAsk, s.postStamps, httpx.Timeout(2*time.Minute))
}
