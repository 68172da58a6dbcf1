package signing

import (
	"errors"
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/signature/ink"
	"sidian/internal/web/page"
)

type writePage struct {
	*desk
	Pad *padShown // a second device writes
}

// A padShown is how a second device comes to the pad.
type padShown struct {
	Code  *page.QR
	Copy  page.Copy
	Until string
	State string // what the script asks for the handwriting
}

func (s *Service) write(w http.ResponseWriter, r *http.Request) (*writePage, bool, error) {
	d, here, err := s.desk(w, r, "手写签名", "签署：手写签名")
	if err != nil || !here {
		return nil, false, err
	}
	if d.Signer.Way != signature.Handwritten || d.Waiting() || d.Confirmed() {
		return nil, false, page.See(w, r, d.At)
	}
	d.Frame = d.WithScript("ink.js").WithScript("signing.js")
	return &writePage{desk: d}, true, nil
}

func (s *Service) getWrite(w http.ResponseWriter, r *http.Request) error {
	p, here, err := s.write(w, r)
	if err != nil || !here {
		return err
	}
	return s.set.Show(w, http.StatusOK, "write", p)
}

// postWrite keeps the handwriting until it is confirmed.
func (s *Service) postWrite(w http.ResponseWriter, r *http.Request) error {
	n, err := numberOf(r)
	if err != nil {
		return err
	}
	d, _, why := ink.ParseLenient([]byte(r.PostFormValue("drawing")))
	if r.PostFormValue("drawing") == "" {
		why = &ink.RefusedError{Code: "empty", Reason: "还没有书写，请在签名框内手写姓名"}
	}
	if why == nil {
		_, why = s.Signature.Capture(r.Context(), r.PathValue("id"), n, d)
	}
	if why == nil {
		return page.See(w, r, signerAt(r.PathValue("id"), n)+"/confirm")
	}
	var bad *ink.RefusedError
	if errors.As(why, &bad) {
		why = fault.Invalid.New("%s", bad.Reason).WithCode("signature.drawing").WithHint("请重新书写")
	}
	return s.refuseWrite(w, r, why)
}

func (s *Service) refuseWrite(w http.ResponseWriter, r *http.Request, why error) error {
	if e := fault.As(why); e == nil || e.Kind == fault.NotFound || e.Kind == fault.Forbidden {
		return why
	}
	p, here, err := s.write(w, r)
	if err != nil || !here {
		return err
	}
	p.Path = p.At + "/write"
	var status int
	if p.Problem, status, err = refused(&p.Frame, why, nil, nil); err != nil {
		return err
	}
	return s.set.Show(w, status, "write", p)
}

// postPad shows how a second device comes to write for this page.
func (s *Service) postPad(w http.ResponseWriter, r *http.Request) error {
	n, err := numberOf(r)
	if err != nil {
		return err
	}
	l, err := s.Signature.Pad(r.Context(), r.PathValue("id"), n)
	if err != nil {
		return s.refuseWrite(w, r, err)
	}
	p, here, err := s.write(w, r)
	if err != nil || !here {
		return err
	}
	p.Path = p.At + "/write"
	p.Pad = &padShown{
		Copy:  page.Copy{ID: "pad-link", Label: "不能扫码的，在手机上打开", Text: l.URL},
		Until: page.In(l.Until).Format("15:04"), State: "/api/v1/signature-tasks/" + p.Task.ID + "/signers/" + strconv.Itoa(n),
	}
	if p.Pad.Code, err = page.DrawQR(l.URL); err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "write", p)
}
