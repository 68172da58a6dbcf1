package lasting

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
)

// A Record is the evidence of one document: time stamps, oldest first, each with
// the way from what it proves, and the validation material that it covers.
type Record struct {
	Version  int     `json:"version"`
	Document []byte  `json:"document" doc:"版式文件的 SM3 摘要，base64"`
	Stamps   []Stamp `json:"stamps" doc:"时间戳，由旧到新；第一个证明文件，其后每一个证明前一个"`
}

// A Stamp is one archive time stamp.
type Stamp struct {
	At       time.Time  `json:"at"`
	Path     [][][]byte `json:"path" doc:"归约散列树（RFC 4998），各层为 base64 的 SM3 摘要"`
	Material []byte     `json:"material" doc:"当时的数字证书和吊销列表，DER，base64"`
	Token    []byte     `json:"token" doc:"时间戳令牌（RFC 3161），DER，base64"`
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

// DER is the record as an EvidenceRecord of RFC 4998: one chain, whose archive time
// stamps carry their validation material in an attribute.
func (r *Record) DER() ([]byte, error) {
	sm3 := algorithmID{gm.OIDSM3}
	e := evidenceRecord{Version: r.Version, Algorithms: []algorithmID{sm3}, Chains: [][]archiveStamp{{}}}
	for _, s := range r.Stamps {
		e.Chains[0] = append(e.Chains[0], archiveStamp{
			Digest: sm3, Tree: s.Path, Token: asn1.RawValue{FullBytes: s.Token},
			Attributes: []attribute{{Type: oidMaterial, Values: []asn1.RawValue{{FullBytes: s.Material}}}},
		})
	}
	b, err := asn1.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("lasting: writing an evidence record: %w", err)
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
	if err != nil || len(rest) > 0 || len(e.Chains) != 1 || len(e.Chains[0]) == 0 || len(e.Chains[0]) > maxStamps {
		return nil, errors.New("lasting: not an evidence record of one chain")
	}
	r := &Record{Version: e.Version}
	for _, a := range e.Chains[0] {
		if !a.Digest.Algorithm.Equal(gm.OIDSM3) || len(a.Attributes) != 1 || !a.Attributes[0].Type.Equal(oidMaterial) || len(a.Attributes[0].Values) != 1 {
			return nil, errors.New("lasting: an archive time stamp that was not written here")
		}
		s := Stamp{Path: a.Tree, Material: a.Attributes[0].Values[0].FullBytes, Token: a.Token.FullBytes}
		if t, err := gm.ParseTimestamp(s.Token); err == nil {
			s.At = t.Time
		}
		r.Stamps = append(r.Stamps, s)
	}
	return r, nil
}
