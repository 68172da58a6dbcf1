package app

import (
	"context"

	"sidian/internal/archive"
	"sidian/internal/seal"
	"sidian/internal/sealing"
)

// archive says how two units file what they seal, so that the archivist can pack
// at once, and seals a notice: like everything that is sealed it comes into the
// queue by itself, and waits there on the first day.
func (s *seeder) archive(ctx context.Context) error {
	archivist, err := s.IAM.As(ctx, s.accounts["archivist"])
	if err != nil {
		return err
	}
	for org, fonds := range map[string]string{"market": "Z109", "approval": "Z112"} {
		if _, err := s.Archive.PutUnit(archivist, archive.Unit{Org: org, Fonds: fonds, Category: "WS", Agency: "BGS", Archives: "青禾县档案馆"}); err != nil {
			return err
		}
	}
	return s.toFile(ctx)
}

// toFile is a notice that the service hall stamps under its standing policy.
func (s *seeder) toFile(ctx context.Context) error {
	window, err := s.IAM.As(ctx, s.accounts["window"])
	if err != nil {
		return err
	}
	x, err := s.sealOf(window, "approval", seal.LegalName)
	if err != nil {
		return err
	}
	paper := paper{title: "青禾县政务服务大厅延时服务公告（样例）", lines: []string{
		"　　为方便群众办事，政务服务大厅自即日起工作日中午不间断服务，星期六上午照常受理。",
		"　　延时服务时段的办理事项和窗口安排见大厅公示屏。",
	}, foot: []string{"青禾县行政审批服务管理局", "（盖章）"}}
	data, err := paper.draw(s.Sealing.Fonts)
	if err != nil {
		return err
	}
	_, _, err = s.Sealing.StampNow(window, sealing.NowAsk{BatchAsk: sealing.BatchAsk{
		Title: "延时服务公告", Purpose: "公告", Reason: "对外公布", Seal: x.ID, Places: []sealing.Place{{Keyword: "（盖章）"}},
	}, Name: "延时服务公告.ofd", Data: data})
	return err
}
