package signature

import (
	"context"
	"errors"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/signature/ink"
)

type signerID struct {
	ID     string `path:"id" maxLength:"64"`
	Number int    `path:"number" minimum:"1" maximum:"50"`
}

func (s *Service) postLink(ctx context.Context, r signerID) (*Link, error) {
	return s.Link(ctx, r.ID, r.Number)
}

func (s *Service) getScene(ctx context.Context, r signerID) (*Scene, error) {
	return s.Scene(ctx, r.ID, r.Number)
}

func (s *Service) postView(ctx context.Context, r signerID) (*Scene, error) {
	return s.View(ctx, r.ID, r.Number)
}

func (s *Service) postPad(ctx context.Context, r signerID) (*Link, error) {
	return s.Pad(ctx, r.ID, r.Number)
}

type drawingBody struct {
	ID      string `path:"id" maxLength:"64"`
	Number  int    `path:"number" minimum:"1" maximum:"50"`
	RawBody []byte `contentType:"application/json"`
}

func (s *Service) postDrawing(ctx context.Context, b drawingBody) (*Scene, error) {
	d, err := drawingOf(b.RawBody)
	if err != nil {
		return nil, err
	}
	return s.Capture(ctx, b.ID, b.Number, d)
}

// drawingOf reads what a pad sent; what is wrong in form only is set right.
func drawingOf(data []byte) (*ink.Drawing, error) {
	d, _, err := ink.ParseLenient(data)
	return d, drawingFault(err)
}

// drawingFault says what is wrong with a drawing.
func drawingFault(err error) error {
	var refused *ink.RefusedError
	if errors.As(err, &refused) {
		return fault.Invalid.New("%s", refused.Reason).WithCode("signature.drawing").WithHint("请清除后重新书写").WithField("drawing", refused.Code, refused.Reason)
	}
	return err
}

type signBody struct {
	ID       string `path:"id" maxLength:"64"`
	Number   int    `path:"number" minimum:"1" maximum:"50"`
	Code     string `json:"code,omitempty" maxLength:"512" doc:"一次性口令或登录密码"`
	Original string `json:"original" minLength:"64" maxLength:"64" doc:"所见文件的 SM3 摘要"`
	Intent   string `json:"intent" minLength:"1" maxLength:"64" doc:"所见签署意愿文字的版本"`
}

func (s *Service) postSign(ctx context.Context, b signBody) (*Task, error) {
	return s.Sign(ctx, b.ID, b.Number, SignRequest{Code: b.Code, Original: b.Original, Intent: b.Intent})
}

type refuseBody struct {
	ID     string `path:"id" maxLength:"64"`
	Number int    `path:"number" minimum:"1" maximum:"50"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

func (s *Service) postRefuse(ctx context.Context, b refuseBody) (*Task, error) {
	return s.Refuse(ctx, b.ID, b.Number, b.Reason)
}

type tokenRequest struct {
	Token string `path:"token" maxLength:"128"`
}

func (s *Service) getOpened(ctx context.Context, r tokenRequest) (*Opened, error) {
	return s.Open(ctx, r.Token)
}

func (s *Service) postPadOpen(ctx context.Context, r tokenRequest) (*PadScene, error) {
	return s.OpenPad(ctx, r.Token)
}

type padBody struct {
	Token   string `path:"token" maxLength:"128"`
	Device  string `header:"Pad-Device" maxLength:"128" doc:"打开手写页时得到的设备凭据"`
	RawBody []byte `contentType:"application/json"`
}

func (s *Service) postPadDrawing(ctx context.Context, b padBody) (httpx.Empty, error) {
	d, err := drawingOf(b.RawBody)
	if err != nil {
		return httpx.Empty{}, err
	}
	return httpx.Empty{}, s.DrawPad(ctx, b.Token, b.Device, d)
}
