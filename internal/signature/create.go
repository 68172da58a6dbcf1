package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/signature/event"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// Limits of a task.
const (
	MaxFile     = 20 << 20
	maxSigners  = 50
	maxPages    = 500
	usualTerm   = 15 * 24 * time.Hour
	leastTerm   = 10 * time.Minute
	mostTerm    = 180 * 24 * time.Hour
	maxTitle    = 100
	maxMessage  = 500
	maxRole     = 40
	maxReason   = 500
	maxItemCode = 64
)

// Create lays a document before its signers: data is an OFD, or a PDF where the
// platform converts them. The same Idempotency-Key gives the same task.
func (s *Service) Create(ctx context.Context, r TaskRequest, name string, data []byte) (*Task, error) {
	p, err := initiator(ctx, r.Org)
	if err != nil {
		return nil, err
	}
	r.Title = strings.TrimSpace(r.Title)
	if err := r.check(s.DB.Now()); err != nil {
		return nil, err
	}
	if err := s.mayBeElectronic(r.Item); err != nil {
		return nil, err
	}
	d, err := s.document(ctx, data)
	if err != nil {
		return nil, err
	}
	t, signers, err := s.draft(ctx, p, r, d)
	if err != nil {
		return nil, err
	}
	laid, err := d.Bytes()
	if err != nil {
		return nil, fmt.Errorf("signature: writing the document: %w", err)
	}
	digest, err := s.Blob.Put(ctx, laid)
	if err != nil {
		return nil, fmt.Errorf("signature: storing the document: %w", err)
	}
	t.original, t.document = digest, digest
	repetition := httpx.IdempotencyID(ctx)
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.lay(tx, t, signers, repetition) })
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, t.id)
}

// initiator asks whether whoever acts may begin a task: for a unit by permission,
// or, as themselves, whoever may sign.
func initiator(ctx context.Context, org string) (*iam.Principal, error) {
	if org == "" {
		return signing(ctx)
	}
	if err := iam.Allow(ctx, "signature.ask", org); err != nil {
		return nil, err
	}
	p, _ := iam.From(ctx)
	return p, nil
}

func (r *TaskRequest) check(now time.Time) error {
	f := fault.Invalid.New("签署任务不完整或不符合规则").WithCode("signature.request").WithHint("请按每一项的说明更正后重试")
	if r.Until.IsZero() {
		r.Until = now.Add(usualTerm)
	}
	if n := len([]rune(r.Title)); n == 0 || n > maxTitle {
		f = f.WithField("title", "length", fmt.Sprintf("1 到 %d 个字", maxTitle))
	}
	if len([]rune(r.Message)) > maxMessage {
		f = f.WithField("message", "length", fmt.Sprintf("最多 %d 个字", maxMessage))
	}
	if len(r.Item) > maxItemCode {
		f = f.WithField("item", "length", fmt.Sprintf("最多 %d 个字符", maxItemCode))
	}
	if term := r.Until.Sub(now); term < leastTerm || term > mostTerm {
		f = f.WithField("until", "term", "截止时间应在 10 分钟以后、180 日以内")
	}
	if len(r.Signers) == 0 || len(r.Signers) > maxSigners {
		f = f.WithField("signers", "count", fmt.Sprintf("1 到 %d 位签署人", maxSigners))
		return f
	}
	for i := range r.Signers {
		f = r.Signers[i].check(f, fmt.Sprintf("signers[%d]", i))
	}
	return twice(r.Signers, f).OrNil()
}

func (p *Party) check(f *fault.Error, at string) *fault.Error {
	p.Name, p.Citizen = foldName(p.Name), foldCitizen(p.Citizen)
	if p.Way == "" {
		p.Way = Handwritten
	}
	switch {
	case p.Account == "" && (p.Name == "" || p.Citizen == ""):
		f = f.WithField(at, "required", "请选择本平台账号，或填写签署人的真实姓名和公民身份号码")
	case p.Account != "" && (p.Name != "" || p.Citizen != ""):
		f = f.WithField(at, "either", "账号与姓名、公民身份号码只填一种")
	case p.Account == "":
		if _, err := gbcode.ParseCitizenID(p.Citizen); err != nil {
			f = f.WithField(at+".citizen", "citizen", "不是有效的公民身份号码（GB 11643-1999）")
		}
		if len([]rune(p.Name)) > 100 {
			f = f.WithField(at+".name", "length", "最多 100 个字")
		}
	}
	if p.Way != Handwritten && p.Way != Plain {
		f = f.WithField(at+".way", "enum", "应为 seal 或 sign")
	}
	if n := len(p.Places); p.Way == Handwritten && (n == 0 || n > mostPlaces) {
		f = f.WithField(at+".places", "count", fmt.Sprintf("手写签名须有 1 到 %d 处签名位置", mostPlaces))
	} else if p.Way == Plain && n > 0 {
		f = f.WithField(at+".places", "count", "不显示的数字签名没有签名位置")
	}
	if p.Group < 0 || p.Group > 100 {
		f = f.WithField(at+".group", "range", "顺序组应为 1 到 100")
	}
	if len([]rune(p.Role)) > maxRole {
		f = f.WithField(at+".role", "length", fmt.Sprintf("最多 %d 个字", maxRole))
	}
	return f
}

