package sign

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
	"sidian/ses"
	"sidian/ses/sestest"
)

func generalized(s string) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.GeneralizedTime, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
	return b.BytesOrPanic()
}

func replace(old, with string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, with) }
}

func edit(name, old, with string) func(*pack) {
	return func(p *pack) {
		p.files[name] = bytes.ReplaceAll(p.files[name], []byte(old), []byte(with))
	}
}

func remove(name string) func(*pack) { return func(p *pack) { p.remove(name) } }
func add(name string) func(*pack)    { return func(p *pack) { p.set(name, "x") } }

// weakly replaces every CheckValue of plain's parts by another digest.
func weakly(method string, sum func([]byte) []byte) func(string) string {
	return func(s string) string {
		p := plain()
		s = regexp.MustCompile(` CheckMethod="[^"]*"`).ReplaceAllString(s, method)
		return regexp.MustCompile(`FileRef="/([^"]*)"><ofd:CheckValue>[^<]*`).ReplaceAllStringFunc(s, func(m string) string {
			name := m[len(`FileRef="/`):strings.Index(m, `"><`)]
			data, ok := p.files[name]
			if !ok || name == "OFD.xml" {
				return m
			}
			return `FileRef="/` + name + `"><ofd:CheckValue>` + base64.StdEncoding.EncodeToString(sum(data))
		})
	}
}

