package lasting

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
)

// A Record is the evidence of one document: time stamps, oldest first, each with
// the way from what it proves, and the validation material that it covers.
type Record struct {
	Version  int     `json:"version"`
	Document []byte  `json:"document" doc:"版式文件的 SM3 摘要，base64"`
	Stamps   []Stamp `json:"stamps" doc:"时间戳，由旧到新；第一个证明文件，其后每一个证明前一个；摘要算法改变之处另起一链，证明文件和其前的各链"`
}

// A Stamp is one archive time stamp.
type Stamp struct {
	At       time.Time  `json:"at"`
	Digest   string     `json:"digest" doc:"所在链的摘要算法，例如 sm3、sha256"`
	Path     [][][]byte `json:"path" doc:"归约散列树（RFC 4998），各层为 base64 的摘要"`
	Material []byte     `json:"material" doc:"当时的数字证书和吊销列表，DER，base64"`
	Token    []byte     `json:"token" doc:"时间戳令牌（RFC 3161），DER，base64"`
}

// digest is the algorithm of the time stamp's chain: that of before it was told is
// SM3.
func (s *Stamp) digest() string {
	if s.Digest == "" {
		return SM3
	}
	return s.Digest
}

// Bounds of a record that is read.
const (
	maxRecord = 64 << 20
	maxStamps = 100
)

// A material is what a verdict of a day rested on.
type material struct {
	Certificates []asn1.RawValue
	Lists        []asn1.RawValue
}

func packMaterial(certificates []*gm.Certificate, lists []*gm.RevocationList) ([]byte, error) {
	m := material{Certificates: []asn1.RawValue{}, Lists: []asn1.RawValue{}}
	for _, c := range certificates {
		m.Certificates = append(m.Certificates, asn1.RawValue{FullBytes: c.Raw})
	}
	for _, l := range lists {
		m.Lists = append(m.Lists, asn1.RawValue{FullBytes: l.Raw})
	}
	b, err := asn1.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("lasting: writing validation material: %w", err)
	}
	return b, nil
}

func readMaterial(der []byte) (certificates []*gm.Certificate, lists []*gm.RevocationList, err error) {
	var m material
	if rest, err := asn1.Unmarshal(der, &m); err != nil || len(rest) > 0 {
		return nil, nil, errors.New("lasting: validation material cannot be read")
	}
	for _, raw := range m.Certificates {
		c, err := gm.ParseCertificate(raw.FullBytes)
		if err != nil {
			return nil, nil, fmt.Errorf("lasting: reading validation material: %w", err)
		}
		certificates = append(certificates, c)
	}
	for _, raw := range m.Lists {
		l, err := gm.ParseCRL(raw.FullBytes)
		if err != nil {
			return nil, nil, fmt.Errorf("lasting: reading validation material: %w", err)
		}
		lists = append(lists, l)
	}
	return certificates, lists, nil
}

// oidMaterial names the attribute that holds the material: a number of our own in
// the arc that needs no registration (ITU-T X.667, 2.25).
var oidMaterial = asn1.ObjectIdentifier{2, 25, 572916309}

// The EvidenceRecord of RFC 4998 appendix A (implicit tags).
type evidenceRecord struct {
	Version    int
	Algorithms []algorithmID
	Chains     [][]archiveStamp
}

type algorithmID struct{ Algorithm asn1.ObjectIdentifier }

type archiveStamp struct {
	Digest     algorithmID `asn1:"optional,tag:0"`
	Attributes []attribute `asn1:"optional,tag:1,set"`
	Tree       [][][]byte  `asn1:"optional,tag:2"`
	Token      asn1.RawValue
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// DER is the record as an EvidenceRecord of RFC 4998: chains of one digest each,
// whose archive time stamps carry their validation material in an attribute.
func (r *Record) DER() ([]byte, error) {
	e := evidenceRecord{Version: r.Version}
	var err error
	if e.Chains, err = chains(r.Stamps); err != nil {
		return nil, err
	}
	for _, c := range e.Chains {
		if a := c[0].Digest; !slices.ContainsFunc(e.Algorithms, func(b algorithmID) bool { return b.Algorithm.Equal(a.Algorithm) }) {
			e.Algorithms = append(e.Algorithms, a)
		}
	}
	b, err := asn1.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("lasting: writing an evidence record: %w", err)
	}
	return b, nil
}

// chains puts time stamps into chains: where the digest changes, another begins.
func chains(stamps []Stamp) (out [][]archiveStamp, err error) {
	for i, s := range stamps {
		oid := gm.HashOID(s.digest())
		if oid == nil {
			return nil, fmt.Errorf("lasting: a time stamp by %q, which is not known", s.Digest)
		}
		if begins(stamps, i) {
			out = append(out, nil)
		}
		last := &out[len(out)-1]
		*last = append(*last, archiveStamp{
			Digest: algorithmID{oid}, Tree: s.Path, Token: asn1.RawValue{FullBytes: s.Token},
			Attributes: []attribute{{Type: oidMaterial, Values: []asn1.RawValue{{FullBytes: s.Material}}}},
		})
	}
	return out, nil
}

// begins tells whether a time stamp is the first of its chain.
func begins(stamps []Stamp, i int) bool {
	return i == 0 || stamps[i].digest() != stamps[i-1].digest()
}

// sequenceDER is the ArchiveTimeStampSequence of time stamps, which is what a
// further chain is over (RFC 4998 §5.3, step 3).
func sequenceDER(stamps []Stamp) ([]byte, error) {
	all, err := chains(stamps)
	if err != nil {
		return nil, err
	}
	b, err := asn1.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("lasting: writing a sequence of time stamps: %w", err)
	}
	return b, nil
}

// Parse reads a record that DER wrote. Whether it proves anything is another
// question.
func Parse(der []byte) (*Record, error) {
	var e evidenceRecord
	if len(der) > maxRecord {
		return nil, errors.New("lasting: an evidence record that is too large")
	}
	rest, err := asn1.Unmarshal(der, &e)
	if err != nil || len(rest) > 0 || len(e.Chains) == 0 {
		return nil, errors.New("lasting: not an evidence record")
	}
	r := &Record{Version: e.Version}
	for i, chain := range e.Chains {
		if len(chain) == 0 || len(r.Stamps)+len(chain) > maxStamps || i > 0 && chain[0].Digest.Algorithm.Equal(e.Chains[i-1][0].Digest.Algorithm) {
			return nil, errors.New("lasting: an evidence record whose chains were not written here")
		}
		for _, a := range chain {
			if !a.Digest.Algorithm.Equal(chain[0].Digest.Algorithm) || len(a.Attributes) != 1 || !a.Attributes[0].Type.Equal(oidMaterial) || len(a.Attributes[0].Values) != 1 {
				return nil, errors.New("lasting: an archive time stamp that was not written here")
			}
			s := Stamp{Digest: gm.HashName(a.Digest.Algorithm), Path: a.Tree, Material: a.Attributes[0].Values[0].FullBytes, Token: a.Token.FullBytes}
			if t, err := gm.ParseTimestamp(s.Token); err == nil {
				s.At = t.Time
			}
			r.Stamps = append(r.Stamps, s)
		}
	}
	return r, nil
}
