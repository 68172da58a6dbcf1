package sealing

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

// A draft is what was filled in so far of a request. It never changes: each step
// makes another, so that going back in the browser goes back.
type draft struct {
	Account   string   `json:"account"`
	Nonce     string   `json:"nonce"`
	Title     string   `json:"title"`
	Purpose   string   `json:"purpose"`
	Reason    string   `json:"reason"`
	Name      string   `json:"name"`     // of the file
	Original  string   `json:"original"` // digests of what was uploaded, and of the OFD that it is or became
	Document  string   `json:"document"`
	Converted bool     `json:"converted,omitempty"`
	Pages     int      `json:"pages"`
	Seals     []chosen `json:"seals,omitempty"`

	token string
}

// Ways of placing a seal.
const (
	onPages = "page"    // at a place of one or more pages
	onWord  = "keyword" // where words stand
	onAll   = "all"     // at the same place of every page
	onEdge  = "edge"    // straddling pages, and nowhere else
)

// A chosen is a seal of a draft, with how it is placed.
type chosen struct {
	Seal  string  `json:"seal"`
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	W     float64 `json:"w"` // mm, the imprint's own
	H     float64 `json:"h"`
	Group int     `json:"group"` // from 1
	Way   string  `json:"way,omitempty"`
	On    string  `json:"on,omitempty"` // pages as typed: 3 or 1,3,5-7
	X     string  `json:"x,omitempty"`  // mm as typed
	Y     string  `json:"y,omitempty"`
	Word  string  `json:"word,omitempty"`
	Each  bool    `json:"each,omitempty"`
	Right bool    `json:"right,omitempty"`
	Edge  bool    `json:"edge,omitempty"` // straddling beside the place
	From  string  `json:"from,omitempty"`
	To    string  `json:"to,omitempty"`
	EdgeY string  `json:"edge_y,omitempty"`
	Found string  `json:"found,omitempty"` // the word by which the place was chosen at first
}

// mostDraft bounds a draft, in bytes.
const mostDraft = 256 << 10

func errDraft() error {
	return fault.NotFound.New("没有这份未提交的申请").WithCode("sealing.draft").WithHint("未提交的内容保留一天，只有本人能打开。请重新申请用印")
}

// save keeps a draft and gives it its token.
func (s *Service) save(ctx context.Context, d *draft) error {
	d.Account = iam.Self(ctx)
	if d.Nonce == "" {
		d.Nonce = rand.Text()
	}
	b, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("sealing: writing a draft: %w", err)
	}
	if len(b) > mostDraft {
		return fault.TooLarge.New("申请内容太长").WithCode("sealing.draft").WithHint("请减少印章或缩短文字")
	}
	digest, err := s.Blob.Put(ctx, b)
	if err != nil {
		return fmt.Errorf("sealing: keeping a draft: %w", err)
	}
	d.token = s.token(d.Account, digest)
	return nil
}

// token names a draft for one account.
func (s *Service) token(account string, digest gm.Digest) string {
	tie := s.Key.Of(account + "\x00" + string(digest[:]))
	return hex.EncodeToString(digest[:]) + hex.EncodeToString(tie[:16])
}

// draft opens the draft of an address, for who began it.
func (s *Service) draft(r *http.Request) (*draft, error) {
	return s.open(r.Context(), r.PathValue("draft"))
}

func (s *Service) open(ctx context.Context, token string) (*draft, error) {
	raw, err := hex.DecodeString(token)
	if err != nil || len(raw) != 48 {
		return nil, errDraft()
	}
	digest := gm.Digest(raw[:32])
	if s.token(iam.Self(ctx), digest) != strings.ToLower(token) {
		return nil, errDraft()
	}
	b, err := s.Blob.Get(ctx, digest)
	if errors.Is(err, fault.NotFound) {
		return nil, errDraft()
	}
	if err != nil {
		return nil, fmt.Errorf("sealing: opening a draft: %w", err)
	}
	d := &draft{token: token}
	if err := json.Unmarshal(b, d); err != nil || d.Account != iam.Self(ctx) {
		return nil, errDraft()
	}
	return d, nil
}

func (d *draft) at(parts ...string) string {
	return page.At(Drafts, append([]string{d.token}, parts...)...)
}

// bytes reads a document of the draft.
func (s *Service) bytes(ctx context.Context, digest string) ([]byte, error) {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) != len(gm.Digest{}) {
		return nil, errDraft()
	}
	b, err := s.Blob.Get(ctx, gm.Digest(raw))
	if errors.Is(err, fault.NotFound) {
		return nil, errDraft()
	}
	return b, err
}

// seal is a chosen seal by its id, or nil.
func (d *draft) seal(id string) *chosen {
	for i := range d.Seals {
		if d.Seals[i].Seal == id {
			return &d.Seals[i]
		}
	}
	return nil
}

// ask is the draft as a request.
func (d *draft) ask(data []byte) (sealing.Ask, error) {
	a := sealing.Ask{Title: d.Title, Purpose: d.Purpose, Reason: d.Reason, Data: data}
	for i := range d.Seals {
		places, err := d.Seals[i].places(i, d.Pages)
		if err != nil {
			return a, err
		}
		a.Steps = append(a.Steps, sealing.StepAsk{Seal: d.Seals[i].Seal, Order: d.Seals[i].Group, Places: places})
	}
	return a, nil
}
