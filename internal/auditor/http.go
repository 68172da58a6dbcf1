package auditor

import (
	"context"
	"io"
	"time"

	"sidian/internal/httpx"
)

// exporting is how long an export may take.
const exporting = 10 * time.Minute

// Routes mounts the reading of the audit, and alarms. Nothing here changes what
// it shows; an export is a POST because its reason belongs in no address.
func (s *Service) Routes(r *httpx.Router) {
	const tag = "审计"
	read, alarm := httpx.Needs(Read), httpx.Needs(Review)
	httpx.Handle(r, "GET /api/v1/audit", read, s.getSearch, httpx.Doc(tag, "查询审计记录"))
	httpx.Handle(r, "GET /api/v1/audit/{id}", read, s.getEntry, httpx.Doc(tag, "一条审计记录及其在链上的位置"))
	httpx.Handle(r, "GET /api/v1/audit/timeline", read, s.getTimeline, httpx.Doc(tag, "对象的经过"))
	httpx.Handle(r, "GET /api/v1/audit/lookback", read, s.getLookBack, httpx.Doc(tag, "责任倒查：谁接触过这个对象"))
	httpx.Handle(r, "GET /api/v1/audit/people/{account}", read, s.getPerson, httpx.Doc(tag, "责任倒查：此人接触过什么"))
	httpx.Handle(r, "POST /api/v1/audit/exports", httpx.Needs(Take), s.postExport, httpx.Doc(tag, "导出审计记录"),
		httpx.Media("application/zip"), httpx.Timeout(exporting), httpx.NoIdempotency())
	httpx.Handle(r, "GET /api/v1/alarms", alarm, s.getAlarms, httpx.Doc(tag, "告警"))
	httpx.Handle(r, "POST /api/v1/alarms/{id}/acknowledge", alarm, s.postAcknowledge, httpx.Doc(tag, "处置告警"))
}

type searchRequest struct {
	Query
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (s *Service) getSearch(ctx context.Context, r searchRequest) (*Page, error) {
	return s.Search(ctx, r.Query, r.Cursor, r.Limit)
}

type entryRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getEntry(ctx context.Context, r entryRequest) (*Proof, error) {
	return s.Entry(ctx, r.ID)
}

type objectRequest struct {
	Object string `query:"object" minLength:"1" maxLength:"200" required:"true" doc:"对象，如 cert/编号"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) getTimeline(ctx context.Context, r objectRequest) (*Timeline, error) {
	return s.Timeline(ctx, r.Object, r.Cursor)
}

func (s *Service) getLookBack(ctx context.Context, r objectRequest) (*LookBack, error) {
	return s.LookBack(ctx, r.Object, r.Cursor)
}

type personRequest struct {
	Account string    `path:"account" maxLength:"64"`
	From    time.Time `query:"from" doc:"起始时间（含）"`
	To      time.Time `query:"to" doc:"结束时间（不含）"`
	Objects string    `query:"objects" maxLength:"200" doc:"对象前缀，如 cert/"`
	Cursor  string    `query:"cursor" maxLength:"200"`
}

func (s *Service) getPerson(ctx context.Context, r personRequest) (*Doings, error) {
	return s.Person(ctx, r.Account, Query{From: r.From, To: r.To, Objects: r.Objects}, r.Cursor)
}

type exportRequest struct {
	Query  *exportQuery `json:"query,omitempty" doc:"条件，同查询"`
	Format string       `json:"format" enum:"ndjson,csv,xlsx"`
	Reason string       `json:"reason" minLength:"1" maxLength:"500" doc:"依据和用途"`
	Cursor string       `json:"cursor,omitempty" maxLength:"200" doc:"接续上一次导出"`
}

// exportQuery is a Query in a body.
type exportQuery Query

func (s *Service) postExport(ctx context.Context, r exportRequest) (httpx.File, error) {
	var q Query
	if r.Query != nil {
		q = Query(*r.Query)
	}
	x, err := s.Export(ctx, q, r.Format, r.Reason, r.Cursor)
	if err != nil {
		return httpx.File{}, err
	}
	from, to := io.Pipe()
	go func() {
		// Whoever reads closes from, at the latest when the request ends; then
		// writing fails and this ends too.
		_, err := x.Write(ctx, to)
		to.CloseWithError(err)
	}()
	return httpx.File{Name: "audit-" + x.m.At.In(beijing).Format("20060102-150405") + "-" + r.Format + ".zip", MediaType: "application/zip", Reader: from}, nil
}

type alarmsRequest struct {
	State  string `query:"state" enum:"open,acknowledged"`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (s *Service) getAlarms(ctx context.Context, r alarmsRequest) (*AlarmPage, error) {
	return s.Alarms(ctx, r.State, r.Cursor, r.Limit)
}

type acknowledgeRequest struct {
	ID   string `path:"id" maxLength:"64"`
	Note string `json:"note" minLength:"1" maxLength:"500" doc:"处置说明"`
}

func (s *Service) postAcknowledge(ctx context.Context, r acknowledgeRequest) (*Alarm, error) {
	return s.Acknowledge(ctx, r.ID, r.Note)
}
