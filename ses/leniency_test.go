package ses_test

import (
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
	"sidian/ses"
	"sidian/ses/sestest"
)

func element(tag cbasn1.Tag, data string) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(data)) })
	return b.BytesOrPanic()
}

func bitString(first byte, data string) []byte {
	return element(cbasn1.BIT_STRING, string(first)+data)
}

func ptr[T any](v T) *T { return &v }

// Each leniency alone: accepted, told by its code, and everything still verifies.
func TestLeniencies(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	local := func(t time.Time) []byte { return element(cbasn1.UTCTime, t.Format("060102150405Z")) }
	for _, tc := range []struct {
		name  string
		form  sestest.Form
		notes []string // all codes, of parsing and of verifying
		at    time.Time
	}{
		{name: "plain", form: sestest.Form{}},
		{name: "plain V1", form: sestest.Form{Version: ses.V1}},
		{name: "plain V5", form: sestest.Form{Version: ses.V5}},
		{name: "value raw", form: sestest.Form{Value: sestest.Raw}, notes: []string{gm.NoteRawRS}},
		{name: "value padded", form: sestest.Form{Value: sestest.Padded}, notes: []string{gm.NoteIntegerEncoding}},
		{name: "seal value raw", form: sestest.Form{SealValue: sestest.Raw}, notes: []string{gm.NoteRawRS}},
		{name: "seal value padded", form: sestest.Form{SealValue: sestest.Padded}, notes: []string{gm.NoteIntegerEncoding}},
		{name: "V4 seal over everything", form: sestest.Form{SealOver: "full"}, notes: []string{ses.NoteSealBytes}},
		{name: "V1 seal over SealInfo", form: sestest.Form{Version: ses.V1, SealOver: "info"}, notes: []string{ses.NoteSealBytes}},
		{name: "unused bits", form: sestest.Form{UnusedBits: 1}, notes: []string{ses.NoteUnusedBits}},
		{name: "unused bits V1", form: sestest.Form{Version: ses.V1, UnusedBits: 1}, notes: []string{ses.NoteUnusedBits}},
		{name: "octet strings", form: sestest.Form{OctetString: true}, notes: []string{ses.NoteOctetString}},
		{name: "octet strings V1", form: sestest.Form{Version: ses.V1, OctetString: true}, notes: []string{ses.NoteOctetString}},
		{name: "seal wrapped", form: sestest.Form{SealWrapped: true}, notes: []string{ses.NoteSealWrapped}},
		{name: "algorithm identifier", form: sestest.Form{Algorithm: true}, notes: []string{ses.NoteAlgorithm}},
		{name: "bare certificate", form: sestest.Form{BareCert: true}, notes: []string{ses.NoteCertWrap}},
		{name: "V1 says 4", form: sestest.Form{Version: ses.V1, Stated: 4, SealStated: 4}, notes: []string{ses.NoteVersion}},
		{name: "V4 says 1", form: sestest.Form{Stated: 1, SealStated: 1}, notes: []string{ses.NoteVersion}},
		{name: "seal extension plain", form: sestest.Form{SealExt: "plain"}},
		{name: "seal extension critical false", form: sestest.Form{SealExt: "plain", CriticalFalse: true}},
		{name: "seal extension tagged", form: sestest.Form{SealExt: "tag0"}, notes: []string{ses.NoteExtTag}},
		{name: "extension tagged", form: sestest.Form{Ext: "tag0"}},
		{name: "extension plain", form: sestest.Form{Ext: "plain"}, notes: []string{ses.NoteExtTag}},
		{name: "time stamp untagged", form: sestest.Form{Timestamp: garbage, StampTag: "untagged"}, notes: []string{ses.NoteTimestampTag}},
		{name: "time stamp octets", form: sestest.Form{Timestamp: garbage, StampTag: "octet"}, notes: []string{ses.NoteOctetString}},
		{name: "time stamp tagged", form: sestest.Form{Timestamp: garbage}},
		{name: "digest SM3", form: sestest.Form{Digest: "SM3"}},
		{name: "digest SHA-256", form: sestest.Form{Digest: "SHA-256"}, notes: []string{ses.NoteDigestName}},
		{name: "digest SHA-1", form: sestest.Form{Digest: "SHA-1"}, notes: []string{ses.NoteDigestName}},
		{name: "V1 dates generalized", form: sestest.Form{Version: ses.V1, Dates: func(t time.Time) []byte {
			return element(cbasn1.GeneralizedTime, t.Format("20060102150405Z"))
		}}},
		{name: "V4 dates UTC", form: sestest.Form{Dates: local}, notes: []string{ses.NoteTime}},
		{name: "time with fraction", form: sestest.Form{TimeInfo: element(cbasn1.GeneralizedTime, "20260302083000.123Z")}, notes: []string{ses.NoteTime}, at: sestest.Now.Add(123 * time.Millisecond)},
		{name: "time without zone", form: sestest.Form{TimeInfo: element(cbasn1.GeneralizedTime, "20260302163000")}, notes: []string{ses.NoteTime}},
		{name: "time with offset", form: sestest.Form{TimeInfo: element(cbasn1.GeneralizedTime, "20260302163000+0800")}, notes: []string{ses.NoteTime}},
		{name: "time as UTCTime", form: sestest.Form{TimeInfo: element(cbasn1.UTCTime, "260302083000Z")}, notes: []string{ses.NoteTime}},
		{name: "V1 time as text", form: sestest.Form{Version: ses.V1, TimeInfo: bitString(0, "2026-03-02 16:30:00")}},
		{name: "V1 time as text, bits 1", form: sestest.Form{Version: ses.V1, TimeInfo: bitString(1, "2026-03-02 16:30:00")}, notes: []string{ses.NoteUnusedBits}},
		{name: "V1 time as text, no count", form: sestest.Form{Version: ses.V1, TimeInfo: element(cbasn1.BIT_STRING, "2026-03-02 16:30:00")}, notes: []string{ses.NoteUnusedBits}},
		{name: "V1 time bare", form: sestest.Form{Version: ses.V1, TimeInfo: element(cbasn1.UTCTime, "260302083000Z")}, notes: []string{ses.NoteTime}},
		{name: "V4 time as in V1", form: sestest.Form{TimeInfo: bitString(0, "2026-03-02 16:30:00")}, notes: []string{ses.NoteTime}},
		{name: "property blank", form: sestest.Form{PropertyInfo: ptr(" ")}, notes: []string{ses.NoteProperty}},
		{name: "property UTF-8", form: sestest.Form{PropertyInfo: ptr("/签名"), PropertyTag: cbasn1.UTF8String}, notes: []string{ses.NoteString}},
		{name: "picture type unknown", form: sestest.Form{Picture: &ses.Picture{Type: "XYZ", Data: []byte("x"), Width: 40, Height: 40}}, notes: []string{ses.NotePicture}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, err := ses.ParseSignature(p.SignatureDER([]byte("xml"), p.SealDER(tc.form), tc.form))
			if err != nil {
				t.Fatal(err)
			}
			notes := s.Notes
			value, err := s.VerifyValue()
			if err != nil {
				t.Error(err)
			}
			maker, err := s.Seal.VerifyMaker()
			if err != nil {
				t.Error(err)
			}
			listed, ok := s.SignerInSeal()
			if !ok {
				t.Error("signer not in seal")
			}
			notes = append(append(append(notes, value...), maker...), listed...)
			got := map[string]bool{}
			for _, n := range notes {
				got[n.Code] = true
			}
			for _, c := range tc.notes {
				if !got[c] {
					t.Errorf("no note %s in %v", c, notes)
				}
				delete(got, c)
			}
			if len(got) > 0 {
				t.Errorf("unexpected notes %v", got)
			}
			at := tc.at
			if at.IsZero() {
				at = sestest.Now
			}
			if !s.Time.Equal(at) {
				t.Errorf("time %v, want %v", s.Time, at)
			}
			if hash := gm.Sum([]byte("xml")); string(s.DataHash) != string(hash[:]) {
				t.Error("data hash differs")
			}
		})
	}
}

