package pack

import (
	"bytes"
	"encoding/xml"
	"errors"
)

// The two tables beside the metadata: what was done (业务实体) and what was
// signed (电子签名), by the groups of DA/T 46. Their element names are ours.

type eventRecord struct {
	Action string `xml:"行为"`
	Code   string `xml:"环节代码"`
	At     string `xml:"时间"`
	Actor  string `xml:"机构人员"`
	Role   string `xml:"身份"`
	Basis  string `xml:"依据"`
	Note   string `xml:"描述"`
}

type signatureRecord struct {
	File      string `xml:"文件"`
	ID        string `xml:"签名标识"`
	Seal      string `xml:"印章"`
	Signer    string `xml:"签名人"`
	At        string `xml:"签名时间"`
	Algorithm string `xml:"签名算法"`
	Result    string `xml:"签名结果"`
}

const (
	eventsRoot     = "审批流程信息"
	eventElement   = "业务"
	signaturesRoot = "电子签名信息"
	signElement    = "电子签名"
)

func encodeEvents(list []Event) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<" + eventsRoot + ">\n")
	for _, e := range list {
		b.WriteString("  <" + eventElement + ">\n")
		for _, v := range [][2]string{
			{"行为", e.Action}, {"环节代码", e.Code}, {"时间", timeText(e.At)}, {"机构人员", e.Actor},
			{"身份", e.Role}, {"依据", e.Basis}, {"描述", e.Note},
		} {
			element(&b, 2, v[0], v[1])
		}
		b.WriteString("  </" + eventElement + ">\n")
	}
	b.WriteString("</" + eventsRoot + ">\n")
	return b.Bytes()
}

func encodeSignatures(list []Signature) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<" + signaturesRoot + ">\n")
	for _, s := range list {
		b.WriteString("  <" + signElement + ">\n")
		for _, v := range [][2]string{
			{"文件", s.File}, {"签名标识", s.ID}, {"印章", s.Seal}, {"签名人", s.Signer},
			{"签名时间", timeText(s.At)}, {"签名算法", s.Algorithm}, {"签名结果", s.Result},
		} {
			element(&b, 2, v[0], v[1])
		}
		b.WriteString("  </" + signElement + ">\n")
	}
	b.WriteString("</" + signaturesRoot + ">\n")
	return b.Bytes()
}

var errOther = errors.New("a table of another make")

// decodeEvents reads the table of events; errOther when it is of another
// system, which names its elements as it likes.
func decodeEvents(data []byte) ([]eventRecord, error) {
	return decodeTable[eventRecord](data, eventsRoot, eventElement)
}

func decodeSignatures(data []byte) ([]signatureRecord, error) {
	return decodeTable[signatureRecord](data, signaturesRoot, signElement)
}

func decodeTable[T any](data []byte, rootName, name string) (list []T, err error) {
	d := newDecoder(data)
	root, err := firstElement(d)
	if err != nil {
		return nil, err
	}
	if root.Name.Local != rootName {
		return nil, errOther
	}
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return list, atEnd(d)
		case xml.StartElement:
			if t.Name.Local != name {
				return nil, errOther
			}
			var v T
			if err := d.DecodeElement(&v, &t); err != nil {
				return nil, err
			}
			if list = append(list, v); len(list) > maxFiles {
				return nil, errors.New("too many rows")
			}
		}
	}
}
