package catalogue

import (
	"context"

	"sidian/internal/httpx"
)

// Routes mounts the catalogue's routes.
func (s *Service) Routes(r *httpx.Router) {
	httpx.Handle(r, "GET /api/v1/kinds", httpx.SignedIn(), s.listHTTP, httpx.Doc("目录", "证照类型目录"))
	httpx.Handle(r, "GET /api/v1/kinds/{name}", httpx.SignedIn(), s.getHTTP, httpx.Doc("目录", "一个证照类型"))
	s.entryRoutes(r)
	s.numberingRoutes(r)
	s.openRoutes(r)
}

// KindView is a kind as the API shows it.
type KindView struct {
	Name       string     `json:"name" doc:"目录名"`
	Version    int        `json:"version"`
	Code       string     `json:"code" doc:"证照类型代码，21 位"`
	CodeOrigin Origin     `json:"code_origin" doc:"national 国家代码；local 本级代编"`
	Title      string     `json:"title" doc:"证照类型名称"`
	Category   Category   `json:"category"`
	Definer    Definer    `json:"definer"`
	Holders    HolderView `json:"holders"`
	Validity   Validity   `json:"validity"`
	Sharing    Sharing    `json:"sharing"`
	Limit      string     `json:"sharing_basis,omitempty" doc:"限制共享所依据的法律、法规"`
	Standard   string     `json:"standard,omitempty" doc:"所依据的国家证照标准及其年代号"`
	Use        string     `json:"sharing_use,omitempty" doc:"使用要求：含敏感数据项的证照供谁、用于什么、如何保护"`
	Effect     *Effect    `json:"effect,omitempty" doc:"法定例外：电子证照不与原件具有同等效力的情形和依据；没有例外的不返回"`
	Basis      []string   `json:"basis"`
	Pattern    string     `json:"pattern" doc:"照面依据的式样"`
	Fields     []Field    `json:"fields" doc:"照面项，依照面顺序"`
	Seals      []SealSlot `json:"seals"`
}

// HolderView is who may hold a certificate of the kind.
type HolderView struct {
	Roles    []string     `json:"roles,omitempty"`
	More     bool         `json:"more"`
	Category string       `json:"category" doc:"GB/T 36902 持证主体类别：1 自然人，2 法人，3 混合，4 其他"`
	Types    []string     `json:"types"`
	IDTypes  []IDTypeView `json:"id_types"`
	Optional bool         `json:"id_optional" doc:"可不填持证主体代码"`
}

// IDTypeView is an id type of GB/T 36903 appendix A.
type IDTypeView struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// View is the kind as the API shows it.
func (k *Kind) View() KindView {
	h := HolderView{
		Roles: k.Holders.Roles, More: k.Holders.More, Types: k.Holders.Types, Category: k.HolderCategory(),
		Optional: k.Holders.OptionalID || k.Holders.MintID,
	}
	for _, code := range k.Holders.IDTypes {
		h.IDTypes = append(h.IDTypes, IDTypeView{code, IDTypeName(code)})
	}
	return KindView{
		Name: k.Name, Version: k.Version, Code: k.Code.String(), CodeOrigin: k.Origin, Title: k.Title, Category: k.Category,
		Definer: k.Definer, Holders: h, Validity: k.Validity, Sharing: k.Sharing, Limit: k.Limit, Standard: k.Standard, Use: k.Use, Effect: k.effect(), Basis: k.Basis, Pattern: k.Pattern,
		Fields: k.Fields, Seals: k.Seals,
	}
}

// effect is what the law says against the rule, nil where it says nothing.
func (k *Kind) effect() *Effect {
	if !k.Effect.Excepted() {
		return nil
	}
	e := k.Effect
	return &e
}

// HolderCategory is 持证主体类别 of GB/T 36902: 1 natural persons, 2 legal
// persons, 3 both, 4 others.
func (k *Kind) HolderCategory() string {
	persons, bodies := false, false
	for _, t := range k.Holders.Types {
		persons, bodies = persons || t == "person", bodies || t != "person"
	}
	switch {
	case persons && bodies:
		return "3"
	case persons:
		return "1"
	case bodies:
		return "2"
	}
	return "4"
}

type listRequest struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type listResponse struct {
	Items []KindView `json:"items"`
	Next  string     `json:"next,omitempty" doc:"下一页的 cursor；没有时为最后一页"`
}

func (s *Service) listHTTP(ctx context.Context, r listRequest) (listResponse, error) {
	most := r.Limit
	if most == 0 {
		most = 50
	}
	found, err := s.List(ctx, r.Cursor, most+1)
	if err != nil {
		return listResponse{}, err
	}
	resp := listResponse{Items: []KindView{}}
	if len(found) > most {
		found = found[:most]
		resp.Next = found[most-1].Name
	}
	for _, k := range found {
		resp.Items = append(resp.Items, k.View())
	}
	return resp, nil
}

type getRequest struct {
	Name string `path:"name" maxLength:"64" doc:"目录名或 21 位证照类型代码"`
}

func (s *Service) getHTTP(ctx context.Context, r getRequest) (KindView, error) {
	k, err := s.Get(ctx, r.Name)
	if err != nil {
		return KindView{}, err
	}
	return k.View(), nil
}
