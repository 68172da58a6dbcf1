package ses

import (
	"strings"
	"time"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// beijing is the zone of times written without one: the standards are used in
// one zone only, and ASN.1 calls a time without Z local.
var beijing = time.FixedZone("UTC+8", 8*3600)

// time reads GeneralizedTime or UTCTime. Fractions, offsets, a missing zone and
// the other of the two types are noted.
func (r *reader) time(e element, want cbasn1.Tag, what string) (time.Time, error) {
	if e.tag != cbasn1.GeneralizedTime && e.tag != cbasn1.UTCTime {
		return time.Time{}, malformed(what)
	}
	if want != 0 && e.tag != want {
		r.note(NoteTime, what+"的时间类型与本版本标准不同")
	}
	t, strict, ok := parseTime(string(e.body), e.tag == cbasn1.UTCTime)
	if !ok {
		return time.Time{}, malformed(what)
	}
	if !strict {
		r.note(NoteTime, what+"不是规定的时间写法（有小数秒、时差或缺少 Z）")
	}
	return t, nil
}

// parseTime reads the forms of GeneralizedTime (four-digit year) and UTCTime;
// strict tells DER's form: seconds, no fraction, Z.
func parseTime(s string, utc bool) (t time.Time, strict, ok bool) {
	layouts := []string{"20060102150405", "200601021504"}
	if utc {
		layouts = []string{"060102150405", "0601021504"}
	}
	body, zone := s, beijing
	strict = strings.HasSuffix(s, "Z")
	if strict {
		body, zone = s[:len(s)-1], time.UTC
	} else if i := strings.LastIndexAny(s, "+-"); i > 0 {
		off, err := time.Parse("-0700", s[i:])
		if err != nil {
			return time.Time{}, false, false
		}
		_, seconds := off.Zone()
		body, zone = s[:i], time.FixedZone("", seconds)
	}
	if i := strings.IndexAny(body, ".,"); i > 0 {
		body, strict = body[:i]+"."+body[i+1:], false
	}
	for i, layout := range layouts {
		if len(body) < len(layout) || (len(body) > len(layout) && body[len(layout)] != '.') {
			continue
		}
		t, err := time.ParseInLocation(layout, body, zone)
		if err != nil {
			return time.Time{}, false, false
		}
		if utc && t.Year() >= 2050 { // X.680: two-digit years are 1950 to 2049
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC(), strict && i == 0, true
	}
	return time.Time{}, false, false
}

// textTimes are the forms of a time in text that V1 products put into timeInfo.
var textTimes = []string{
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006/01/02 15:04:05",
	"2006-01-02 15:04:05.999", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04",
}

// timeInfoV1 reads V1's timeInfo: "a time stamp or a UTCTime", in practice a
// token, the DER of a time, or text (GM/T 0031-2014 §6.2.2). Text without a
// zone is local time.
func (r *reader) timeInfoV1(raw []byte) (t time.Time, token []byte) {
	if len(raw) > 100 && raw[0] == 0x30 {
		return time.Time{}, raw
	}
	list, ok := r.elements(raw, 1)
	if ok && len(list) == 1 && (list[0].tag == cbasn1.UTCTime || list[0].tag == cbasn1.GeneralizedTime) {
		if t, err := r.time(list[0], 0, "timeInfo"); err == nil {
			return t, nil
		}
	}
	s := strings.TrimRight(strings.TrimSpace(string(raw)), "\x00")
	for _, layout := range textTimes {
		if t, err := time.ParseInLocation(layout, s, beijing); err == nil {
			return t.UTC(), nil
		}
	}
	if t, _, ok := parseTime(s, false); ok {
		return t, nil
	}
	if t, _, ok := parseTime(s, true); ok {
		return t, nil
	}
	if len(raw) > 0 && raw[0] == 0x30 {
		return time.Time{}, raw
	}
	r.note(NoteTimeUnread, "签章时间无法识别")
	return time.Time{}, nil
}