func garbage([]byte) []byte { return []byte{1, 2, 3} }

// INTEGERs without their sign octet occur for half of all values only.
func TestUnsignedIntegers(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	seal := p.SealDER(sestest.Form{})
	for range 40 {
		s, err := ses.ParseSignature(p.SignatureDER([]byte("xml"), seal, sestest.Form{Value: sestest.Unsigned}))
		if err != nil {
			t.Fatal(err)
		}
		notes, err := s.VerifyValue()
		if err != nil {
			t.Fatal(err)
		}
		if len(notes) > 0 {
			if notes[0].Code != gm.NoteIntegerEncoding {
				t.Errorf("note %v", notes[0])
			}
			return
		}
	}
	t.Error("no value in 40 needed a sign octet")
}

func TestRefusedShapes(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	good := p.SignatureDER([]byte("xml"), p.SealDER(sestest.Form{}), sestest.Form{})
	for name, der := range map[string][]byte{
		"empty":            nil,
		"not a sequence":   {0x04, 0x01, 0x00},
		"one element":      {0x30, 0x03, 0x02, 0x01, 0x04},
		"three elements":   {0x30, 0x09, 0x02, 0x01, 0x04, 0x02, 0x01, 0x04, 0x02, 0x01, 0x04},
		"truncated":        good[:len(good)-1],
		"indefinite":       append([]byte{0x30, 0x80}, good[4:]...),
		"the seal instead": p.SealDER(sestest.Form{}),
		"huge":             make([]byte, ses.MaxSize+1),
		"picture too large": p.SignatureDER([]byte("xml"), p.SealDER(sestest.Form{
			Picture: &ses.Picture{Type: "PNG", Data: make([]byte, ses.MaxPicture+1), Width: 40, Height: 40},
		}), sestest.Form{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := ses.ParseSignature(der); err == nil {
				t.Errorf("accepted as version %d", s.Version)
			}
		})
	}
}

