package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/ofd"
	"sidian/ofd/render"
)

// A seen task is one as whoever acts may see it.
type seen struct {
	*taskRow
	signers []*signerRow
	mine    []int // numbers at which whoever acts signs, or may claim to
	asks    bool  // whoever acts began it, or may act for its unit
}

// load reads a task and its signers.
func load(tx *db.Tx, id string) (*seen, error) {
	t, err := taskByID(tx, id)
	if err != nil {
		return nil, err
	}
	signers, err := signersOf(tx, id)
	return &seen{taskRow: t, signers: signers}, err
}

// look returns a task to who may see it. To everybody else there is none.
func (s *Service) look(ctx context.Context, id string) (*seen, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, iam.Ask(ctx, iam.Question{Permission: "signature.read"})
	}
	var t *seen
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { t, err = load(tx, id); return err }); err != nil {
		return nil, err
	}
	switch {
	case p.Account != "" && t.account == p.Account:
		t.asks = true
	case t.org != "" && iam.Allow(ctx, "signature.read", t.org) == nil:
		t.asks = true
	}
	var err error
	if t.mine, err = s.mine(ctx, p, t.signers); err != nil {
		return nil, err
	}
	if !t.asks && len(t.mine) == 0 {
		return nil, s.refused(ctx, "signature.read", object(id), errNoTask())
	}
	return t, nil
}

// mine are the numbers of the signers whom whoever acts is, or is invited as.
func (s *Service) mine(ctx context.Context, p *iam.Principal, signers []*signerRow) (out []int, err error) {
	if p.Account == "" {
		return nil, nil
	}
	open := false
	for _, r := range signers {
		if r.is(p.Account) {
			out = append(out, r.number)
		}
		open = open || r.account == nil
	}
	if len(out) > 0 || !open || p.Level < level {
		return out, nil
	}
	_, person, has, err := s.self(ctx)
	if err != nil || !has {
		return nil, err
	}
	for _, r := range signers {
		if r.account == nil && bytes.Equal(r.person, person[:]) {
			out = append(out, r.number)
		}
	}
	return out, nil
}

// task shows a task, masked.
func (s *Service) task(ctx context.Context, t *seen) (*Task, error) {
	out := &Task{
		ID: t.id, Org: t.org, Item: t.item, State: t.state, Until: ms(t.until), Pages: int(t.pages),
		Original: hexOf(t.original[:]), Document: hexOf(t.document[:]), Mine: t.mine, CreatedAt: ms(t.created), ClosedAt: ms(t.closed),
	}
	if t.over(s.DB.Now()) {
		out.State = Expired
	}
	title, err := s.Box.Open(taskCell("title", t.id), t.title)
	if err != nil {
		return nil, err
	}
	out.Title = string(title)
	if t.message != nil {
		message, err := s.Box.Open(taskCell("message", t.id), t.message)
		if err != nil {
			return nil, err
		}
		out.Message = string(message)
	}
	if out.OrgName, err = s.by(ctx, t.taskRow); err != nil {
		return nil, err
	}
	for _, r := range t.signers {
		one, err := s.signer(r)
		if err != nil {
			return nil, err
		}
		out.Signers = append(out.Signers, one)
	}
	return out, nil
}

// by names who began a task: a unit, or a person masked.
func (s *Service) by(ctx context.Context, t *taskRow) (string, error) {
	if t.org == "" {
		names, err := s.IAM.Names(ctx, []string{t.account})
		return gbcode.MaskName(names[t.account]), err
	}
	var o iam.Org
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { o, err = iam.OrgTx(tx, t.org); return err })
	return o.Name, err
}

// signer shows a signer, masked.
func (s *Service) signer(r *signerRow) (Signer, error) {
	out := Signer{
		Number: r.number, Group: r.turn, Role: r.role, State: r.state, Way: r.way, Factor: r.factor,
		ViewedAt: ms(r.viewed), SignedAt: ms(r.ended), Document: hexOf(r.after),
	}
	var err error
	if out.Name, err = s.maskedName(r); err != nil {
		return out, err
	}
	citizen, err := s.openSigner(r, "citizen", r.citizen)
	if err != nil {
		return out, err
	}
	if citizen != "" {
		out.Citizen = maskCitizen(citizen)
	}
	if out.Reason, err = s.openSigner(r, "reason", r.reason); err != nil {
		return out, err
	}
	out.Places, err = r.list()
	return out, err
}

// Get returns a task that the caller may see: of a unit whose tasks they read,
// begun by them, or theirs to sign.
func (s *Service) Get(ctx context.Context, id string) (*Task, error) {
	t, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.task(ctx, t)
}

