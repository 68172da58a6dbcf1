package signing

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

func (s *Service) now() time.Time { return s.Signature.DB.Now() }

// A notice is what a page says was just done, by the word in its address.
type notices map[string]page.Notice

func (n notices) of(r *http.Request) *page.Notice {
	if x, ok := n[r.URL.Query().Get("done")]; ok {
		return &x
	}
	return nil
}

// refused shows a refusal above a form and at the fields that it names, and
// returns the answer's status. ids gives the controls by the name of a field;
// labels what they are called. An error that is nobody's to see is returned.
func refused(f *page.Frame, err error, ids, labels map[string]string) (*page.Problem, int, error) {
	status := page.StatusOf(err)
	if errors.Is(err, fault.Forbidden) { // package signature records it; the signer proves who they are, and goes on
		status = http.StatusForbidden
	}
	if status == 0 {
		return nil, 0, err
	}
	p, _ := page.ProblemOf(err, ids)
	for i, x := range p.Fields {
		p.Fields[i].Label = labels[x.ID]
	}
	f.Title = "有错误：" + f.Title
	return p, status, nil
}

// numberOf is the signer whom an address names.
func numberOf(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || n < 1 || n > 50 {
		return 0, fault.NotFound.New("没有这个页面").WithCode("route.unknown")
	}
	return n, nil
}

// The words for states of a task and of a signer, with their colour.
var classes = map[string]string{
	signature.Open: page.Care, signature.Done: page.Good, signature.Refused: page.Bad, signature.Withdrawn: page.Plain, signature.Expired: page.Plain,
	signature.Waiting: page.Plain, signature.Invited: page.Care, signature.Viewed: page.Care, signature.Captured: page.Care, signature.Confirmed: page.Care, signature.Signed: page.Good,
	signature.Applied: page.Care, signature.Effective: page.Good, signature.Cancelled: page.Plain, signature.Replaced: page.Plain,
}

func chipOf(state string) page.Chip {
	return page.Chip{Class: classes[state], Word: signature.Word(state)}
}

// factors are the words for what a signature was confirmed with.
var factors = map[string]string{"totp": "一次性口令", "password": "登录密码", "recent": "刚刚登录", "passkey": "通行密钥", "certificate": "数字证书"}

// signed counts the signatures of a task.
func signed(t *signature.Task) (n int) {
	for _, x := range t.Signers {
		if x.State == signature.Signed {
			n++
		}
	}
	return n
}

func count(t *signature.Task) string {
	return strconv.Itoa(signed(t)) + "/" + strconv.Itoa(len(t.Signers))
}

// own is the signer of a task who reads the page: the first that still has to
// sign, if there is one.
func own(t *signature.Task) (signature.Signer, bool) {
	var last signature.Signer
	found := false
	for _, x := range t.Signers {
		if !slices.Contains(t.Mine, x.Number) {
			continue
		}
		if x.State != signature.Signed && x.State != signature.Refused {
			return x, true
		}
		last, found = x, true
	}
	return last, found
}

func (s *Service) getFile(w http.ResponseWriter, r *http.Request) error {
	name, data, err := s.Signature.File(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: name, Media: "application/ofd", Data: data})
}

func (s *Service) getEvidence(w http.ResponseWriter, r *http.Request) error {
	name, data, err := s.Signature.EvidenceFile(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: name, Media: "application/ofd", Data: data})
}
