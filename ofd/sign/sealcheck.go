package sign

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
)

// checkSeal checks the seal: the maker's signature, the signer being one of
// the seal's, its validity at the signing time, and Seal.esl.
func (e *examination) checkSeal() {
	if e.ses == nil {
		return
	}
	seal := e.ses.Seal
	notes, err := e.cache.sealSignature(seal)
	switch {
	case err == nil:
		e.set(CheckSealSignature, Pass, "制章者对印章的签名正确")
	case errors.Is(err, gm.ErrUnsupported):
		e.set(CheckSealSignature, Unknown, "制章者的签名算法不受支持，无法验证")
	default:
		e.set(CheckSealSignature, Fail, "制章者对印章的签名不正确，印章被改动或系伪造")
	}
	e.notes(CheckSealSignature, notes)

	notes, listed := e.ses.SignerInSeal()
	if listed {
		e.set(CheckSignerInSeal, Pass, "签章人证书在印章的授权列表中")
		e.notes(CheckSignerInSeal, notes)
	} else {
		e.set(CheckSignerInSeal, Fail, "签章人证书不在印章的授权列表中")
	}
	e.checkSealValidity()
	e.checkESL()
}

// checkSealValidity holds the signing time against the seal's validity.
func (e *examination) checkSealValidity() {
	seal := e.ses.Seal
	span := fmt.Sprintf("%s 至 %s", local(seal.ValidFrom), local(seal.ValidTo))
	switch {
	case e.at.IsZero():
		e.set(CheckSealValidity, Unknown, "签章时间未知，不能判断印章当时是否有效")
	case !seal.ValidAt(e.at):
		e.set(CheckSealValidity, Fail, "签章时间 "+local(e.at)+" 不在印章有效期（"+span+"）内")
	default:
		e.set(CheckSealValidity, Pass, "签章时印章在有效期内")
	}
	if !e.at.IsZero() && seal.Created.After(e.at.Add(skew)) {
		e.remark("seal_made_later", "印章的制作日期 "+local(seal.Created)+" 晚于签章时间")
	}
}

// checkESL compares Seal.esl, where there is one, with the seal that was signed.
func (e *examination) checkESL() {
	if e.file.SealLoc == "" {
		e.set(CheckESLEqual, Skipped, "文件没有单独的印章文件")
		return
	}
	part := e.doc.Part(e.file.Seal)
	if part == nil {
		e.set(CheckESLEqual, Fail, "缺少印章文件："+e.file.SealLoc)
		return
	}
	data, err := part.Data()
	if err != nil || !bytes.Equal(data, e.ses.Seal.Raw) {
		e.set(CheckESLEqual, Fail, "印章文件与签章中的印章不一致："+e.file.SealLoc)
		return
	}
	e.set(CheckESLEqual, Pass, "印章文件与签章中的印章一致")
}

// checkStamps sees that each imprint's page exists.
func (e *examination) checkStamps() {
	if e.ses == nil {
		return
	}
	bodies := e.doc.Bodies()
	if len(e.file.Stamps) == 0 {
		e.remark("no_stamp", "签章没有写明盖章位置，页面上不显示印章")
	}
	var missing []string
	for _, s := range e.file.Stamps {
		if e.rec.Body < len(bodies) && bodies[e.rec.Body].Page(s.PageRef) == nil {
			missing = append(missing, fmt.Sprint(s.PageRef))
		}
	}
	if len(missing) > 0 {
		e.remark("stamp_page", "盖章位置所指的页面不存在："+strings.Join(missing, "、"))
	}
}

// local writes a time for people, in Beijing time.
func local(t time.Time) string { return t.In(beijing).Format(dateTime) }