// List pages through the tasks of the units whose tasks the caller reads, and
// those that they began.
func (s *Service) List(ctx context.Context, state string, limit int, cursor string) (*Page, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	p, _ := iam.From(ctx)
	q := listing{orgs: iam.Orgs(ctx, "signature.read"), state: state, before: before, beforeID: id, limit: limit + 1}
	if p != nil {
		q.account = p.Account
	}
	return s.page(ctx, limit, func(tx *db.Tx) ([]*taskRow, error) { return listTasks(tx, q) })
}

// ToSign pages through the tasks in which the caller is a signer.
func (s *Service) ToSign(ctx context.Context, limit int, cursor string) (*Page, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, err
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	_, person, has, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	if !has {
		person = gm.Digest{} // nobody's
	}
	return s.page(ctx, limit, func(tx *db.Tx) ([]*taskRow, error) { return listToSign(tx, p.Account, person, before, id, limit+1) })
}

func (s *Service) page(ctx context.Context, limit int, query func(*db.Tx) ([]*taskRow, error)) (*Page, error) {
	out := &Page{Items: []*Task{}}
	var list []*seen
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		rows, err := query(tx)
		if err != nil {
			return err
		}
		for _, t := range rows {
			signers, err := signersOf(tx, t.id)
			if err != nil {
				return err
			}
			list = append(list, &seen{taskRow: t, signers: signers})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list) > limit {
		last := list[limit-1]
		list, out.Next = list[:limit], db.Cursor(last.created, last.id)
	}
	p, _ := iam.From(ctx)
	for _, t := range list {
		if t.mine, err = s.mine(ctx, p, t.signers); err != nil {
			return nil, err
		}
		shown, err := s.task(ctx, t)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, shown)
	}
	return out, nil
}

// mayRead is who may have the document: the initiator, and a signer whose identity
// is verified.
func (s *Service) mayRead(ctx context.Context, id string) (*seen, error) {
	t, err := s.look(ctx, id)
	if err != nil || t.asks {
		return t, err
	}
	if _, err := signing(ctx); err != nil {
		return nil, s.refused(ctx, "signature.read", object(id), err)
	}
	return t, nil
}

// File returns the document of a task as it stands.
func (s *Service) File(ctx context.Context, id string) (name string, data []byte, err error) {
	t, err := s.mayRead(ctx, id)
	if err != nil {
		return "", nil, err
	}
	if data, err = s.Blob.Get(ctx, t.document); err != nil {
		return "", nil, fmt.Errorf("signature: reading the document of %s: %w", id, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		number := 0
		if len(t.mine) > 0 {
			number = t.mine[0]
		}
		if err := s.note(tx, id, number, "read", t.document); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "signature.read", Object: object(id), After: t.document})
	})
	return "signature-" + id[:min(8, len(id))] + ".ofd", data, err
}

// dpi of pictures of pages.
const (
	usualDPI = 110
	mostDPI  = 200
)

// Picture draws one page, from 1, of the document as it stands: PNG.
func (s *Service) Picture(ctx context.Context, id string, page int, dpi float64) ([]byte, error) {
	t, err := s.mayRead(ctx, id)
	if err != nil {
		return nil, err
	}
	if dpi == 0 {
		dpi = usualDPI
	}
	data, err := s.Blob.Get(ctx, t.document)
	if err != nil {
		return nil, fmt.Errorf("signature: reading the document of %s: %w", id, err)
	}
	d, err := ofd.Open(data)
	if err != nil {
		return nil, fmt.Errorf("signature: opening the document of %s: %w", id, err)
	}
	var b bytes.Buffer
	_, err = render.PNG(d, page-1, &b, render.Options{DPI: min(dpi, mostDPI)})
	if errors.Is(err, render.ErrNoPage) {
		return nil, fault.NotFound.New("文件没有这一页").WithCode("signature.page").WithHint("页码从 1 起")
	}
	return b.Bytes(), err
}

// at finds the signer of a number, for whoever acts to be.
func (t *seen) at(number int) (*signerRow, error) {
	if !slices.Contains(t.mine, number) {
		return nil, errNoTask()
	}
	for _, r := range t.signers {
		if r.number == number {
			return r, nil
		}
	}
	return nil, errNoTask()
}

// number finds a signer of any.
func (t *seen) number(n int) (*signerRow, error) {
	for _, r := range t.signers {
		if r.number == n {
			return r, nil
		}
	}
	return nil, errNoTask()
}
