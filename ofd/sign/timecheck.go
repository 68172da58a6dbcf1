package sign

import (
	"encoding/asn1"
	"strings"
	"time"

	"sidian/gm"
	"sidian/ses"
)

// skew is what clocks may differ by.
const skew = 5 * time.Minute

// checkTimestamp checks the time-stamp token, if there is one, and takes its
// time when the authority is trusted (GB/T 38540-2020 §7.3, GM/T 0033).
func (e *examination) checkTimestamp() {
	e.set(CheckTimestamp, Skipped, "没有时间戳，签名时间仅为签名人声称")
	if e.ses != nil && e.ses.Seal.Timestamp != nil {
		e.checkSealTimestamp(e.ses.Seal.Timestamp)
	}
	token := e.token()
	if token == nil {
		return
	}
	stamp, err := gm.ParseTimestamp(token)
	if err != nil {
		e.warn(CheckTimestamp, "timestamp_not_token", "时间戳不是有效的时间戳令牌，签名时间仅为签名人声称")
		return
	}
	if e.claimed.IsZero() {
		e.claimed = stamp.Time // V1 holds the token instead of a time
	}
	notes, ok := e.verifyToken(stamp, "时间戳", e.candidates())
	if !ok {
		return
	}
	e.notes(CheckTimestamp, notes)
	if !e.trustedAuthority(stamp, "timestamp_untrusted", "时间戳") {
		return
	}
	e.at, e.proven = stamp.Time, true
	e.set(CheckTimestamp, Pass, "时间戳有效，证明签名不晚于 "+local(stamp.Time))
}

// token is the time-stamp token over the signature, as stored; nil without one.
func (e *examination) token() []byte {
	switch {
	case e.ses != nil:
		return e.ses.Timestamp
	case e.signed != nil:
		return attributeToken(e.signed.Signer.Unauthenticated)
	}
	return nil
}

// oidTimeStampToken names the attribute that holds a token (RFC 3161 appendix A).
var oidTimeStampToken = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}

// attributeToken finds the token among a SignedData's attributes that are not signed.
func attributeToken(attributes []byte) []byte {
	var all asn1.RawValue
	if _, err := asn1.Unmarshal(attributes, &all); err != nil {
		return nil
	}
	for list := all.Bytes; len(list) > 0; {
		var one struct {
			ID     asn1.ObjectIdentifier
			Values []asn1.RawValue `asn1:"set"`
		}
		rest, err := asn1.Unmarshal(list, &one)
		if err != nil {
			return nil
		}
		if one.ID.Equal(oidTimeStampToken) && len(one.Values) > 0 {
			return one.Values[0].FullBytes
		}
		list = rest
	}
	return nil
}

// candidates are what a token may be over: the value's octets as the standard
// is understood, and what else products stamp.
func (e *examination) candidates() []gm.Candidate {
	if e.signed != nil {
		return []gm.Candidate{{Name: "signature value", Message: e.signed.Signer.Signature}}
	}
	if e.ses.Version == ses.V1 { // inside what is signed, so never over the value
		return []gm.Candidate{{Name: "data hash", Message: e.ses.DataHash}, {Name: "Signature.xml", Message: e.xml}}
	}
	return []gm.Candidate{
		{Name: "signature value", Message: e.ses.Value},
		{Name: "signature element", Message: e.ses.ValueDER},
		{Name: "TBS_Sign", Message: e.ses.TBS},
		{Name: "data hash", Message: e.ses.DataHash},
		{Name: "Signature.xml", Message: e.xml},
	}
}

// checkSealTimestamp checks the token that a V5 seal carries over itself.
func (e *examination) checkSealTimestamp(token []byte) {
	stamp, err := gm.ParseTimestamp(token)
	if err != nil {
		e.warn(CheckTimestamp, "seal_timestamp_not_token", "印章的时间戳不是有效的时间戳令牌")
		return
	}
	seal := e.ses.Seal
	notes, ok := e.verifyToken(stamp, "印章的时间戳", []gm.Candidate{
		{Name: "signature value", Message: seal.Value}, {Name: "SES_SealInfo", Message: seal.Info},
	})
	if ok {
		e.notes(CheckTimestamp, notes)
		e.trustedAuthority(stamp, "seal_timestamp_untrusted", "印章的时间戳")
	}
}

func (e *examination) verifyToken(stamp *gm.Timestamp, what string, over []gm.Candidate) ([]gm.Note, bool) {
	_, notes, err := stamp.Verify(over...)
	if err != nil {
		e.set(CheckTimestamp, Fail, what+"无效：令牌被改动、不是对本签名所加，或其证书不能用于时间戳")
		return nil, false
	}
	return notes, true
}

