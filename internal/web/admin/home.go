package admin

import (
	"net/http"

	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// getHome is what waits for an administrator, and where everything is.
func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := s.sheet(r, "admin", "管理概览", "系统管理员起草和登记，安全管理员批准，审计管理员查看。三种管理员由三个不同的人担任，谁也不能独自完成授权。")
	var tiles []tile
	for _, of := range []func(*http.Request) ([]tile, error){s.grantTiles, s.policyTiles, s.glassTiles, s.unitTiles} {
		some, err := of(r)
		if err != nil {
			return err
		}
		tiles = append(tiles, some...)
	}
	if iam.MayAny(ctx, "", "account.manage", "account.lock") {
		tiles = append(tiles, tile{Title: "人员", Href: at("people"), Text: "登记、查找、解除锁定、离岗移交"})
	}
	if iam.MayAny(ctx, "", "client.manage", "client.read") {
		tiles = append(tiles, tile{Title: "应用", Href: at("clients"), Text: "接入的业务系统、密钥和授权范围"})
	}
	if iam.May(ctx, "session.end", "") {
		tiles = append(tiles, tile{Title: "会话", Href: at("sessions"), Text: "谁正在登录，必要时结束"})
	}
	p.add(part{Tiles: tiles})
	if iam.May(ctx, "grant.read", "") {
		found, err := s.IAM.GrantsPage(ctx, iam.GrantQuery{State: iam.Proposed, Limit: 10})
		if err != nil {
			return err
		}
		title := "等安全管理员批准的授权"
		if iam.May(ctx, "grant.approve", "") {
			title = "等您批准的授权"
		}
		t := grantTable(found.Items)
		t.Caption, t.Quiet, t.Empty = title, true, page.Empty{Title: "没有待批准的授权", Text: "都办完了。"}
		if found.Next != "" {
			t.Pager = page.Pager{Next: at("grants"), NextWord: "查看全部"}
		}
		p.add(part{Title: title, Table: t})
	}
	return s.show(w, p)
}

func (s *Service) grantTiles(r *http.Request) ([]tile, error) {
	if !iam.May(r.Context(), "grant.read", "") {
		return nil, nil
	}
	found, err := s.IAM.GrantsPage(r.Context(), iam.GrantQuery{State: iam.Proposed, Limit: 200})
	if err != nil {
		return nil, err
	}
	out := tile{Title: "待批准的授权", Href: at("grants"), Count: count(int64(len(found.Items))), Text: "项"}
	if found.Next != "" {
		out.Count += " 以上"
	}
	late := 0
	for _, g := range found.Items {
		if g.Level == page.Bad {
			late++
		}
	}
	if late > 0 {
		out.Chips = []page.Chip{{Class: page.Bad, Word: "超期 " + count(int64(late)) + " 项"}}
	}
	return []tile{out}, nil
}

func (s *Service) policyTiles(r *http.Request) ([]tile, error) {
	if !iam.May(r.Context(), "policy.read", "") {
		return nil, nil
	}
	found, err := s.IAM.Policies(r.Context(), "", 50)
	if err != nil {
		return nil, err
	}
	out := tile{Title: "策略", Href: at("policies"), Text: "没有待批准的版本"}
	for _, v := range found.Items {
		if v.State == iam.Draft {
			out.Text, out.Chips = "", []page.Chip{{Class: page.Care, Word: "有一个版本待批准"}}
		}
	}
	return []tile{out}, nil
}

func (s *Service) glassTiles(r *http.Request) ([]tile, error) {
	if !iam.MayAny(r.Context(), "", "glass.open", "glass.review") {
		return nil, nil
	}
	found, err := s.IAM.Glasses(r.Context(), true, "", 200)
	if err != nil {
		return nil, err
	}
	out := tile{Title: "应急查阅", Href: at("glasses"), Count: count(int64(len(found.Items))), Text: "次待复核"}
	for _, g := range found.Items {
		if g.Open {
			out.Chips = []page.Chip{{Class: page.Bad, Word: "有进行中的"}}
		}
	}
	return []tile{out}, nil
}

func (s *Service) unitTiles(r *http.Request) ([]tile, error) {
	if !iam.MayAny(r.Context(), "", "org.read", "org.manage") {
		return nil, nil
	}
	found, err := s.IAM.UnitsWithout(r.Context(), iam.PostContact, "", 1)
	if err != nil {
		return nil, err
	}
	gaps := tile{Title: "还没有联系人的单位", Href: at("units", "gaps"), Count: count(found.Total), Text: "个"}
	return []tile{{Title: "单位", Href: at("units"), Text: "组织机构、岗位和曾用名"}, gaps}, nil
}
