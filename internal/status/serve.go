package status

import (
	"context"
	"encoding/hex"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
)

const (
	// life is how long a signed list may be relied on by who cannot ask again;
	// renewal is after how long the same list is signed anew.
	life    = 24 * time.Hour
	renewal = time.Hour
	// keepFor is how long others may keep a list before they ask again: with what
	// lookEvery takes, a change is seen within two seconds.
	keepFor = time.Second
)

// A Signed is a page of a list, ready to be sent. Nobody changes its Data.
type Signed struct {
	Data []byte // a JWS in compact form
	ETag string // of what is signed: the same from each process
}

// signedPage is a page as it was signed.
type signedPage struct {
	until   time.Time // it is signed anew from here
	payload []byte
	by      map[string]Signed // by algorithm; replaced, never changed
}

// Page returns a page of a list, signed with alg: ES256 or SM2. A list or page
// that is not there is a fault.NotFound.
func (s *Service) Page(ctx context.Context, list string, page int64, alg string) (Signed, error) {
	b, err := s.board(list)
	if err != nil {
		return Signed{}, err
	}
	if out, ok := b.ready(page, alg, s.DB.Now()); ok {
		return out, nil
	}
	r, err := s.signers(ctx)
	if err != nil {
		return Signed{}, err
	}
	k, ok := r.current(alg)
	if !ok {
		return Signed{}, fault.Invalid.New("不支持该签名算法").WithCode("status.alg").WithHint("可选 es256、sm2")
	}
	if err := b.lock(ctx); err != nil {
		return Signed{}, err
	}
	defer b.unlock()
	if out, ok := b.ready(page, alg, s.DB.Now()); ok {
		return out, nil // somebody has done it meanwhile
	}
	sh, err := s.sheet(ctx, b, page)
	if err != nil {
		return Signed{}, err
	}
	return s.sign(b, sh, page, k)
}

// ready returns a page that was signed and is still what the rows say.
func (b *board) ready(page int64, alg string, now time.Time) (Signed, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	sh := b.sheets[page]
	if sh == nil || sh.signed == nil || !b.fresh(now) || b.wanted(page, now) || !now.Before(sh.signed.until) {
		return Signed{}, false
	}
	out, ok := sh.signed.by[alg]
	return out, ok
}

// sheet returns a page as the rows say it is. The caller has its turn at b.
func (s *Service) sheet(ctx context.Context, b *board, page int64) (*sheet, error) {
	now := s.DB.Now()
	b.mu.RLock()
	good := b.fresh(now) && (page > b.last || !b.wanted(page, now))
	b.mu.RUnlock()
	if !good {
		if err := b.look(ctx, s.DB, page); err != nil {
			return nil, err
		}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if sh := b.sheets[page]; sh != nil && page <= b.last {
		return sh, nil
	}
	return nil, noPage()
}

func noPage() error {
	return fault.NotFound.New("状态列表没有这一页").WithCode("status.page").WithHint("请原样使用印章或证照中的地址")
}

// sign signs a page. The caller has its turn at b: nobody else changes the sheet.
func (s *Service) sign(b *board, sh *sheet, page int64, k signer) (Signed, error) {
	now := s.DB.Now()
	p := sh.signed
	if p == nil || !now.Before(p.until) {
		begin := now.Truncate(renewal)
		issued := begin
		if at := time.UnixMilli(sh.changed); at.After(begin) {
			issued = at // the same in each process, whenever it signs
		}
		t := Token{Subject: s.pageURI(b.list, page), Issued: issued, Expires: issued.Add(life), TTL: keepFor, Every: s.listURI(b.list), List: sh.list}
		payload, err := t.payload()
		if err != nil {
			return Signed{}, err
		}
		p = &signedPage{until: begin.Add(renewal), payload: payload}
	}
	out, err := k.token(p.payload)
	if err != nil {
		return Signed{}, err
	}
	next := &signedPage{until: p.until, payload: p.payload, by: map[string]Signed{k.Alg: out}}
	for alg, had := range p.by {
		if alg != k.Alg {
			next.by[alg] = had
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	sh.signed = next
	return out, nil
}

// token signs a payload.
func (k signer) token(payload []byte) (Signed, error) {
	input, err := signingInput(k.Alg, k.ID, payload)
	if err != nil {
		return Signed{}, err
	}
	sig, err := k.sign(input)
	if err != nil {
		return Signed{}, err
	}
	sum := gm.Sum(input)
	return Signed{Data: b64.AppendEncode(append(input, '.'), sig), ETag: hex.EncodeToString(sum[:16])}, nil
}

// An Index says what pages a list has. Its form is also that of a status list
// aggregation (draft-ietf-oauth-status-list §9.3).
type Index struct {
	List    string    `json:"list"`
	Pages   int64     `json:"pages" doc:"页数"`
	Size    int64     `json:"size" doc:"每页的条目数"`
	Bits    int       `json:"bits" doc:"每个条目的位数"`
	Updated time.Time `json:"updated,omitzero" doc:"最近一次状态变化的时间"`
	Lists   []string  `json:"status_lists" doc:"各页的地址"`
}

// Index describes a list. One that is not there is a fault.NotFound.
func (s *Service) Index(ctx context.Context, list string) (*Index, error) {
	b, err := s.board(list)
	if err != nil {
		return nil, err
	}
	last, updated, err := s.extent(ctx, b)
	if err != nil {
		return nil, err
	}
	x := &Index{List: list, Pages: last + 1, Size: PageSize, Bits: bits, Lists: []string{}}
	if updated != 0 {
		x.Updated = time.UnixMilli(updated).UTC()
	}
	for p := range x.Pages {
		x.Lists = append(x.Lists, s.pageURI(list, p))
	}
	return x, nil
}

// extent is the highest page of a list, and when it changed last.
func (s *Service) extent(ctx context.Context, b *board) (last, updated int64, err error) {
	if last, updated, ok := b.extent(s.DB.Now()); ok {
		return last, updated, nil
	}
	if err := b.lock(ctx); err != nil {
		return 0, 0, err
	}
	defer b.unlock()
	if last, updated, ok := b.extent(s.DB.Now()); ok {
		return last, updated, nil
	}
	if err := b.look(ctx, s.DB, -1); err != nil {
		return 0, 0, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.last, b.updated, nil
}

func (b *board) extent(now time.Time) (last, updated int64, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.last, b.updated, b.fresh(now)
}
