package sealing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/sealing/event"
)

// States of a batch.
const (
	Ready     = "ready" // documents come in
	Running   = "running"
	Paused    = "paused"
	Finished  = "finished"
	Cancelled = "cancelled"
)

// States of an item of a batch beside Waiting, Stamping, Done and Dropped.
const Failed = "failed"

var batchNames = map[string]string{
	Ready: "待开始", Running: "盖章中", Paused: "已暂停", Finished: "已结束", Cancelled: "已取消",
}

var itemNames = map[string]string{Waiting: "待盖章", Stamping: "盖章中", Done: "已盖章", Failed: "未盖章", Dropped: "已取消"}

// batchMoves are the moves of a batch that people ask for. Finished comes by
// itself.
var batchMoves = map[string]map[string]string{
	"start":  {Ready: Running, Paused: Running},
	"pause":  {Running: Paused},
	"cancel": {Ready: Cancelled, Running: Cancelled, Paused: Cancelled},
}

// A Batch (批量用印) is many documents that one seal stamps under its standing
// policy, at the same places.
type Batch struct {
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	Purpose    string    `json:"purpose"`
	Reason     string    `json:"reason"`
	Org        string    `json:"org"`
	Account    string    `json:"account,omitempty"`
	App        string    `json:"app,omitempty" doc:"应用的 client_id"`
	Asker      string    `json:"asker"`
	Seal       string    `json:"seal"`
	SealName   string    `json:"seal_name"`
	Places     []Place   `json:"places"`
	State      string    `json:"state" enum:"ready,running,paused,finished,cancelled"`
	StateName  string    `json:"state_name"`
	Trouble    string    `json:"trouble,omitempty" doc:"暂停的原因"`
	Total      int64     `json:"total"`
	Done       int64     `json:"done"`
	Failed     int64     `json:"failed"`
	Remaining  int64     `json:"remaining"`
	Rate       float64   `json:"rate" doc:"每秒盖章文件数"`
	Seconds    int64     `json:"seconds" doc:"预计还需的秒数；0：未知或已结束"`
	CreatedAt  time.Time `json:"created_at"`
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`

	sealOrg, device, worker string
	width, height           int
	worked, lease           int64
	single                  bool
	repetition              string
}

// An Item is one document of a batch.
type Item struct {
	Line      int64     `json:"line"`
	Name      string    `json:"name" doc:"文件名"`
	State     string    `json:"state" enum:"waiting,stamping,done,failed,dropped"`
	StateName string    `json:"state_name"`
	Trouble   string    `json:"trouble,omitempty"`
	Original  string    `json:"original" doc:"上传文件的 SM3 摘要"`
	Document  string    `json:"document,omitempty" doc:"盖章后文件的 SM3 摘要"`
	Use       string    `json:"use,omitempty" doc:"用印记录"`
	At        time.Time `json:"at"`

	original, content, document gm.Digest
}

// A BatchPage is a page of batches, an ItemPage of items.
type (
	BatchPage struct {
		Items []*Batch `json:"items"`
		Next  string   `json:"next,omitempty"`
	}
	ItemPage struct {
		Items []*Item `json:"items"`
		After int64   `json:"after,omitempty" doc:"从这一件之后继续；没有则为最后一页"`
	}
)

// A BatchAsk asks for a batch.
type BatchAsk struct {
	Title   string  `json:"title" minLength:"1" maxLength:"200"`
	Purpose string  `json:"purpose" minLength:"1" maxLength:"40" doc:"文件种类，须在印章的常备用印授权之内"`
	Reason  string  `json:"reason" minLength:"1" maxLength:"500"`
	Org     string  `json:"org,omitempty" maxLength:"64" doc:"申请单位；不填则为本单位"`
	Seal    string  `json:"seal" minLength:"1" maxLength:"64"`
	Places  []Place `json:"places" minItems:"1" maxItems:"20" doc:"每件文件的盖章位置"`

	single bool
}

// errProbe undoes what was only tried.
var errProbe = errors.New("sealing: it would be allowed")

// CreateBatch opens a batch. Without a standing policy of the seal for the
// purpose it is refused: nothing is stamped by the thousand that no custodian
// allowed by the thousand.
func (s *Service) CreateBatch(ctx context.Context, a BatchAsk) (*Batch, error) {
	b, err := s.newBatch(ctx, &a)
	if err != nil {
		return nil, err
	}
	had, err := s.batchRepeated(ctx, b.repetition)
	if had != nil || err != nil {
		return had, err
	}
	if err := s.underPolicy(ctx, b); err != nil {
		return nil, s.Seal.Refused(ctx, "sealing.batch", "seal/"+a.Seal, err)
	}
	im, err := s.Seal.Imprint(ctx, a.Seal)
	if err != nil {
		return nil, err
	}
	b.width, b.height = im.Width, im.Height
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		fresh, err := insertBatch(tx, b)
		if err == nil && !fresh {
			err = errMoved
		}
		if err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "sealing.batch", Object: batchObject(b.ID), Reason: a.Reason})
	})
	if errors.Is(err, errMoved) {
		return s.batchRepeated(ctx, b.repetition)
	}
	if err != nil {
		return nil, err
	}
	return s.Batch(ctx, b.ID)
}

func batchObject(id string) string { return "sealing-batch/" + id }

func (b *Batch) object(it *Item) string { return fmt.Sprintf("%s/%d", batchObject(b.ID), it.Line) }

func (s *Service) newBatch(ctx context.Context, a *BatchAsk) (*Batch, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, fault.Unauthorized.New("请先登录").WithHint("请登录后重试")
	}
	if a.Org == "" {
		a.Org = p.Org
	}
	if err := iam.Allow(ctx, "seal.ask", a.Org); err != nil {
		return nil, err
	}
	f := fault.Invalid.New("批量用印不完整或不正确").WithCode("sealing.request").WithHint("请按每一项的说明更正后重试")
	f = words(f, "title", "标题", a.Title, 200)
	f = words(f, "purpose", "文件种类", a.Purpose, 40)
	f = words(f, "reason", "用印事由", a.Reason, 500)
	if n := len(a.Places); n == 0 || n > 20 {
		f = f.WithField("places", "required", "请指定 1 到 20 处盖章位置")
	}
	if err := f.OrNil(); err != nil {
		return nil, err
	}
	key := httpx.IdempotencyID(ctx)
	return &Batch{
		ID: newID(), Title: a.Title, Purpose: a.Purpose, Reason: a.Reason, Org: a.Org, Account: p.Account, App: p.Client, Asker: p.Name,
		Seal: a.Seal, Places: a.Places, State: Ready, device: device(ctx), single: a.single, repetition: key,
	}, nil
}

func (s *Service) batchRepeated(ctx context.Context, key string) (b *Batch, err error) {
	if key == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { b, err = batchByRepetition(tx, key); return err })
	return b, err
}

// underPolicy tries whether the seal could be used now, and undoes the trial.
// People also need a line of the seal's matrix.
func (s *Service) underPolicy(ctx context.Context, b *Batch) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := s.Seal.UsableTx(tx, b.Seal)
		if err != nil {
			return err
		}
		b.SealName, b.sealOrg = x.Name, x.Org
		if b.Account != "" {
			if _, err := s.Seal.RuleTx(tx, b.Seal, b.Purpose, b.Account); err != nil {
				return err
			}
		} else if err := iam.Allow(ctx, "seal.ask", x.Org); err != nil {
			return err
		}
		if _, err := s.Seal.IntendTx(tx, x, batchObject(b.ID), b.Purpose, gm.Sum([]byte(b.ID))); err != nil {
			return err
		}
		return errProbe
	})
	if errors.Is(err, errProbe) {
		return nil
	}
	return err
}

// mayRun tells whether whoever acts may work on a batch: who asked for it.
func mayRun(ctx context.Context, b *Batch) bool {
	p, ok := iam.From(ctx)
	return ok && p.Account == b.Account && p.Client == b.App
}

// lookBatch returns a batch to who may see it: who asked, those of its unit who
// see seals, and who approves the seal's use.
func (s *Service) lookBatch(ctx context.Context, id string) (b *Batch, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { b, err = batchByID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	if !mayRun(ctx, b) && iam.Allow(ctx, "seal.read", b.Org) != nil && iam.Allow(ctx, "seal.use", b.sealOrg) != nil {
		return nil, unknownBatch()
	}
	return b, nil
}

func unknownBatch() error {
	return fault.NotFound.New("没有这批用印").WithCode("sealing.batch-unknown").WithHint("请核对编号")
}

// Batch returns a batch with its progress.
func (s *Service) Batch(ctx context.Context, id string) (*Batch, error) {
	b, err := s.lookBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	b.StateName = batchNames[b.State]
	if b.worked > 0 {
		b.Rate = float64(b.Done+b.Failed) / (float64(b.worked) / 1000)
	}
	if b.State == Running && b.Rate > 0 {
		b.Seconds = int64(float64(b.Remaining)/b.Rate) + 1
	}
	return b, nil
}

// Act starts, pauses or cancels a batch. What is being stamped is finished.
func (s *Service) Act(ctx context.Context, id, what string) (*Batch, error) {
	b, err := s.lookBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	// A custodian can stop what his seal does, and nobody else's.
	if stop := what != "start" && iam.Allow(ctx, "seal.use", b.sealOrg) == nil; !mayRun(ctx, b) && !stop {
		return nil, fault.Forbidden.New("只有发起人能继续，发起人和印章保管人能暂停或取消这批用印").WithCode("sealing.asker").WithHint("请联系发起人")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		b, err := batchByID(tx, id)
		if err != nil {
			return err
		}
		to, ok := batchMoves[what][b.State]
		if !ok {
			return fault.Conflict.New("这批用印处于“%s”，不能进行此操作", batchNames[b.State]).WithCode("sealing.state").WithHint("请刷新后查看最新状态")
		}
		if to == Running && b.Total == 0 {
			return fault.Conflict.New("还没有上传文件").WithCode("sealing.empty").WithHint("请先上传 OFD 文件或 ZIP 压缩包")
		}
		if err := moveBatch(tx, id, b.State, to); err != nil {
			return err
		}
		if to == Cancelled {
			if err := dropItems(tx, id); err != nil {
				return err
			}
			if err := s.announceBatch(tx, b, Cancelled); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "sealing.batch-" + what, Object: batchObject(id)})
	})
	if err != nil {
		return nil, err
	}
	return s.Batch(ctx, id)
}

func (s *Service) announceBatch(tx *db.Tx, b *Batch, state string) error {
	return s.Outbox.Put(tx, outbox.Event{Topic: event.Batched, Key: b.ID, Body: event.Batch{
		ID: b.ID, Seal: b.Seal, State: state, Done: b.Done, Failed: b.Failed, At: tx.Now().UnixMilli(),
	}})
}

// Batches pages through the batches that the caller may see, newest first.
func (s *Service) Batches(ctx context.Context, limit int, cursor string) (*BatchPage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	p, ok := iam.From(ctx)
	if !ok {
		return nil, fault.Unauthorized.New("请先登录").WithHint("请登录后重试")
	}
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	page := &BatchPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, err = batchesBefore(tx, p.Account, p.Client, iam.Orgs(ctx, "seal.read"), before, id, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		last := page.Items[limit-1]
		page.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	for _, b := range page.Items {
		b.StateName = batchNames[b.State]
	}
	return page, nil
}

// Items pages through the documents of a batch, in the order in which they came;
// state, when not empty, is the state asked for.
func (s *Service) Items(ctx context.Context, id, state string, after int64, limit int) (*ItemPage, error) {
	if _, err := s.lookBatch(ctx, id); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 1000 {
		limit = 100
	}
	page := &ItemPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		page.Items, err = itemsAfter(tx, id, state, after, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.After = page.Items[limit-1].Line
	}
	return page, nil
}

// ItemFile returns a stamped document of a batch.
func (s *Service) ItemFile(ctx context.Context, id string, line int64) ([]byte, *Item, error) {
	b, err := s.lookBatch(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	var it *Item
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { it, err = itemByLine(tx, id, line); return err })
	if err != nil {
		return nil, nil, err
	}
	if it.State != Done {
		return nil, nil, fault.Conflict.New("这一件“%s”，没有盖好章的文件", itemNames[it.State]).WithCode("sealing.unfinished").WithHint("请核对这一件的状态和原因")
	}
	data, err := s.bytes(ctx, it.document)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "sealing.read", Object: b.object(it), After: it.document})
	})
	return data, it, err
}

func placesText(p []Place) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("sealing: writing places: %w", err)
	}
	return string(b), nil
}
