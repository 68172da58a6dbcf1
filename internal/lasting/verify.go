package lasting

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/ofd/sign"
)

// A Result is what evidence says.
type Result string

// Results.
const (
	Valid        Result = "valid"        // it existed and was valid then
	Invalid      Result = "invalid"      // something was altered
	Undetermined Result = "undetermined" // a gap: it cannot be told any more
)

var resultNames = map[Result]string{Valid: "证明有效", Invalid: "证明无效", Undetermined: "无法确定"}

// Label is the result in Chinese.
func (r Result) Label() string { return resultNames[r] }

// Options are what a verifier trusts and when it asks.
type Options struct {
	Anchors       *gm.Pool // roots that are trusted, those that have ended included
	Intermediates *gm.Pool
	Lists         []*gm.RevocationList // of today, for the newest time stamp
	Algorithms    Algorithms           // nil: Sunset
	Now           time.Time
}

// A Problem is why evidence does not hold. Stamp counts from 1; 0 is the document.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Stamp   int    `json:"stamp,omitempty" doc:"第几个时间戳"`
}

// A Report is what Verify found.
type Report struct {
	Result     Result    `json:"result" enum:"valid,invalid,undetermined"`
	ResultName string    `json:"result_name"`
	Since      time.Time `json:"since,omitzero" doc:"此时文件已存在，且签章有效"`
	Until      time.Time `json:"until,omitzero" doc:"在此之前须再次加盖时间戳"`
	Problems   []Problem `json:"problems,omitempty"`
}

func (r *Report) add(x Result, stamp int, code, format string, args ...any) {
	if r.Result == Valid || x == Invalid {
		r.Result = x
	}
	r.Problems = append(r.Problems, Problem{Code: code, Message: fmt.Sprintf(format, args...), Stamp: stamp})
}

// Verify says whether a record proves that a document existed, and was validly
// signed, at the time of its first time stamp, as of o.Now. Every time stamp must
// have been good when the next was made, and the newest now (RFC 4998 §5.3).
func Verify(document []byte, r *Record, o Options) *Report {
	if o.Algorithms == nil {
		o.Algorithms = Sunset()
	}
	out := &Report{Result: Valid}
	v := &verifier{o: o, r: out, between: o.Intermediates.Certificates()}
	v.verify(document, r)
	out.ResultName = out.Result.Label()
	if out.Result == Invalid {
		out.Since, out.Until = time.Time{}, time.Time{}
	}
	return out
}

type verifier struct {
	o       Options
	r       *Report
	between []*gm.Certificate // what material and tokens brought so far
	links   []chainLink
}

// A chainLink is one time stamp as it was read.
type chainLink struct {
	stamp        *gm.Timestamp
	certificates []*gm.Certificate
	lists        []*gm.RevocationList
}

func (v *verifier) verify(document []byte, r *Record) {
	if r == nil || r.Version != 1 || len(r.Stamps) == 0 || len(r.Stamps) > maxStamps {
		v.r.add(Invalid, 0, "shape", "证明记录的格式不正确")
		return
	}
	for i := range r.Stamps {
		l, ok := v.read(document, r.Stamps, i)
		if !ok {
			return
		}
		v.links = append(v.links, l)
	}
	if v.r.Result != Valid { // of an algorithm that is not known; nothing was altered
		return
	}
	for i := range v.links {
		v.stood(i)
	}
	v.document(document)
	v.r.Since = v.links[0].stamp.Time
}

// leafOf is what a time stamp must be over: of the first of a chain the document and
// all chains before, of another the time stamp before.
func leafOf(document []byte, stamps []Stamp, i int) ([]byte, error) {
	if begins(stamps, i) {
		return chained(stamps[i].digest(), document, stamps[:i])
	}
	return sum(stamps[i].digest(), stamps[i-1].Token), nil
}

// what a time stamp that is over something else does not prove.
func what(stamps []Stamp, i int) string {
	switch {
	case i == 0:
		return "文件、验证材料或散列树被改动：与第 1 个时间戳不符"
	case begins(stamps, i):
		return fmt.Sprintf("第 %d 个时间戳（改用 %s）证明的不是这份文件、其前的全部证明和所附验证材料", i+1, Label(stamps[i].digest()))
	}
	return fmt.Sprintf("第 %d 个时间戳证明的不是前一个时间戳和所附验证材料", i+1)
}