// No single changed octet of a signature may leave everything verifying
// without a note: whatever is not protected must at least be told.
func TestFlippedOctets(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	for name, form := range map[string]sestest.Form{"V4": {}, "V1": {Version: ses.V1}, "V5": {Version: ses.V5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := p.SignatureDER([]byte("xml"), p.SealDER(form), form)
			for i := range good {
				bad := append([]byte(nil), good...)
				bad[i] ^= 0x01
				s, err := ses.ParseSignature(bad)
				if err != nil {
					continue
				}
				if _, err := s.VerifyValue(); err != nil {
					continue
				}
				if _, ok := s.SignerInSeal(); !ok {
					continue
				}
				if len(s.Notes) == 0 {
					t.Errorf("octet %d of %d changed and nothing said", i, len(good))
				}
			}
		})
	}
}

// Lengths in a longer form than needed are read and told; the octets signed
// are those stored.
func TestLongLengths(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	good := p.SignatureDER([]byte("xml"), p.SealDER(sestest.Form{}), sestest.Form{})
	long := append([]byte{0x30, 0x84, 0, 0, good[2], good[3]}, good[4:]...)
	s, err := ses.ParseSignature(long)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.VerifyValue(); err != nil {
		t.Error(err)
	}
	if got := codes(s); !got[ses.NoteLength] || len(got) != 1 {
		t.Errorf("notes %v", s.Notes)
	}
}

// V1 may hold a time-stamp token instead of a time.
func TestV1Token(t *testing.T) {
	t.Parallel()
	p := sestest.New(t)
	hash := gm.Sum([]byte("xml"))
	token, err := p.Timestamp(sestest.Now)(hash[:])
	if err != nil {
		t.Fatal(err)
	}
	form := sestest.Form{Version: ses.V1, TimeInfo: bitString(0, string(token))}
	s, err := ses.ParseSignature(p.SignatureDER([]byte("xml"), p.SealDER(form), form))
	if err != nil {
		t.Fatal(err)
	}
	if string(s.Timestamp) != string(token) || !s.Time.IsZero() || len(s.Notes) > 0 {
		t.Errorf("token of %d octets, time %v, notes %v", len(s.Timestamp), s.Time, s.Notes)
	}
}
