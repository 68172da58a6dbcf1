package catalogue

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	"sidian/internal/db"
	"sidian/internal/httpx"
)

// An Element is a kind in the public directory: the elements of GB/T 36902-2018 in
// their order, and what people ask for besides.
type Element struct {
	Title        string   `json:"certificate_type_name" doc:"证照类型名称"`
	Code         string   `json:"certificate_type_code" doc:"证照类型代码"`
	Definer      string   `json:"certificate_define_authority_name" doc:"证照定义机构"`
	DefinerCode  string   `json:"certificate_define_authority_code" doc:"证照定义机构代码"`
	DefinerLevel string   `json:"certificate_define_authority_level" doc:"证照定义机构级别"`
	Items        []string `json:"related_item_name" doc:"关联事项名称"`
	ItemCodes    []string `json:"related_item_code" doc:"关联事项代码"`
	Holder       string   `json:"certificate_holder_category" doc:"持证主体类别：1 自然人，2 法人，3 混合，4 其他"`
	Validity     string   `json:"validity_range" doc:"有效期限范围；L 为长期"`
	Levels       []string `json:"certificate_issuing_authority_level" doc:"证照颁发机构级别"`

	Name     string   `json:"name" doc:"目录名"`
	Version  int      `json:"version"`
	Starts   string   `json:"starts,omitempty" doc:"生效日期"`
	Origin   Origin   `json:"code_origin" doc:"national 国家代码；local 本级代编"`
	Standard string   `json:"standard,omitempty" doc:"所依据的标准"`
	Category Category `json:"category"`
	Sharing  Sharing  `json:"sharing"`
	Limit    string   `json:"sharing_basis,omitempty" doc:"限制共享的依据"`
	Effect   *Effect  `json:"effect,omitempty" doc:"法定例外：电子证照不与原件具有同等效力的情形和依据；没有例外的不返回"`
	Basis    []string `json:"basis" doc:"设定依据"`
	Pattern  string   `json:"pattern" doc:"照面依据的式样"`
	Fields   []string `json:"fields" doc:"照面项的名称，依照面顺序"`
	Sample   string   `json:"sample" doc:"样例图片的地址；图上标明样例"`
}

// HolderWord is 持证主体类别 in words.
func HolderWord(category string) string {
	return map[string]string{"1": "自然人", "2": "法人", "3": "混合", "4": "其他"}[category]
}

// ValidityRange is 有效期限范围 of GB/T 36902.
func (k *Kind) ValidityRange() string {
	switch k.Validity.Rule {
	case "years":
		return itoa(k.Validity.Years) + "年"
	case "none":
		return "L"
	case "open":
		return "以证照载明为准，未载明的为长期"
	}
	return "以证照载明为准"
}

// Element is the kind as the public directory shows it.
func (k *Kind) Element() Element {
	e := Element{
		Title: k.Title, Code: k.Code.String(), Definer: k.Definer.Name, DefinerCode: k.Code.Definer().String(), DefinerLevel: k.Definer.Level,
		Items: []string{}, ItemCodes: []string{}, Holder: k.HolderCategory(), Validity: k.ValidityRange(), Levels: append([]string{}, k.Levels...),
		Name: k.Name, Version: k.Version, Origin: k.Origin, Standard: k.Standard, Category: k.Category, Sharing: k.Sharing, Limit: k.Limit, Effect: k.effect(), Basis: k.Basis,
		Pattern: k.Pattern, Fields: []string{}, Sample: "/open/v1/kinds/" + k.Name + "/sample",
	}
	for _, i := range k.Items {
		e.Items = append(e.Items, i.Name)
		if i.Code != "" {
			e.ItemCodes = append(e.ItemCodes, i.Code)
		}
	}
	for i := range k.Fields {
		if !k.Fields[i].Hidden {
			e.Fields = append(e.Fields, k.Fields[i].Label)
		}
	}
	return e
}

// openRoutes mounts the public directory (CAT-07).
func (s *Service) openRoutes(r *httpx.Router) {
	anybody := httpx.Public()
	doc := func(summary string) httpx.Option { return httpx.Doc("目录", summary) }
	httpx.Handle(r, "GET /open/v1/kinds", anybody, s.openList, doc("公开的证照目录（GB/T 36902 要素）"))
	httpx.Handle(r, "GET /open/v1/kinds.csv", anybody, s.openCSV, doc("公开的证照目录，CSV"), httpx.Media(csvMedia))
	httpx.Handle(r, "GET /open/v1/kinds/{name}", anybody, s.openGet, doc("公开的一个证照类型"))
	httpx.Handle(r, "GET /open/v1/kinds/{name}/sample", anybody, s.openSample, doc("样例的照面，标明样例"), httpx.Media(svgMedia))
}

