package issuing

import (
	"context"
	"strings"

	"sidian/gbcode"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// printable refuses, before a draft is handed to review, what its face cannot
// show: characters that no font has (生僻字), and texts that do not fit. Who seals
// would be the third to find out.
func (s *Service) printable(ctx context.Context, id string) error {
	var k *catalogue.Kind
	var c *Content
	var issuer iam.Org
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		k = nil
		r, err := byID(tx, id, false)
		if err != nil {
			return err
		}
		if r.state != Drafted || sees(ctx, r) != nil || iam.Allow(ctx, permCollect, r.unit) != nil || s.genuineTx(tx, r, false) != nil {
			return nil // refused for that
		}
		if issuer, err = iam.OrgTx(tx, r.unit); err != nil {
			return err
		}
		if c, err = s.contentOf(r); err != nil {
			return err
		}
		k, err = s.Catalogue.KindTx(tx, r.kind)
		return err
	})
	if err != nil || k == nil {
		return err
	}
	content, wrong := k.Validate(catalogue.Request{Holders: c.Holders, Fields: c.Fields, ValidFrom: c.ValidFrom, ValidTo: c.ValidTo})
	if wrong != nil {
		return nil // told with all that is not complete
	}
	err = s.draw(k, content, issuer)
	e := fault.As(err)
	if e == nil {
		return err
	}
	out := fault.Invalid.New("照面印不出来").WithCode("issuing.face").WithHint("请按每一项的说明更正后再提交；姓名、地址中的生僻字印不出来的，联系运维人员安装全字库")
	out.Fields = e.Fields
	return out
}

// draw makes the face of a content as it would be issued today, with a number and
// a code that only take their room.
func (s *Service) draw(k *catalogue.Kind, content *catalogue.Content, issuer iam.Org) error {
	i := catalogue.Issuance{Issuer: catalogue.Issuer{Name: issuer.Name}, Issued: workday.DateOf(s.DB.Now().In(beijing)), Sequence: 1, Version: 1,
		DocID: strings.Repeat("0", 32), Code: s.Cert.BaseURL + "/v/" + strings.Repeat("0", 26)}
	var err error
	if i.Issuer.Code, err = gbcode.ParseCreditCode(issuer.USCC); err != nil {
		return nil // told when it is issued
	}
	if i.Issuer.Region, err = gbcode.ParseDivision(issuer.Region); err != nil {
		return nil
	}
	d, err := k.Draft(content, i)
	if err != nil {
		return nil // its number is the register's matter
	}
	f, err := s.Catalogue.Face(k)
	if err != nil {
		return err
	}
	_, err = f.Fill(d.Face)
	return catalogue.Refusal(err)
}
