package sealing

import (
	"context"
	"mime/multipart"
	"strconv"
	"strings"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

func (s *Service) batchRoutes(r *httpx.Router) {
	const tag, base = "批量用印", "/api/v1/sealing-batches"
	ask, see := iam.Needs("seal.ask"), iam.Needs("seal.ask", "seal.use", "seal.read")
	httpx.Handle(r, "POST "+base, ask, s.postBatch, httpx.Doc(tag, "新建一批；须在印章的常备用印授权之内"), httpx.Status(201))
	httpx.Handle(r, "GET "+base, see, s.listBatches, httpx.Doc(tag, "批量用印"))
	httpx.Handle(r, "GET "+base+"/{id}", see, s.getBatch, httpx.Doc(tag, "进度"))
	httpx.Handle(r, "POST "+base+"/{id}/documents", ask, s.postDocuments, httpx.Doc(tag, "添加文件：一件 OFD，或 ZIP 压缩包"),
		httpx.MaxBody(MaxArchive+1<<20), httpx.Timeout(30*time.Minute), httpx.NoIdempotency())
	httpx.Handle(r, "POST "+base+"/{id}/actions/{action}", see, s.postBatchAction, httpx.Doc(tag, "开始、暂停或取消"), httpx.NoIdempotency())
	httpx.Handle(r, "GET "+base+"/{id}/documents", see, s.listItems, httpx.Doc(tag, "逐件结果"))
	httpx.Handle(r, "GET "+base+"/{id}/documents/{line}/file", see, s.getItemFile, httpx.Doc(tag, "盖章后的文件"), httpx.Media(mediaOFD))
	httpx.Handle(r, "GET "+base+"/{id}/report", see, s.getReport, httpx.Doc(tag, "逐件报告（CSV）"), httpx.Media("text/csv"), httpx.Timeout(time.Minute))
}

// opened is a batch that was made: the answer says where it is.
type opened Batch

// Location is the address of the record.
func (b *opened) Location() string { return "/api/v1/sealing-batches/" + b.ID }

func (s *Service) postBatch(ctx context.Context, a BatchAsk) (*opened, error) {
	b, err := s.CreateBatch(ctx, a)
	return (*opened)(b), err
}

type batchList struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listBatches(ctx context.Context, q batchList) (*BatchPage, error) {
	return s.Batches(ctx, q.Limit, q.Cursor)
}

func (s *Service) getBatch(ctx context.Context, q idRequest) (*Batch, error) {
	return s.Batch(ctx, q.ID)
}

type documentsForm struct {
	ID   string          `path:"id" maxLength:"64"`
	Form *multipart.Form `doc:"file：OFD，或只装 OFD 的 ZIP"`
}

func (s *Service) postDocuments(ctx context.Context, q documentsForm) (*Added, error) {
	f := form{q.Form}
	if err := f.only(); err != nil {
		return nil, err
	}
	name, in, size, err := f.reader()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return s.Add(ctx, q.ID, name, in, size)
}

type batchAction struct {
	ID     string `path:"id" maxLength:"64"`
	Action string `path:"action" enum:"start,pause,cancel"`
}

func (s *Service) postBatchAction(ctx context.Context, q batchAction) (*Batch, error) {
	return s.Act(ctx, q.ID, q.Action)
}

type itemList struct {
	ID    string `path:"id" maxLength:"64"`
	State string `query:"state" enum:"waiting,stamping,done,failed,dropped"`
	After int64  `query:"after" minimum:"0" doc:"从这一件之后继续"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *Service) listItems(ctx context.Context, q itemList) (*ItemPage, error) {
	return s.Items(ctx, q.ID, q.State, q.After, q.Limit)
}

type itemFile struct {
	ID   string `path:"id" maxLength:"64"`
	Line int64  `path:"line" minimum:"1"`
}

func (s *Service) getItemFile(ctx context.Context, q itemFile) (httpx.File, error) {
	return stampedFile(s.ItemFile(ctx, q.ID, q.Line))
}

func (s *Service) getReport(ctx context.Context, q idRequest) (httpx.File, error) {
	var all []*Item
	for after := int64(0); ; {
		page, err := s.Items(ctx, q.ID, "", after, 1000)
		if err != nil {
			return httpx.File{}, err
		}
		all = append(all, page.Items...)
		if after = page.After; after == 0 {
			break
		}
	}
	return httpx.File{Name: "sealing-" + q.ID + ".csv", MediaType: "text/csv; charset=utf-8", Data: report(all)}, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// cell is a value of a CSV that no spreadsheet takes for a formula.
func cell(v string) string {
	if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
		v = "'" + v
	}
	if strings.ContainsAny(v, "\",\r\n") {
		return `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
	}
	return v
}
