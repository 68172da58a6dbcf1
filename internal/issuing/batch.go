package issuing

import (
	"context"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// maxBatch is how many items a batch may have.
const maxBatch = 200

// A BatchRequest brings what was made offline (离线生成) into the platform: after
// the matters were finished, within the time of cert.offline.push.
type BatchRequest struct {
	Kind  string      `json:"kind" minLength:"1" maxLength:"64" doc:"证照种类"`
	Unit  string      `json:"unit" minLength:"1" maxLength:"64" doc:"签发单位编号"`
	Items []BatchItem `json:"items" minItems:"1" maxItems:"200"`
}

// A BatchItem is one matter of a batch.
type BatchItem struct {
	Ref string `json:"ref" minLength:"1" maxLength:"100" doc:"来源系统的流水号：中断后重推整批，已收到的不会重复"`
	Content
	CaseNo     string    `json:"case_no,omitempty" maxLength:"64" doc:"办件编号"`
	FinishedAt time.Time `json:"finished_at" doc:"业务办结时间"`
}

// A BatchAnswer tells what became of each item, in their order.
type BatchAnswer struct {
	Batch string        `json:"batch" doc:"本次推送的编号"`
	Items []BatchResult `json:"items"`
	Taken int           `json:"taken" doc:"已收到的，含以前收到的"`
	Late  int           `json:"late" doc:"其中超过推送时限的"`
}

// A BatchResult is what became of one item: a draft, or why there is none.
type BatchResult struct {
	Ref     string        `json:"ref"`
	Draft   string        `json:"draft,omitempty"`
	State   State         `json:"state,omitempty"`
	Late    bool          `json:"late,omitempty"`
	Already bool          `json:"already,omitempty" doc:"以前已经收到"`
	Code    string        `json:"code,omitempty"`
	Message string        `json:"message,omitempty"`
	Fields  []fault.Field `json:"fields,omitempty" doc:"不能收的原因，或提交审核前还须补正的"`
}

// Push takes a batch. Each item stands for itself: what is complete goes to
// review, what is not waits to be completed, what may not be kept is refused with
// the reason. The whole batch may be pushed again after an interruption.
func (s *Service) Push(ctx context.Context, req BatchRequest) (*BatchAnswer, error) {
	if err := iam.Allow(ctx, permCollect, req.Unit); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.push", Object: "unit/" + req.Unit}, err)
	}
	if len(req.Items) == 0 || len(req.Items) > maxBatch {
		return nil, fault.Invalid.New("一批应有 1 至 %d 件", maxBatch).WithCode("issuing.batch").WithHint("更多的请分批推送").WithField("items", "count", "件数不对")
	}
	k, err := s.kindOf(ctx, req.Kind)
	if err != nil {
		return nil, err
	}
	out := &BatchAnswer{Batch: newID()}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		above, err := iam.AboveTx(tx, req.Unit)
		if err != nil {
			return err
		}
		return insertBatch(tx, &batchRow{id: out.Batch, unit: req.Unit, path: above[0].Path(), kind: k.Name, pushedBy: actorOf(ctx), pushed: milli(tx.Now()), items: int64(len(req.Items))})
	})
	if err != nil {
		return nil, err
	}
	var refused, again int64
	for i := range req.Items {
		x, err := s.take(ctx, &req, &req.Items[i], out.Batch)
		if err != nil {
			return nil, err
		}
		if x.Draft != "" {
			out.Taken++
			if x.Late {
				out.Late++
			}
		} else {
			refused++
		}
		if x.Already {
			again++
		}
		out.Items = append(out.Items, x)
	}
	return out, s.DB.Write(ctx, func(tx *db.Tx) error { return endBatch(tx, out.Batch, refused, again) })
}

// take takes one item; its error is one that the whole batch cannot go on with.
func (s *Service) take(ctx context.Context, b *BatchRequest, x *BatchItem, batch string) (out BatchResult, err error) {
	out.Ref = x.Ref
	if x.Ref == "" {
		out.Code, out.Message = "issuing.ref", "须有流水号"
		return out, nil
	}
	req := CreateRequest{Kind: b.Kind, Unit: b.Unit, Content: x.Content, CaseNo: x.CaseNo, Mode: Offline, FinishedAt: &x.FinishedAt, Ref: x.Ref, batch: batch}
	d, err := s.Create(ctx, req)
	if e := fault.As(err); e != nil && cert.Final(err) {
		out.Code, out.Message, out.Fields = e.Code, e.Msg, e.Fields
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Draft, out.State, out.Late, out.Already, out.Fields = d.ID, d.State, d.Late, d.Already, d.Problems
	if d.State != Drafted || len(d.Problems) > 0 || d.Version > 1 {
		return out, nil
	}
	d, err = s.Submit(ctx, Decision{ID: d.ID, Version: d.Version})
	if e := fault.As(err); e != nil && cert.Final(err) { // somebody took it up this moment
		return out, nil
	}
	if err == nil {
		out.State = d.State
	}
	return out, err
}
