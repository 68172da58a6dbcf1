package signature

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"sidian/internal/fault"
)

// An Item is a matter (事项) as far as signing must know it.
type Item struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Field string `json:"field,omitempty"` // 不动产 公积金 人社 医保 工程项目审批 …
	Paper bool   `json:"paper,omitempty"` // must be signed on paper (必须纸质)
	Basis string `json:"basis,omitempty"` // of Paper: the law and its article
}

// Which documents the law keeps on paper, and samples of the fields in which
// electronic signatures come first: data, to which an instance adds its own.
//
//go:embed items.json
var shipped []byte

// Shipped are the items that the program knows.
func Shipped() ([]Item, error) {
	var list []Item
	if err := json.Unmarshal(shipped, &list); err != nil {
		return nil, fmt.Errorf("signature: reading the shipped items: %w", err)
	}
	return list, nil
}

// item finds the rule for a code: its own, or that of the code it stands below
// ("marriage" holds for "marriage.change" too). Those of the instance come first.
func (s *Service) item(code string) (Item, bool, error) {
	list, err := Shipped()
	if err != nil {
		return Item{}, false, err
	}
	for c := code; c != ""; {
		for _, set := range [][]Item{s.Items, list} {
			for _, x := range set {
				if x.Code == c {
					return x, true, nil
				}
			}
		}
		i := strings.LastIndexByte(c, '.')
		c = c[:max(i, 0)]
	}
	return Item{}, false, nil
}

// mayBeElectronic refuses what the law keeps on paper (电子签名法 art. 3).
func (s *Service) mayBeElectronic(code string) error {
	x, found, err := s.item(code)
	if err != nil || !found || !x.Paper {
		return err
	}
	return fault.Conflict.New("“%s”必须签署纸质文件，不能电子签署。依据：%s", x.Name, x.Basis).WithCode("signature.paper").
		WithHint("请打印后由当事人当面签署").WithField("item", "paper", "该事项必须纸质")
}
