package web

import (
	"errors"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/verify"
	"sidian/internal/web/page"
	"sidian/ofd"
	"sidian/ofd/render"
)

// maxPictures bounds how many pages of a stranger's document are drawn.
const maxPictures = 3

// strangers bounds what drawing a page of a stranger's document may cost.
// What they show is no export, and says so: whoever keeps the picture keeps a
// preview.
var strangers = render.Options{
	Limits: render.Limits{Objects: 40_000, Points: 400_000, Source: 8_000_000},
	Mark:   &render.Mark{Lines: []string{"核验预览 不具有与原件同等的法律效力"}},
}

// pictures draws the first pages with their seals. A document that cannot be
// drawn has none: the verdict does not depend on it.
func pictures(data []byte) []template.URL {
	d, err := ofd.Open(data)
	if err != nil {
		return nil
	}
	pages, _ := svgPages(d, maxPictures, strangers)
	return pages
}

type verifyPage struct {
	page.Frame
	Problem *page.Problem
	Q       string
	File    string // name of the file that was verified
	Result  *result
	Now     time.Time
	Address string // where anyone checks, for who has it on paper
}

// Wrong is what is wrong with a control, or empty.
func (p verifyPage) Wrong(id string) string { return p.Problem.At(id) }

func (s *Service) verifyPage(r *http.Request, title string) verifyPage {
	return verifyPage{Frame: s.frame(r, title, "verify", ""), Now: s.Verify.DB.Now(), Address: s.Cert.BaseURL + "/verify"}
}

func (s *Service) getVerify(w http.ResponseWriter, r *http.Request) error {
	p := s.verifyPage(r, "核验")
	if p.Q = r.URL.Query().Get("q"); p.Q == "" {
		return s.show(w, http.StatusOK, "verify", p)
	}
	st, err := s.Verify.Code(r.Context(), tidy(p.Q))
	if err != nil {
		if errors.Is(err, fault.NotFound) {
			err = fault.NotFound.New("没有查到这份电子证照").WithHint("请对照照面逐字核对；仍查不到，它可能不是本平台签发的").
				WithField("q", "unknown", "没有登记过这个标识或查验码")
		}
		return s.verifyRefused(w, p, err)
	}
	if st.Certificate.Code == tidy(p.Q) {
		return page.See(w, r, "/v/"+st.Certificate.Code)
	}
	// An identifier can be guessed; the code is not to be had for it.
	return s.showStanding(w, r, st)
}

// tidy makes a code or an identifier out of what people type, paste and scan:
// a whole address is as good as the code in it, and spaces, wide letters and
// capitals mean nothing.
func tidy(q string) string {
	q = strings.Map(func(c rune) rune {
		switch {
		case c >= '！' && c <= '～':
			return c - '！' + '!'
		case c == '。':
			return '.'
		case c == ' ' || c == '　' || c == '\t' || c == '\n' || c == '\r':
			return -1
		}
		return c
	}, q)
	if i := strings.LastIndex(q, "/v/"); i >= 0 {
		q, _, _ = strings.Cut(q[i+3:], "?")
	}
	if strings.Contains(q, ".") {
		return strings.ToUpper(q)
	}
	return strings.ToLower(q)
}

func (s *Service) postVerify(w http.ResponseWriter, r *http.Request) error {
	p := s.verifyPage(r, "核验")
	f, h, err := r.FormFile("file")
	if big := (*http.MaxBytesError)(nil); errors.As(err, &big) {
		return s.verifyRefused(w, p, errTooBig())
	}
	if err != nil {
		return s.verifyRefused(w, p, fault.Invalid.Wrap(err, "没有收到文件").WithField("file", "required", "请选择一个文件"))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, verify.MaxDocument+1))
	if err != nil || len(data) > verify.MaxDocument {
		return s.verifyRefused(w, p, errTooBig())
	}
	v, err := s.Verify.Document(r.Context(), h.Filename, data)
	if err != nil {
		return s.verifyRefused(w, p, err)
	}
	p.File, p.Result = h.Filename, resultOf(v)
	p.Result.Pictures = pictures(data)
	p.Title = p.Result.Headline
	return s.show(w, http.StatusOK, "verify", p)
}

func errTooBig() error {
	return fault.TooLarge.New("文件超过 20 MB，或没有传完").WithField("file", "too-large", "请选择不超过 20 MB 的文件")
}

var verifyIDs = map[string]string{"file": "file", "q": "q"}

func (s *Service) verifyRefused(w http.ResponseWriter, p verifyPage, err error) error {
	shown, ok := page.ProblemOf(err, verifyIDs)
	if !ok {
		return err
	}
	p.Problem, p.Title = shown, "有错误：核验"
	return s.show(w, http.StatusUnprocessableEntity, "verify", p)
}

// getShown is what a scanned code opens: a page for people, JSON for programs.
func (s *Service) getShown(w http.ResponseWriter, r *http.Request) error {
	st, err := s.Verify.Code(r.Context(), r.PathValue("code"))
	w.Header().Add("Vary", "Accept")
	if page.WantsJSON(r) {
		if err != nil {
			return err
		}
		return page.ShowJSON(w, st)
	}
	if err != nil {
		return err
	}
	return s.showStanding(w, r, st)
}

// showStanding shows what the register says of a certificate, and its face
// unless a person stands on it.
func (s *Service) showStanding(w http.ResponseWriter, r *http.Request, st *verify.Standing) error {
	p := s.verifyPage(r, "证照核验")
	p.Result = resultOf(st.Verdict)
	p.Title = p.Result.Headline
	if personal(st.Certificate) {
		p.Result.Hidden = true
	} else {
		data, _, err := s.Cert.PublicDocument(r.Context(), st.Certificate.Code)
		if err != nil {
			return err
		}
		p.Result.Pictures = pictures(data)
	}
	return s.show(w, http.StatusOK, "verify", p)
}

// personal tells a certificate about a person: whoever holds its code sees the
// masked register, not the face (docs/decisions/0003).
func personal(c *cert.Certificate) bool {
	return slices.ContainsFunc(c.Holders, func(h cert.Holder) bool { return h.Type == "person" })
}
