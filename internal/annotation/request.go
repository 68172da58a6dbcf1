package annotation

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/fault"
)

// A Request asks for an annotated copy of a certificate.
type Request struct {
	ID        string `path:"id" json:"-" maxLength:"64"`
	Purpose   string `json:"purpose" maxLength:"400" doc:"用途：加注件用来办什么，印在每一页上"`
	Recipient string `json:"recipient" maxLength:"400" doc:"接收方：交给谁使用，印在每一页上"`
	Item      string `json:"item,omitempty" maxLength:"400" doc:"事项名称"`
	CaseNo    string `json:"case_no,omitempty" maxLength:"200" doc:"办件编号"`
	ExpiresAt string `json:"expires_at" maxLength:"40" doc:"截止时间：RFC 3339；只写日期的，至当日终了"`
	// PurposeCode is what staff of another unit read the certificate for.
	PurposeCode string `json:"purpose_code,omitempty" maxLength:"64" doc:"查阅证照的用途代码；其他单位的工作人员必填"`
}

// Limits of what stands on a copy, in characters.
const (
	most       = 100
	mostCaseNo = 64
)

// defaultLongest is how long a copy may be good.
const defaultLongest = 366 * 24 * time.Hour

var beijing = time.FixedZone("CST", 8*3600)

// check tidies a request, refuses what no copy may say, and returns until when
// the copy is to be good.
func (s *Service) check(r *Request) (until time.Time, err error) {
	f := fault.Invalid.New("加注内容不完整或不正确").WithCode("annotation.request").WithHint("请按每一项的说明更正后重试")
	for _, v := range []struct {
		field, name string
		value       *string
		must        bool
		most        int
	}{
		{"purpose", "用途", &r.Purpose, true, most}, {"recipient", "接收方", &r.Recipient, true, most},
		{"item", "事项", &r.Item, false, most}, {"case_no", "办件编号", &r.CaseNo, false, mostCaseNo},
	} {
		*v.value = strings.TrimSpace(*v.value)
		f = words(f, v.field, v.name, *v.value, v.must, v.most)
	}
	now := s.DB.Now()
	longest := s.Longest
	if longest <= 0 {
		longest = defaultLongest
	}
	until, ok := moment(r.ExpiresAt)
	switch {
	case strings.TrimSpace(r.ExpiresAt) == "":
		f = f.WithField("expires_at", "required", "截止时间必填：加注件都有期限")
	case !ok:
		f = f.WithField("expires_at", "date", "截止时间应写作 2026-12-31 或 2026-12-31T18:00:00+08:00")
	case !until.After(now):
		f = f.WithField("expires_at", "past", "截止时间应晚于现在")
	case until.Sub(now) > longest:
		f = f.WithField("expires_at", "far", fmt.Sprintf("加注件至多 %d 天有效", int(longest.Hours()/24)))
	}
	return until, f.OrNil()
}

// moment reads a time; of a date it is the end of that day.
func moment(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if day, err := time.ParseInLocation(time.DateOnly, text, beijing); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Second).UTC(), true
	}
	at, err := time.Parse(time.RFC3339, text)
	return at.UTC().Truncate(time.Second), err == nil
}

func words(f *fault.Error, field, label, value string, must bool, most int) *fault.Error {
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && must:
		return f.WithField(field, "required", label+"必填")
	case n > most:
		return f.WithField(field, "length", fmt.Sprintf("%s至多 %d 个字", label, most))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return f.WithField(field, "charset", label+"写成一行，不能有不可见字符")
	case audit.Personal(value):
		return f.WithField(field, "personal", label+"会印在加注件上，请勿写证件号码、手机号码")
	case catalogue.SecretMarked(value):
		return f.WithField(field, "secret", label+"带有国家秘密标志：国家秘密不得进入本平台，请在涉密系统办理")
	}
	return f
}
