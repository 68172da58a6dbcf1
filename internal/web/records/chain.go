package records

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"sidian/internal/audit/chain"
	"sidian/internal/web/page"
)

// inspection is what the newest check of the chain found. Checking costs some
// thousand rows, so that readers share one for a while.
type inspection struct {
	sync.Mutex
	at     time.Time
	report *chain.Report
}

// inspectFor is how long a check is told.
const inspectFor = 2 * time.Minute

type chainNotice struct {
	page.Notice
	Findings []page.Fact
	At       time.Time
}

// chainState tells whether the chain holds, by a check that is at most two
// minutes old, or made now.
func (s *Service) chainState(ctx context.Context, now bool) (chainNotice, error) {
	s.chain.Lock()
	defer s.chain.Unlock()
	at := s.Auditor.DB.Now()
	if age := at.Sub(s.chain.at); now || s.chain.report == nil || age < 0 || age > inspectFor {
		r, err := s.Auditor.Inspect(ctx, false)
		if err != nil {
			return chainNotice{}, err
		}
		s.chain.report, s.chain.at = r, at
	}
	return noticeOf(s.chain.report, s.chain.at), nil
}

func noticeOf(r *chain.Report, at time.Time) chainNotice {
	n := chainNotice{At: at}
	waiting := ""
	if r.Waiting > 0 {
		waiting = fmt.Sprintf("另有 %d 条刚刚写入，正在等待入链。", r.Waiting)
	}
	if r.Intact() {
		n.Notice = page.Notice{Class: page.Good, Title: "审计链完好",
			Text: fmt.Sprintf("已逐条重新计算最近的 %d 环，并核对 %d 个链首签名，没有发现改动、删除或插入。%s", r.Links, r.Heads, waiting)}
		return n
	}
	n.Notice = page.Notice{Class: page.Bad, Title: "审计链被破坏", Text: "下列记录与链不符，已发出告警。请立即保全数据库和备份，并请平台运维人员运行 sidian doctor 检查全部记录。" + waiting,
		Href: "/console/alarms", Action: "查看告警"}
	for _, f := range r.Findings[:min(len(r.Findings), 20)] {
		fact := page.Fact{Label: fmt.Sprintf("第 %d 环", f.Seq), Text: f.Message}
		if f.Seq == 0 {
			fact.Label = "未入链"
		}
		if f.Entry != "" {
			fact.Href = entryPage(f.Entry)
		}
		n.Findings = append(n.Findings, fact)
	}
	if more := int64(len(r.Findings)) - int64(len(n.Findings)) + r.More; more > 0 {
		n.Findings = append(n.Findings, page.Fact{Label: "另有", Text: fmt.Sprintf("%d 处", more)})
	}
	return n
}

// postCheck checks again at once.
func (s *Service) postCheck(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.chainState(r.Context(), true); err != nil {
		return err
	}
	return page.See(w, r, "/console/audit")
}