// trustedAuthority tells whether the authority's certificate leads to an
// anchor and was not revoked when it stamped.
func (e *examination) trustedAuthority(stamp *gm.Timestamp, code, what string) bool {
	if stamp.Certificate == nil {
		e.warn(CheckTimestamp, code, what+"中没有时间戳服务的数字证书，签名时间仅为签名人声称")
		return false
	}
	found := e.cache.chain(&e.opts, stamp.Certificate, stamp.Chain)
	if !found.Reached {
		e.warn(CheckTimestamp, code, what+"服务的证书链未到达所给的信任根，签名时间仅为签名人声称")
		return false
	}
	for i, c := range found.Chain[:len(found.Chain)-1] {
		if s := e.statusOf(c, found.Chain[i+1], stamp.Time); s.known && s.revoked && !s.at.After(stamp.Time) {
			e.set(CheckTimestamp, Fail, what+"服务的数字证书在加盖时间戳之前已被吊销")
			return false
		}
	}
	return true
}

// settleTime decides which time counts, and looks at the habits of signers.
func (e *examination) settleTime() {
	text, zoned, ok := parseDateTime(e.file.DateTime)
	switch {
	case e.proven:
		e.out.TimeSource = TimeStamped
		e.compareStamp()
	case !e.claimed.IsZero():
		e.at, e.out.TimeSource = e.claimed, TimeClaimed
	case ok:
		e.at, e.out.TimeSource = text, TimeText
	}
	if e.file.DateTime != "" && !ok {
		e.remark("date_time_format", "签名描述文件中的签名时间写法不能识别："+clip(e.file.DateTime))
	}
	if !e.at.IsZero() {
		e.out.Time, e.out.SigningTime = e.at.UTC(), e.at.UTC().Format(time.RFC3339)
	}
	if now := e.present(); !now.IsZero() && e.at.After(now.Add(skew)) {
		e.remark("time_in_future", "签名时间 "+local(e.at)+" 晚于当前时间，签名设备的时钟或时区可能有误")
	}
	if ok && !e.claimed.IsZero() {
		e.compareText(text, zoned)
	}
}

// present is the time for which the question is asked.
func (e *examination) present() time.Time {
	if !e.opts.At.IsZero() {
		return e.opts.At
	}
	return e.opts.Now
}

// compareStamp holds the claimed time against the proven one.
func (e *examination) compareStamp() {
	switch gap := e.claimed.Sub(e.at); {
	case e.claimed.IsZero():
	case gap > skew:
		e.remark("timestamp_before_claim", "签名人声称的时间 "+local(e.claimed)+" 晚于时间戳时间，以时间戳为准")
	case gap < -24*time.Hour:
		e.remark("timestamp_late", "时间戳比签名人声称的时间晚一天以上，以时间戳为准")
	}
}

// compareText holds SignatureDateTime, which is local time and not the time
// that counts, against the signed time. A difference of exactly eight hours
// tells that one of them was written in the other's zone. A text without a zone
// may come from a machine whose local time is UTC, and then equals the signed
// time to the letter: that alone says nothing.
func (e *examination) compareText(text time.Time, zoned bool) {
	gap := e.claimed.Sub(text)
	switch d := gap.Abs(); {
	case (d-8*time.Hour).Abs() <= time.Minute && !zoned && gap > 0:
		// written from a clock in UTC
	case (d-16*time.Hour).Abs() <= time.Minute && !zoned && gap > 0:
		e.remark("time_zone", "签名时间比签名描述文件中的时间正好晚 8 小时，签名设备可能把北京时间当作 UTC 写入")
	case (d-8*time.Hour).Abs() <= time.Minute && zoned && gap < 0:
		// yyyyMMddHHmmssZ written from the local clock, a habit: the signed time is right
	case (d - 8*time.Hour).Abs() <= time.Minute:
		e.remark("time_zone", "签名时间与签名描述文件中的时间正好相差 8 小时，其中之一的时区有误")
	case d > time.Hour:
		e.remark("time_differs", "签名时间与签名描述文件中的时间不一致，以签名中的时间为准")
	}
}

// dateTimes are the habits of SignatureDateTime; zoned ones carry their zone.
var dateTimes = []struct {
	layout string
	zoned  bool
}{
	{"2006-01-02 15:04:05", false}, {"20060102150405Z", true}, {"20060102150405.999Z", true}, {"20060102150405", false},
	{"2006-01-02T15:04:05Z07:00", true}, {"2006-01-02T15:04:05", false}, {"2006/01/02 15:04:05", false},
	{"20060102150405-0700", true}, {"2006-01-02 15:04", false}, {"2006-01-02", false},
}

func parseDateTime(s string) (t time.Time, zoned, ok bool) {
	s = strings.TrimSpace(s)
	for _, f := range dateTimes {
		zone := beijing
		if f.zoned {
			zone = time.UTC
		}
		if t, err := time.ParseInLocation(f.layout, s, zone); err == nil {
			return t.UTC(), f.zoned, true
		}
	}
	return time.Time{}, false, false
}

// clip shortens text out of a file for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
