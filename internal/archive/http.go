package archive

import (
	"context"
	"time"

	"sidian/internal/httpx"
	"sidian/internal/iam"
)

// Routes mounts the pre-archive queue.
func (s *Service) Routes(r *httpx.Router) {
	const tag, base = "归档", "/api/v1/archive"
	read, manage := iam.Needs("archive.read"), iam.Needs("archive.manage")
	one := base + "/items/{id}"
	httpx.Handle(r, "GET "+base+"/items", read, s.listItems, httpx.Doc(tag, "预归档队列：盖章完成的文件"))
	httpx.Handle(r, "GET "+one, read, s.getItem, httpx.Doc(tag, "归档文件、四性检测结果和经过"))
	httpx.Handle(r, "POST "+one+"/file", manage, s.postFile, httpx.Doc(tag, "整理：题名、责任者、年度、保管期限、机构或问题、密级"))
	httpx.Handle(r, "POST "+one+"/pack", manage, s.postPack, httpx.Doc(tag, "组成归档信息包并作四性检测"), httpx.Timeout(3*time.Minute))
	httpx.Handle(r, "POST "+one+"/handover", manage, s.postHandOver, httpx.Doc(tag, "登记档案馆已接收"))
	httpx.Handle(r, "POST "+one+"/return", manage, s.postReturn, httpx.Doc(tag, "登记档案馆退回"))
	httpx.Handle(r, "POST "+one+"/exclude", manage, s.postExclude, httpx.Doc(tag, "不归档，须说明理由"))
	httpx.Handle(r, "POST "+one+"/include", manage, s.postInclude, httpx.Doc(tag, "恢复归档，须说明理由"))
	httpx.Handle(r, "GET "+one+"/package", read, s.getPackage, httpx.Doc(tag, "归档信息包"), httpx.Media("application/zip"), httpx.Timeout(3*time.Minute))
	httpx.Handle(r, "GET "+base+"/rates", read, s.getRates, httpx.Doc(tag, "归档率：各单位盖章完成和已归档的文件"))
	httpx.Handle(r, "GET "+base+"/units/{org}", read, s.getUnit, httpx.Doc(tag, "立档单位：全宗号、档案馆、档号的写法"))
	httpx.Handle(r, "PUT "+base+"/units/{org}", manage, s.putUnit, httpx.Doc(tag, "设置立档单位"))
}

type listRequest struct {
	State  string `query:"state" enum:"open,waiting,ready,failed,packed,handed,excluded" doc:"open 为尚未组包的"`
	Org    string `query:"org" maxLength:"64" doc:"立档单位"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (s *Service) listItems(ctx context.Context, q listRequest) (*Page, error) {
	return s.List(ctx, Query(q))
}

type idRequest struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Service) getItem(ctx context.Context, q idRequest) (*Item, error) { return s.Get(ctx, q.ID) }

type fileRequest struct {
	ID string `path:"id" maxLength:"64"`
	Filing
}

func (s *Service) postFile(ctx context.Context, q fileRequest) (*Item, error) {
	return s.File(ctx, q.ID, q.Filing)
}

func (s *Service) postPack(ctx context.Context, q idRequest) (*Item, error) { return s.Pack(ctx, q.ID) }

type handRequest struct {
	ID      string `path:"id" maxLength:"64"`
	Receipt string `json:"receipt" minLength:"1" maxLength:"80" doc:"档案馆接收回执号"`
}

func (s *Service) postHandOver(ctx context.Context, q handRequest) (*Item, error) {
	return s.HandOver(ctx, q.ID, q.Receipt)
}

type reasonRequest struct {
	ID     string `path:"id" maxLength:"64"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postReturn(ctx context.Context, q reasonRequest) (*Item, error) {
	return s.Return(ctx, q.ID, q.Reason)
}

func (s *Service) postExclude(ctx context.Context, q reasonRequest) (*Item, error) {
	return s.Exclude(ctx, q.ID, q.Reason)
}

func (s *Service) postInclude(ctx context.Context, q reasonRequest) (*Item, error) {
	return s.Include(ctx, q.ID, q.Reason)
}

func (s *Service) getPackage(ctx context.Context, q idRequest) (httpx.File, error) {
	data, it, err := s.Package(ctx, q.ID)
	if err != nil {
		return httpx.File{}, err
	}
	return httpx.File{Name: it.ID + ".zip", MediaType: "application/zip", Data: data, ETag: it.Package}, nil
}

type none struct{}

func (s *Service) getRates(ctx context.Context, _ none) (*Rates, error) { return s.Rates(ctx) }

type orgRequest struct {
	Org string `path:"org" maxLength:"64"`
}

func (s *Service) getUnit(ctx context.Context, q orgRequest) (*Unit, error) {
	u, err := s.Unit(ctx, q.Org)
	if err == nil && u == nil {
		return nil, errUnset()
	}
	return u, err
}

type unitRequest struct {
	Org          string `path:"org" maxLength:"64"`
	Fonds        string `json:"fonds" minLength:"1" maxLength:"8" doc:"全宗号，由档案馆给定"`
	Category     string `json:"category" minLength:"2" maxLength:"2" doc:"档案门类代码，如文书 WS"`
	Agency       string `json:"agency" minLength:"1" maxLength:"16" doc:"机构或问题，整理时的默认值"`
	Archives     string `json:"archives" minLength:"1" maxLength:"100" doc:"档案馆名称"`
	ArchivesCode string `json:"archives_code,omitempty" maxLength:"40" doc:"档案馆代码"`
	Pattern      string `json:"pattern,omitempty" maxLength:"200" doc:"档号的写法，不填为 {fonds}-{category}·{year}-{term}-{agency}-{number}"`
}

func (s *Service) putUnit(ctx context.Context, q unitRequest) (*Unit, error) {
	return s.PutUnit(ctx, Unit{Org: q.Org, Fonds: q.Fonds, Category: q.Category, Agency: q.Agency, Archives: q.Archives, ArchivesCode: q.ArchivesCode, Pattern: q.Pattern})
}