// twice refuses somebody who is to sign twice, and groups for some alone.
func twice(list []Party, f *fault.Error) *fault.Error {
	seen, grouped := map[string]bool{}, 0
	for i, p := range list {
		key := p.Account + "\x00" + p.Citizen
		if seen[key] {
			f = f.WithField(fmt.Sprintf("signers[%d]", i), "twice", "同一人只列一次；多处签名请给出多个签名位置")
		}
		seen[key] = true
		if p.Group > 0 {
			grouped++
		}
	}
	if grouped > 0 && grouped < len(list) {
		f = f.WithField("signers", "group", "顺序组要么都填，要么都不填")
	}
	return f
}

// document opens what is to be signed, and refuses what could not be signed later.
func (s *Service) document(ctx context.Context, data []byte) (*ofd.Document, error) {
	bad := func(code, format string, args ...any) *fault.Error {
		return fault.Invalid.New(format, args...).WithCode(code).WithHint("请换用可以签名的 OFD 文件").WithField("file", code, "不能签署")
	}
	if len(data) > MaxFile {
		return nil, fault.TooLarge.New("文件超过 %d MB", MaxFile>>20).WithCode("signature.size").WithHint("请压缩图片或拆分后重试")
	}
	var d *ofd.Document
	var err error
	switch pdf := bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 1024)], " \r\n\t\ufeff"), []byte("%PDF-")); {
	case pdf && s.Convert == nil:
		return nil, bad("signature.pdf", "本平台尚未启用 PDF 转换，不能直接签署 PDF").WithHint("请先转为 OFD 后上传")
	case pdf:
		d, err = s.Convert(data)
		if e := fault.As(err); e != nil {
			return nil, bad("signature.pdf", "该 PDF 不能如实转为 OFD：%s", e.Msg)
		}
	default:
		if d, err = ofd.Open(data); err != nil {
			return nil, fault.Invalid.Wrap(err, "文件不是可以读取的 OFD").WithCode("signature.file").WithHint("请上传 OFD（GB/T 33190）文件").WithField("file", "ofd", "不是 OFD")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("signature: converting a document: %w", err)
	}
	switch {
	case len(d.Bodies()) != 1:
		return nil, bad("signature.bodies", "文件包中有 %d 个文档，只能签署含一个文档的文件", len(d.Bodies()))
	case len(d.Pages()) == 0 || len(d.Pages()) > maxPages:
		return nil, bad("signature.pages", "文件应有 1 到 %d 页", maxPages)
	case d.Permissions().NoSignature:
		return nil, bad("signature.permission", "文件的权限设置禁止签名盖章")
	}
	return d, s.earlier(ctx, d)
}

// earlier refuses a document whose signatures are broken, or forbid further ones.
func (s *Service) earlier(ctx context.Context, d *ofd.Document) error {
	if len(d.Signatures()) == 0 {
		return nil
	}
	o, err := s.trust(ctx)
	if err != nil {
		return err
	}
	if r := sign.VerifyDocument(d, o); r.Verdict == sign.Invalid {
		return fault.Invalid.New("文件上已有的签名无效，不能在其上签署").WithCode("signature.broken").WithHint("请使用签名完好的原件")
	}
	for _, rec := range d.Signatures() {
		file, err := d.Signature(rec)
		if err != nil {
			return fault.Invalid.Wrap(err, "文件上已有的签名无法读取").WithCode("signature.broken").WithHint("请使用签名完好的原件")
		}
		for _, ref := range file.References {
			if strings.EqualFold(ref.Part, d.Body().SignaturesPart) {
				return fault.Invalid.New("文件已封签，不允许再增加签名").WithCode("signature.closed").WithHint("请使用封签前的文件")
			}
		}
	}
	return nil
}

// trust is what documents are verified with.
func (s *Service) trust(ctx context.Context) (sign.Options, error) {
	t, err := s.PKI.Trust(ctx)
	if err != nil {
		return sign.Options{}, err
	}
	return sign.Options{Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: s.DB.Now()}, nil
}

