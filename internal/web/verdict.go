package web

import (
	"bytes"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/verify"
	"sidian/ofd"
	"sidian/ofd/render"
	"sidian/ofd/sign"
)

// A result is a verdict as a page shows it.
type result struct {
	Class, Headline, Effect string
	Reasons, Warnings       []string
	Register                *verify.Register
	Signatures              []signature
	Pictures                []template.HTML
}

type signature struct {
	Title, Seal, Signer, Time string
	Checks                    []check
}

type check struct{ Class, Word, Name, Message string }

var headlines = map[sign.Verdict][2]string{
	sign.Valid:        {"good", "签章有效"},
	sign.Invalid:      {"bad", "签章无效"},
	sign.Undetermined: {"care", "不能确认"},
	sign.Unsigned:     {"care", "没有签章"},
	sign.Refused:      {"bad", "不能打开"},
}

var checkNames = map[string]string{
	sign.CheckFormat: "格式", sign.CheckDigest: "内容完整", sign.CheckValue: "签名值", sign.CheckSealSignature: "制章人签名",
	sign.CheckSignerInSeal: "签章人在印章名单内", sign.CheckSealValidity: "印章有效期", sign.CheckChain: "签发机构", sign.CheckSignerValidity: "证书有效期",
	sign.CheckRevocation: "吊销状态", sign.CheckTimestamp: "时间戳", sign.CheckESLEqual: "印章一致", sign.CheckCoverage: "保护范围",
}

var resultWords = map[sign.Result][2]string{
	sign.Pass: {"good", "通过"}, sign.Warn: {"care", "提示"}, sign.Fail: {"bad", "未通过"}, sign.Unknown: {"care", "不明"}, sign.Skipped: {"plain", "不适用"},
}

func resultOf(v *verify.Verdict) *result {
	h := headlines[v.Report.Verdict]
	out := &result{Class: h[0], Headline: h[1], Effect: v.LegalEffect, Reasons: v.Reasons, Register: v.Register}
	if v.Report.Verdict == sign.Valid {
		switch {
		case v.Stands():
			out.Headline = "真实有效"
		case v.Register != nil:
			out.Class, out.Headline = "care", "签章真实，证照"+v.Register.StatusName
			if !v.Register.SameDocument {
				out.Headline = "签章真实，与登记不一致"
			}
		}
	}
	for _, w := range v.Warnings {
		out.Warnings = append(out.Warnings, w.Message)
	}
	for _, s := range v.Signatures {
		out.Signatures = append(out.Signatures, signatureOf(s))
	}
	return out
}

func signatureOf(s sign.SignatureReport) signature {
	out := signature{Title: "电子签名", Signer: s.Signer, Time: moment(s.Time)}
	if s.Seal != nil {
		out.Title, out.Seal = "电子签章", s.Seal.Name
	}
	if out.Signer == "" {
		out.Signer = "不明"
	}
	if s.TimeSource == sign.TimeStamped {
		out.Time += "（时间戳证明）"
	} else if !s.Time.IsZero() {
		out.Time += "（签章人声称）"
	}
	for _, c := range s.Checks {
		w := resultWords[c.Result]
		out.Checks = append(out.Checks, check{w[0], w[1], checkNames[c.Code], c.Message})
	}
	return out
}

// maxPictures bounds how many pages of a stranger's document are drawn.
const maxPictures = 3

// pictures draws the first pages with their seals. A document that cannot be
// drawn has none: the verdict does not depend on it.
func pictures(data []byte) (out []template.HTML) {
	d, err := ofd.Open(data)
	if err != nil {
		return nil
	}
	for i := range min(len(d.Pages()), maxPictures) {
		var b bytes.Buffer
		o := render.Options{Limits: render.Limits{Objects: 40_000, Points: 400_000, Source: 8_000_000}}
		if _, err := render.SVG(d, i, &b, o); err != nil || b.Len() > 4<<20 {
			return out
		}
		out = append(out, svgHTML(b.Bytes()))
	}
	return out
}

// svgHTML puts a picture of ours into a page. The renderer escapes every text
// and writes no script, link or style of the document.
func svgHTML(svg []byte) template.HTML {
	if i := bytes.Index(svg, []byte("<svg")); i > 0 {
		svg = svg[i:]
	}
	return template.HTML(svg)
}

type verifyPage struct {
	frame
	Problem *problem
	Q       string
	Result  *result
	Now     time.Time
}

func (s *Service) getVerify(w http.ResponseWriter, r *http.Request) error {
	p := verifyPage{frame: s.frame(r, "核验", "verify", ""), Q: strings.TrimSpace(r.URL.Query().Get("q"))}
	if p.Q == "" {
		return s.show(w, http.StatusOK, "verify", p)
	}
	// A scanned address is as good as the code in it.
	if i := strings.LastIndex(p.Q, "/v/"); i >= 0 {
		p.Q = p.Q[i+3:]
	}
	st, err := s.Verify.Code(r.Context(), p.Q)
	if err != nil {
		return s.verifyRefused(w, p, err)
	}
	http.Redirect(w, r, "/v/"+st.Certificate.Code, http.StatusSeeOther)
	return nil
}

func (s *Service) postVerify(w http.ResponseWriter, r *http.Request) error {
	p := verifyPage{frame: s.frame(r, "核验", "verify", "")}
	f, h, err := r.FormFile("file")
	if err != nil {
		return s.verifyRefused(w, p, fault.Invalid.Wrap(err, "没有收到文件").WithField("file", "required", "请选择一个不超过 20 MB 的文件"))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, verify.MaxDocument+1))
	if err != nil || len(data) > verify.MaxDocument {
		return s.verifyRefused(w, p, fault.TooLarge.New("文件超过 20 MB，或没有传完").WithField("file", "too-large", "请选择不超过 20 MB 的文件"))
	}
	v, err := s.Verify.Document(r.Context(), h.Filename, data)
	if err != nil {
		return s.verifyRefused(w, p, err)
	}
	p.Result = resultOf(v)
	p.Result.Pictures = pictures(data)
	return s.show(w, http.StatusOK, "verify", p)
}

func (s *Service) verifyRefused(w http.ResponseWriter, p verifyPage, err error) error {
	shown, ok := problemOf(err, func(name string) (string, string) { return name, "文件" })
	if !ok {
		return err
	}
	p.Problem = shown
	return s.show(w, http.StatusUnprocessableEntity, "verify", p)
}

// getShown is what a scanned code opens: a page for people, JSON for programs.
func (s *Service) getShown(w http.ResponseWriter, r *http.Request) error {
	st, err := s.Verify.Code(r.Context(), r.PathValue("code"))
	w.Header().Add("Vary", "Accept")
	if wantsJSON(r) {
		return showJSON(w, st, err)
	}
	if err != nil {
		return err
	}
	p := verifyPage{frame: s.frame(r, "证照核验", "verify", ""), Result: resultOf(st.Verdict), Now: s.Verify.DB.Now()}
	if !personal(st.Certificate) {
		data, _, err := s.Cert.PublicDocument(r.Context(), st.Certificate.Code)
		if err != nil {
			return err
		}
		p.Result.Pictures = pictures(data)
	}
	return s.show(w, http.StatusOK, "shown", p)
}

// personal tells a certificate about a person: whoever holds its code sees the
// masked register, not the face (docs/decisions/0003).
func personal(c *cert.Certificate) bool {
	return slices.ContainsFunc(c.Holders, func(h cert.Holder) bool { return h.Type == "person" })
}