// read reads a time stamp, and what it is over.
func (v *verifier) read(document []byte, stamps []Stamp, i int) (l chainLink, ok bool) {
	s := &stamps[i]
	refuse := func(code, format string, args ...any) (chainLink, bool) {
		v.r.add(Invalid, i+1, code, format, args...)
		return l, false
	}
	unknown := func(algorithm string) {
		v.r.add(Undetermined, i+1, "suite", "第 %d 个时间戳使用本程序不能识别的算法（%s），请用较新的版本验证", i+1, algorithm)
	}
	if _, known := gm.SumBy(s.digest(), nil); !known {
		unknown(s.digest())
		return l, false
	}
	leaf, err := leafOf(document, stamps, i)
	if err != nil {
		return refuse("shape", "第 %d 个时间戳之前的证明格式不正确", i+1)
	}
	message, err := climb(s.digest(), s.Path, leaf, sum(s.digest(), s.Material))
	if err != nil {
		return refuse("imprint", "%s", what(stamps, i))
	}
	if l.stamp, err = gm.ParseTimestamp(s.Token); err != nil || l.stamp.Certificate == nil {
		return refuse("token", "第 %d 个时间戳不能识别", i+1)
	}
	if imprint, _ := l.stamp.Digests(); imprint != s.digest() {
		return refuse("digest", "第 %d 个时间戳的摘要算法（%s）与所在的链（%s）不符", i+1, Label(imprint), Label(s.digest()))
	}
	_, _, err = l.stamp.Verify(gm.Candidate{Name: "root", Message: message})
	if errors.Is(err, gm.ErrUnsupported) {
		unknown(l.stamp.Certificate.KeyAlgorithm) // whether what follows it is whole is told nevertheless
	} else if err != nil {
		return refuse("token", "第 %d 个时间戳无效：令牌被改动，或盖的不是这些内容", i+1)
	}
	if l.certificates, l.lists, err = readMaterial(s.Material); err != nil {
		return refuse("material", "第 %d 个时间戳所附的验证材料不能识别", i+1)
	}
	if i > 0 && l.stamp.Time.Before(v.links[i-1].stamp.Time) {
		return refuse("order", "第 %d 个时间戳早于前一个", i+1)
	}
	v.between = append(v.between, slices.Concat(l.certificates, l.stamp.Chain)...)
	return l, true
}

// stood asks whether a time stamp was good when the next was made, or is now.
func (v *verifier) stood(i int) {
	t, at, lists := v.links[i].stamp, v.o.Now, v.o.Lists
	last := i == len(v.links)-1
	if !last {
		at, lists = v.links[i+1].stamp.Time, v.links[i+1].lists
	}
	if at.Before(t.Time.Add(-skew)) {
		v.r.add(Undetermined, i+1, "future", "第 %d 个时间戳的时间在验证的时间之后，请核对时钟", i+1)
		return
	}
	chain := t.Certificate.BuildChain(gm.NewPool(v.between...), v.o.Anchors)
	if !chain.Reached {
		v.r.add(Undetermined, i+1, "anchor", "第 %d 个时间戳的数字证书不能追溯到受信任的根证书", i+1)
		return
	}
	end := endOf(chain.Chain)
	switch {
	case !at.After(end):
	case last:
		v.r.add(Undetermined, i+1, "lapsed", "最新的时间戳的数字证书已于 %s 到期，没有及时续加时间戳", day(end))
	default:
		v.r.add(Undetermined, i+1, "gap", "第 %d 个时间戳的数字证书已于 %s 到期，到 %s 才续加，其间没有证明", i+1, day(end), day(at))
	}
	names := rests(t, chain.Chain)
	until := v.o.Algorithms.until(names...)
	switch name := v.o.Algorithms.ended(names...); {
	case !at.After(until):
	case until.IsZero():
		v.r.add(Undetermined, i+1, "algorithm", "第 %d 个时间戳所用的算法 %s 不在所信任的算法之列", i+1, name)
	default:
		v.r.add(Undetermined, i+1, "algorithm", "第 %d 个时间戳所用的算法 %s 已于 %s 停止使用，没有及时续加时间戳", i+1, name, day(until))
	}
	if c := revoked(chain.Chain, lists, t.Time, at); c != nil {
		v.r.add(Undetermined, i+1, "revoked", "第 %d 个时间戳的数字证书“%s”已被吊销", i+1, c.SubjectName())
	}
	if last {
		if v.r.Until = end; until.Before(end) {
			v.r.Until = until
		}
	}
}

// document asks whether the document was validly signed when it was first
// stamped, by what was known then.
func (v *verifier) document(data []byte) {
	l := v.links[0]
	report := sign.Verify(data, sign.Options{
		Anchors: v.o.Anchors, Intermediates: gm.NewPool(append(slices.Clone(l.certificates), v.o.Intermediates.Certificates()...)...), CRLs: l.lists, Now: l.stamp.Time,
	})
	switch report.Verdict {
	case sign.Valid:
	case sign.Invalid:
		v.r.add(Invalid, 0, "document", "加盖第 1 个时间戳时，文件的签章已经无效")
	default:
		v.r.add(Undetermined, 0, "document", "加盖第 1 个时间戳时，文件的签章是否有效不能确定")
	}
}

// skew is what clocks may differ by.
const skew = 5 * time.Minute

// endOf is when the first digital certificate of a chain ends.
func endOf(chain []*gm.Certificate) time.Time {
	end := chain[0].NotAfter
	for _, c := range chain[1:] {
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

// harmless are the reasons of a revocation that leaves what was stamped before it
// good (RFC 3161 §4).
var harmless = []int{gm.ReasonAffiliationChanged, gm.ReasonSuperseded, gm.ReasonCessationOfOperation}

// revoked is a digital certificate of a chain that was revoked as of a time, by
// lists, in a way that makes what was stamped doubtful.
func revoked(chain []*gm.Certificate, lists []*gm.RevocationList, stamped, at time.Time) *gm.Certificate {
	for i, c := range chain[:len(chain)-1] {
		for _, l := range lists {
			if !l.Covers(c) {
				continue
			}
			if _, err := l.CheckFrom(chain[i+1]); err != nil {
				continue // of another authority by the same name
			}
			when, reason, is := l.Status(c.SerialNumber)
			if is && !when.After(at) && !(when.After(stamped) && slices.Contains(harmless, reason)) {
				return c
			}
		}
	}
	return nil
}

var beijing = time.FixedZone("UTC+8", 8*60*60)

func day(t time.Time) string { return t.In(beijing).Format(time.DateOnly) }