// draft makes the rows of a task.
func (s *Service) draft(ctx context.Context, p *iam.Principal, r TaskRequest, d *ofd.Document) (*taskRow, []*signerRow, error) {
	t := &taskRow{
		id: newID(), org: r.Org, account: p.Account, app: p.Client, item: r.Item, state: Open,
		until: r.Until.UnixMilli(), pages: int64(len(d.Pages())),
	}
	var err error
	if t.title, err = s.Box.Seal(taskCell("title", t.id), []byte(r.Title)); err != nil {
		return nil, nil, err
	}
	if r.Message != "" {
		if t.message, err = s.Box.Seal(taskCell("message", t.id), []byte(r.Message)); err != nil {
			return nil, nil, err
		}
	}
	turns := plan(r.Signers)
	signers := make([]*signerRow, len(r.Signers))
	for i, party := range r.Signers {
		row := &signerRow{task: t.id, number: i + 1, turn: turns[i], role: party.Role, way: party.Way, state: Waiting}
		places, err := resolve(d, fmt.Sprintf("signers[%d]", i), party.Places)
		if err != nil {
			return nil, nil, err
		}
		row.places = placesText(places)
		if err := s.identify(ctx, row, party, i); err != nil {
			return nil, nil, err
		}
		signers[i] = row
	}
	return t, signers, nil
}

// identify writes who a signer is, encrypted.
func (s *Service) identify(ctx context.Context, row *signerRow, p Party, i int) error {
	name := p.Name
	if p.Account != "" {
		names, err := s.IAM.Names(ctx, []string{p.Account})
		if err != nil {
			return err
		}
		if name = names[p.Account]; name == "" {
			return fault.Invalid.New("没有这个签署人账号").WithCode("signature.account").WithHint("请核对账号，或改填姓名和公民身份号码").
				WithField(fmt.Sprintf("signers[%d].account", i), "unknown", "没有这个账号")
		}
		name, row.account = gbcode.MaskName(name), &p.Account
	} else {
		x := s.person(p.Name, p.Citizen)
		row.person = x[:]
		var err error
		if row.citizen, err = s.Box.Seal(signerCell("citizen", row.task, row.number), []byte(p.Citizen)); err != nil {
			return err
		}
	}
	var err error
	row.name, err = s.Box.Seal(signerCell("name", row.task, row.number), []byte(name))
	return err
}

// lay writes a task and invites the first group.
func (s *Service) lay(tx *db.Tx, t *taskRow, signers []*signerRow, repetition string) error {
	if repetition != "" {
		switch old, err := taskByRepetition(tx, repetition); {
		case err != nil:
			return err
		case old != nil && old.original != t.original:
			return fault.Conflict.New("这个 Idempotency-Key 已用于内容不同的请求").WithCode("idempotency.reused").WithHint("新的请求请用新的键")
		case old != nil:
			t.id = old.id
			return nil
		}
	}
	t.created = tx.Now().UnixMilli()
	if fresh, err := insertTask(tx, t, repetition); err != nil || !fresh {
		return errors.Join(err, errRepeated(fresh))
	}
	for _, r := range signers {
		r.created, r.state = t.created, Waiting // the function may run twice
		if err := insertSigner(tx, r); err != nil {
			return err
		}
	}
	if err := audit.Put(tx, audit.Entry{Action: "signature.create", Object: object(t.id), After: t.original}); err != nil {
		return err
	}
	if err := s.note(tx, t.id, 0, "create", t.original); err != nil {
		return err
	}
	return s.invite(tx, t, signers)
}

func errRepeated(fresh bool) error {
	if fresh {
		return nil
	}
	return fault.Conflict.New("同一请求正在处理").WithCode("signature.repeated").WithHint("请稍后重试")
}

// invite turns to the group whose turn it is; signers are all of the task's.
func (s *Service) invite(tx *db.Tx, t *taskRow, signers []*signerRow) error {
	turns, states := make([]int, len(signers)), make([]string, len(signers))
	for i, r := range signers {
		turns[i], states[i] = r.turn, r.state
	}
	now := next(turns, states)
	for _, r := range signers {
		if r.turn != now || r.state != Waiting {
			continue
		}
		if err := moveSigner(tx, r, Invited); err != nil {
			return err
		}
		if err := s.tell(tx, t, signers, r.number, event.Invited); err != nil {
			return err
		}
		if err := s.notify(tx, t, r, "signature.invited", "有一份文件待您签署"); err != nil {
			return err
		}
	}
	return nil
}

// hexOf is a digest as it is shown.
func hexOf(d []byte) string {
	if len(d) == 0 {
		return ""
	}
	return fmt.Sprintf("%x", d)
}

func digestOf(b []byte) (d gm.Digest) {
	copy(d[:], b)
	return d
}