const csvMedia = "text/csv; charset=utf-8"

type openResponse struct {
	Items []Element `json:"items"`
	Next  string    `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

func (s *Service) openList(ctx context.Context, r listRequest) (*openResponse, error) {
	n := r.Limit
	if n == 0 {
		n = 50
	}
	list, err := s.Elements(ctx, r.Cursor, n+1)
	resp := &openResponse{Items: list}
	if len(list) > n {
		resp.Items, resp.Next = list[:n], list[n-1].Name
	}
	return resp, err
}

// Elements is at most n of the public directory, after a name.
func (s *Service) Elements(ctx context.Context, after string, n int) ([]Element, error) {
	kinds, err := s.List(ctx, after, n)
	list := make([]Element, 0, len(kinds))
	for _, k := range kinds {
		list = append(list, k.Element())
	}
	return list, err
}

// Open is one kind of the public directory, by name or code, with the day from which
// its version is in force.
func (s *Service) Open(ctx context.Context, ref string) (*Element, error) {
	var e Element
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		k, err := s.KindTx(tx, ref)
		if err != nil {
			return err
		}
		e = k.Element()
		r, err := version(tx, k.Name, k.Version)
		if err == nil && r != nil {
			e.Starts = r.Starts
		}
		return err
	})
	return &e, err
}

func (s *Service) openGet(ctx context.Context, r getRequest) (*Element, error) {
	return s.Open(ctx, r.Name)
}

func (s *Service) openCSV(ctx context.Context, _ struct{}) (httpx.File, error) {
	list, err := s.Elements(ctx, "", most)
	if err != nil {
		return httpx.File{}, err
	}
	data, err := elementsCSV(list)
	return httpx.File{Name: "证照目录.csv", MediaType: csvMedia, Data: data}, err
}

// elementsCSV is the directory as a table that office programs open: with a mark of
// its encoding, and no cell that they would compute.
func elementsCSV(list []Element) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	rows := [][]string{{"证照类型名称", "证照类型代码", "证照定义机构", "证照定义机构代码", "证照定义机构级别", "关联事项名称", "关联事项代码", "持证主体类别",
		"有效期限范围", "证照颁发机构级别", "类别", "共享属性", "设定依据", "版本"}}
	for _, e := range list {
		rows = append(rows, []string{e.Title, e.Code, e.Definer, e.DefinerCode, e.DefinerLevel, strings.Join(e.Items, "、"), strings.Join(e.ItemCodes, "、"), HolderWord(e.Holder),
			e.Validity, strings.Join(e.Levels, "、"), string(e.Category), string(e.Sharing), strings.Join(e.Basis, "；"), itoa(e.Version)})
	}
	for _, row := range rows {
		for i, c := range row {
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				row[i] = "'" + c
			}
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("catalogue: writing the directory as CSV: %w", err)
	}
	return b.Bytes(), nil
}

type openSampleRequest struct {
	Name string `path:"name" maxLength:"64" doc:"目录名或 21 位证照类型代码"`
	Page int    `query:"page" minimum:"0" maximum:"9" doc:"第几页，从 0 起"`
}

func (s *Service) openSample(ctx context.Context, r openSampleRequest) (httpx.File, error) {
	k, err := s.Get(ctx, r.Name)
	if err != nil {
		return httpx.File{}, err
	}
	data, err := s.SamplePicture(k, r.Page)
	return httpx.File{MediaType: svgMedia, Data: data}, err
}

// SamplePicture is one page of the sample of a version as SVG, drawn once.
func (s *Service) SamplePicture(k *Kind, page int) ([]byte, error) {
	return s.pictures.get(picture{edition{k.Name, k.Version}, page}, func() ([]byte, error) { return s.svgOf(k, page) })
}

// EntrySample is one page of the sample of an entry as SVG, for who may see it.
func (s *Service) EntrySample(ctx context.Context, id string, page int) ([]byte, error) {
	var r *entryRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		r, err = s.seenTx(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.SampleSVG(r.name, r.files, page)
}
