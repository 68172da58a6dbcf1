package verify

import (
	"context"
	"time"

	"sidian/internal/cert"
	"sidian/ofd/sign"
)

// A Copy is the register's entry of a document that is an annotated copy (加注件)
// of a certificate. What for and for whom it is stands on the document.
type Copy struct {
	Number    string    `json:"number" doc:"加注编号"`
	MadeAt    time.Time `json:"made_at"`
	ExpiresAt time.Time `json:"expires_at" doc:"有效期截止时间"`
	Expired   bool      `json:"expired" doc:"已经到期"`
	EndedAt   time.Time `json:"ended_at,omitzero" doc:"持证人撤回的时间；没有撤回的省略"`

	Certificate string `json:"-"` // id of the original
}

// copies looks whether the document is an annotated copy; then what the register
// says is of the original.
func (s *Service) copies(ctx context.Context, v *Verdict) error {
	if s.Copies == nil || v.Register != nil && v.Register.SameDocument {
		return nil
	}
	x, err := s.Copies(ctx, v.digest)
	if err != nil || x == nil {
		return unlessUnknown(err)
	}
	c, err := s.Cert.Copied(ctx, x.Certificate)
	if err != nil {
		return unlessUnknown(err)
	}
	x.Expired = !s.DB.Now().Before(x.ExpiresAt)
	v.Copy, v.Register = x, registerOf(c, false)
	return nil
}

// Ended tells whether the holder who made it took it back.
func (c *Copy) Ended() bool { return !c.EndedAt.IsZero() }

// CopyStands tells whether the document is an annotated copy that may be relied
// on for what it says: it verifies, its time is not over, its holder did not take it back,
// and its original is
// effective.
func (v *Verdict) CopyStands() bool {
	return v.Copy != nil && v.Report.Verdict == sign.Valid && !v.Copy.Expired && !v.Copy.Ended() && v.Register.Status == cert.Effective
}

// copyReasons are what the register says of an annotated copy.
func (v *Verdict) copyReasons() (out []string) {
	out = append(out, "文件是本平台制作的加注件，编号 "+v.Copy.Number)
	until := v.Copy.ExpiresAt.In(beijing).Format("2006年1月2日 15:04")
	switch {
	case v.Copy.Ended():
		out = append(out, "加注件已于 "+v.Copy.EndedAt.In(beijing).Format("2006年1月2日 15:04")+" 由持证人撤回")
	case v.Copy.Expired:
		out = append(out, "加注件已于 "+until+" 到期")
	default:
		out = append(out, "加注件有效期至 "+until)
	}
	if v.Register.Status == cert.Effective {
		out = append(out, "原件的状态为有效")
	} else {
		out = append(out, "原件现在不再有效：状态为"+v.Register.StatusName)
	}
	return append(out, v.Register.beside()...)
}

// copyEffect is the legal effect of an annotated copy whose seal is genuine.
func (v *Verdict) copyEffect(mark string) string {
	switch {
	case v.Copy.Ended():
		return "这份加注件的签章真实，但持证人已撤回，不能再使用；仍需使用的，请持证主体重新办理。"
	case v.Copy.Expired:
		return "这份加注件的签章真实，但已过期，不能再使用；仍需使用的，请持证主体重新办理。"
	case v.Register.Status != cert.Effective:
		return "这份加注件的签章真实，但原件" + said(v.Register.Status) + "。"
	case mark != "":
		return "本文件是标有“" + mark + "”的加注件，仅供演示，不具有法律效力。"
	}
	return "本文件是电子证照的加注件，原件附在其中，目前有效；只在文件注明的用途、接收方、事项和期限内使用。"
}