// Documents that verify: good ones, and those with one leniency each.
func TestAccepted(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	md5Of := func(b []byte) []byte { d := md5.Sum(b); return d[:] }
	sha1Of := func(b []byte) []byte { d := sha1.Sum(b); return d[:] }
	weak := []string{"OFD.xml", signDir + "Seal.esl"}
	for _, tc := range []struct {
		name  string
		v     variant
		warns []string // exactly these
	}{
		{name: "plain"},
		{name: "V1", v: variant{form: sestest.Form{Version: ses.V1}}},
		{name: "V5", v: variant{form: sestest.Form{Version: ses.V5}}},
		{name: "raw value", v: variant{form: sestest.Form{Value: sestest.Raw}}, warns: []string{gm.NoteRawRS}},
		{name: "raw seal value", v: variant{form: sestest.Form{SealValue: sestest.Raw}}, warns: []string{gm.NoteRawRS}},
		{name: "padded value", v: variant{form: sestest.Form{Value: sestest.Padded}}, warns: []string{gm.NoteIntegerEncoding}},
		{name: "V4 seal over everything", v: variant{form: sestest.Form{SealOver: "full"}}, warns: []string{ses.NoteSealBytes}},
		{name: "V1 seal over SealInfo", v: variant{form: sestest.Form{Version: ses.V1, SealOver: "info"}}, warns: []string{ses.NoteSealBytes}},
		{name: "unused bits", v: variant{form: sestest.Form{UnusedBits: 1}}, warns: []string{ses.NoteUnusedBits}},
		{name: "octet strings", v: variant{form: sestest.Form{OctetString: true}}, warns: []string{ses.NoteOctetString}},
		{name: "seal wrapped", v: variant{form: sestest.Form{SealWrapped: true}}, warns: []string{ses.NoteSealWrapped}},
		{name: "V1 says 4", v: variant{form: sestest.Form{Version: ses.V1, Stated: 4, SealStated: 4}}, warns: []string{ses.NoteVersion}},
		{name: "extension tagged", v: variant{form: sestest.Form{Ext: "tag0", CriticalFalse: true}}},
		{name: "extension plain", v: variant{form: sestest.Form{Ext: "plain"}}, warns: []string{ses.NoteExtTag}},
		{name: "seal extension tagged", v: variant{form: sestest.Form{SealExt: "tag0"}}, warns: []string{ses.NoteExtTag}},
		{name: "signer by SM3", v: variant{form: sestest.Form{Digest: "SM3"}}},
		{name: "signer by SHA-256", v: variant{form: sestest.Form{Digest: "SHA-256"}}, warns: []string{ses.NoteDigestName}},
		{name: "fraction of a second", v: variant{form: sestest.Form{TimeInfo: generalized("20260302083000.5Z")}}, warns: []string{ses.NoteTime}},
		{name: "no zone", v: variant{form: sestest.Form{TimeInfo: generalized("20260302163000")}}, warns: []string{ses.NoteTime}},
		{name: "Beijing time as UTC", v: variant{form: sestest.Form{TimeInfo: generalized("20260302163000Z")}}, warns: []string{"time_in_future"}},
		{name: "Beijing time as UTC beside a text in UTC", v: variant{form: sestest.Form{TimeInfo: generalized("20260302163000Z")}, xml: replace("2026-03-02 16:30:00", "2026-03-02 08:30:00")}, warns: []string{"time_in_future", "time_zone"}},
		{name: "text from a clock in UTC", v: variant{xml: replace("2026-03-02 16:30:00", "2026-03-02 08:30:00")}},
		{name: "UTC as Beijing time", v: variant{xml: replace("2026-03-02 16:30:00", "2026-03-03 00:30:00")}, warns: []string{"time_zone"}},
		{name: "date time differs", v: variant{xml: replace("2026-03-02 16:30:00", "2026-03-01 10:00:00")}, warns: []string{"time_differs"}},
		{name: "date time with Z", v: variant{xml: replace("2026-03-02 16:30:00", "20260302083000Z")}},
		{name: "date time local with Z", v: variant{xml: replace("2026-03-02 16:30:00", "20260302163000Z")}},
		{name: "date time with milliseconds", v: variant{xml: replace("2026-03-02 16:30:00", "20260302083000.123Z")}},
		{name: "date time compact", v: variant{xml: replace("2026-03-02 16:30:00", "20260302163000")}},
		{name: "date time unreadable", v: variant{xml: replace("2026-03-02 16:30:00", "昨天")}, warns: []string{"date_time_format"}},
		{name: "date time left out", v: variant{xml: replace("<ofd:SignatureDateTime>2026-03-02 16:30:00</ofd:SignatureDateTime>", "")}},
		{name: "property of another", v: variant{form: sestest.Form{PropertyInfo: ptr("/Doc_0/Signs/Sign_9/Signature.xml")}}, warns: []string{ses.NoteProperty}},
		{name: "time stamp garbage", v: variant{form: sestest.Form{Timestamp: func([]byte) []byte { return []byte{1} }}}, warns: []string{"timestamp_not_token"}},
		{name: "time stamp untagged garbage", v: variant{form: sestest.Form{Timestamp: func([]byte) []byte { return []byte{1} }, StampTag: "untagged"}}, warns: []string{"timestamp_not_token", ses.NoteTimestampTag}},
		{name: "no Seal.esl", v: variant{esl: func([]byte) []byte { return nil }}},
		{name: "Seal.esl not covered", v: variant{leave: []string{signDir + "Seal.esl"}}},
		{name: "Type left out", v: variant{kind: "-"}},
		{name: "CheckMethod SM3", v: variant{xml: replace(oidSM3, "SM3")}},
		{name: "CheckMethod lower case", v: variant{xml: replace(oidSM3, "sm3")}},
		{name: "CheckMethod .401.2", v: variant{xml: replace(oidSM3, oidSM3+".2")}, warns: []string{"check_method"}},
		{name: "CheckMethod left out", v: variant{xml: replace(` CheckMethod="`+oidSM3+`"`, "")}, warns: []string{"check_method"}},
		{name: "CheckMethod MD5", v: variant{leave: weak, xml: weakly(` CheckMethod="MD5"`, md5Of)}, warns: []string{"digest_algorithm", "weak_digest", "uncovered"}},
		{name: "CheckMethod SHA1", v: variant{leave: weak, xml: weakly(` CheckMethod="SHA1"`, sha1Of)}, warns: []string{"digest_algorithm", "weak_digest", "uncovered"}},
		{name: "MD5 by default", v: variant{leave: weak, xml: weakly("", md5Of)}, warns: []string{"check_method", "digest_algorithm", "weak_digest", "uncovered"}},
		{name: "OFD.xml not covered", v: variant{leave: []string{"OFD.xml"}}, warns: []string{"uncovered"}},
		{name: "font not covered", v: variant{leave: []string{"Doc_0/Res/a.ttf"}}, warns: []string{"uncovered"}},
		{name: "resources not covered", v: variant{leave: []string{"Doc_0/PublicRes.xml"}}, warns: []string{"uncovered"}},
		{name: "annotation not covered", v: variant{leave: []string{"Doc_0/Annots/Page_0/Annotation.xml"}}, warns: []string{"uncovered"}},
		{name: "attachment not covered", v: variant{leave: []string{"Doc_0/Attachs/a.txt"}}, warns: []string{"uncovered"}},
		{name: "stray part put in later", v: variant{after: add("Doc_0/Res/extra.bin")}, warns: []string{"unreferenced"}},
		{name: "stray part covered", v: variant{pack: add("Doc_0/Res/extra.bin")}},
		{name: "stamp on no page", v: variant{xml: replace(`PageRef="1"`, `PageRef="77"`)}, warns: []string{"stamp_page"}},
		{name: "no stamp", v: variant{xml: func(s string) string { return regexp.MustCompile(`<ofd:StampAnnot[^>]*>`).ReplaceAllString(s, "") }}, warns: []string{"no_stamp"}},
		{name: "relative locations", v: variant{xml: replace(`/`+signDir, "")}},
		{name: "names in other case", v: variant{xml: replace("/Doc_0/Tpls/", "/Doc_0/TPLS/")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.name == "relative locations" { // of this signature's own parts only
				tc.v.xml = func(s string) string {
					return strings.NewReplacer("<ofd:BaseLoc>/"+signDir, "<ofd:BaseLoc>", "<ofd:SignedValue>/"+signDir, "<ofd:SignedValue>").Replace(s)
				}
			}
			r := Verify(tc.v.stamped(t, pki).zip(t), options(pki))
			if r.Verdict != Valid {
				t.Errorf("verdict %s", r.Verdict)
			}
			var got []string
			for _, w := range r.Warnings {
				if !slices.Contains(got, w.Code) {
					got = append(got, w.Code)
				}
			}
			slices.Sort(got)
			slices.Sort(tc.warns)
			if !slices.Equal(got, tc.warns) {
				t.Errorf("warnings %v, want %v", got, tc.warns)
			}
			for _, s := range r.Signatures {
				checkOneFailure(t, &s, "")
			}
			if t.Failed() {
				show(t, r)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func flipLast(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

// Documents that must not verify, with the check that says so.
func TestRejected(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	long := sestest.Now.AddDate(-10, 0, 0)
	for _, tc := range []struct {
		name  string
		v     variant
		fails []string
	}{
		{"page changed", variant{after: edit("Doc_0/Pages/Page_1/Content.xml", "二", "三")}, []string{CheckDigest}},
		{"template changed", variant{after: edit("Doc_0/Tpls/Tpl_0/Content.xml", "<ofd:Content/>", "")}, []string{CheckDigest}},
		{"font changed", variant{after: edit("Doc_0/Res/a.ttf", "not", "now")}, []string{CheckDigest}},
		{"attachment changed", variant{after: edit("Doc_0/Attachs/a.txt", "attached", "detached")}, []string{CheckDigest}},
		{"attachment removed", variant{after: remove("Doc_0/Attachs/a.txt")}, []string{CheckDigest}},
		{"OFD.xml changed", variant{after: edit("OFD.xml", "0123", "3210")}, []string{CheckDigest}},
		{"Signature.xml changed", variant{after: edit(signDir+"Signature.xml", "100 200 40 40", "100 100 40 40")}, []string{CheckDigest}},
		{"value changed", variant{form: sestest.Form{Value: flipLast}}, []string{CheckValue}},
		{"seal's value changed", variant{form: sestest.Form{SealValue: flipLast}}, []string{CheckSealSignature}},
		{"signer not in the seal", variant{form: sestest.Form{NotListed: true}}, []string{CheckSignerInSeal}},
		{"signer not in the V1 seal", variant{form: sestest.Form{Version: ses.V1, NotListed: true}}, []string{CheckSignerInSeal}},
		{"seal without signers", variant{form: sestest.Form{EmptyList: true}}, []string{CheckSignerInSeal}},
		{"data hash of another", variant{form: sestest.Form{DataHash: make([]byte, 32)}}, []string{CheckDigest}},
		{"data hash short", variant{form: sestest.Form{DataHash: []byte{}}}, []string{CheckDigest}},
		{"seal ended before", variant{form: sestest.Form{ValidTo: sestest.Now.Add(-time.Second)}}, []string{CheckSealValidity}},
		{"seal begins later", variant{form: sestest.Form{ValidFrom: sestest.Now.Add(time.Second)}}, []string{CheckSealValidity}},
		{"signed after the certificate", variant{form: sestest.Form{Time: sestest.Now.AddDate(4, 0, 0), ValidTo: sestest.Now.AddDate(9, 0, 0)}}, []string{CheckSignerValidity}},
		{"seal made before the maker", variant{form: sestest.Form{Created: long, ValidFrom: long, Time: long}}, []string{CheckChain, CheckSignerValidity}},
		{"Seal.esl of another", variant{esl: func(b []byte) []byte { return flipLast(b) }}, []string{CheckESLEqual}},
		{"Seal.esl removed", variant{leave: []string{signDir + "Seal.esl"}, after: remove(signDir + "Seal.esl")}, []string{CheckESLEqual}},
		{"no References", variant{leave: []string{"*"}}, []string{CheckCoverage}},
		{"page not covered", variant{leave: []string{"Doc_0/Pages/Page_1/Content.xml"}}, []string{CheckCoverage}},
		{"template not covered", variant{leave: []string{"Doc_0/Tpls/Tpl_0/Content.xml"}}, []string{CheckCoverage}},
		{"Document.xml not covered", variant{leave: []string{"Doc_0/Document.xml"}}, []string{CheckCoverage}},
		{"DocRoot leads elsewhere", variant{leave: []string{"OFD.xml"}, after: func(p *pack) {
			p.set("Doc_1/Document.xml", strings.ReplaceAll(string(p.files["Doc_0/Document.xml"]), `BaseLoc="`, `BaseLoc="/Doc_0/`))
			edit("OFD.xml", "Doc_0/Document.xml", "Doc_1/Document.xml")(p)
		}}, []string{CheckCoverage}},
		{"another document put in front", variant{leave: []string{"OFD.xml"}, after: func(p *pack) {
			p.set("Doc_1/Document.xml", strings.NewReplacer("Pages/Page_0", "Pages/Page_9", `<ofd:Page ID="2" BaseLoc="Pages/Page_1/Content.xml"/>`, "",
				"<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>", "", `<ofd:TemplatePage ID="3" BaseLoc="Tpls/Tpl_0/Content.xml"/>`, "",
				"<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>", "", "<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>", "").Replace(string(p.files["Doc_0/Document.xml"])))
			p.set("Doc_1/Pages/Page_9/Content.xml", string(p.files["Doc_0/Tpls/Tpl_0/Content.xml"]))
			edit("OFD.xml", "<ofd:DocBody>", "<ofd:DocBody><ofd:DocInfo><ofd:DocID>ffff</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody><ofd:DocBody>")(p)
		}}, []string{CheckCoverage}},
		{"CheckMethod unknown", variant{xml: replace(oidSM3, "ROT13")}, []string{CheckDigest}},
		{"CheckValue not base64", variant{xml: func(s string) string {
			return strings.Replace(s, "<ofd:CheckValue>", "<ofd:CheckValue>!!", 1)
		}}, []string{CheckDigest}},
		{"type contradicts", variant{kind: "Sign"}, []string{CheckFormat}},
		{"value missing", variant{after: remove(signDir + "SignedValue.dat")}, []string{CheckFormat}},
		{"value garbage", variant{value: func([]byte) []byte { return []byte("garbage") }}, []string{CheckFormat}},
		{"Signature.xml missing", variant{after: remove(signDir + "Signature.xml")}, []string{CheckFormat}},
		{"Signature.xml broken", variant{after: func(p *pack) { p.set(signDir+"Signature.xml", "<a>") }}, []string{CheckFormat}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := options(pki)
			o.Now = sestest.Now.AddDate(10, 0, 0)
			r := Verify(tc.v.stamped(t, pki).zip(t), o)
			if r.Verdict != Invalid || len(r.Signatures) != 1 {
				t.Fatalf("verdict %s, %d signatures", r.Verdict, len(r.Signatures))
			}
			var got []string
			for _, c := range r.Signatures[0].Checks {
				if c.Result == Fail {
					got = append(got, c.Code)
				}
			}
			slices.Sort(got)
			slices.Sort(tc.fails)
			if !slices.Equal(got, tc.fails) {
				t.Errorf("fails %v, want %v", got, tc.fails)
				show(t, r)
			}
		})
	}
}
