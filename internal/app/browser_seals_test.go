package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/seal"
)

// verified is what POST /api/v1/verify says of a document to a stranger.
type verified struct {
	Seals []struct {
		ID      string `json:"id"`
		State   string `json:"state"`
		Message string `json:"message"`
	} `json:"seals"`
}

func (w *world) verify(t *testing.T, document []byte) (v verified) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile("file", "certificate.ofd")
	if err == nil {
		_, err = f.Write(document)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(w.base+"/api/v1/verify", m.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("verifying: %s %v\n%s", r.Status, err, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// sealedOne is a certificate of a kind, and the seal that stands on it.
func (o *own) sealedOne(t *testing.T, issuer, kind string) ([]byte, *seal.Seal) {
	t.Helper()
	page := certificateLink.FindString(string(o.get(t, issuer, "/console?kind="+kind)))
	document := o.get(t, issuer, page+"/file?format=ofd")
	v := o.verify(t, document)
	if len(v.Seals) == 0 || v.Seals[0].State != seal.Effective {
		t.Fatalf("before: %+v", v)
	}
	x, err := o.Seal.Get(o.as(t, "seals"), v.Seals[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return document, x
}

// TestBrowserSeals: a custodian stops a seal with one click, and everybody is
// told at once; it is taken into use again, handed over to somebody who accepts,
// and who used it is reconstructed.
func TestBrowserSeals(t *testing.T) {
	o := enterOwn(t)
	axe := axeSource(t)
	for _, c := range []struct {
		width                           int64
		unit, keeper, issuer, kind, ask string
	}{{1440, "market", "sealer", "issuer", "business_license", "clerk"}, {360, "land", "landsealer", "land", "real_estate", "land"}} {
		t.Run(fmt.Sprint(c.width), func(t *testing.T) {
			document, x := o.sealedOne(t, c.issuer, c.kind)
			here, public := "/console/seals/"+x.ID, "/open/seals/"+x.ID
			custodian := o.open(t, view{width: c.width, user: c.keeper})
			stranger := o.open(t, view{width: c.width})
			send := func(tb *tab, button string) {
				t.Helper()
				eval[bool](tb, `window.old = true`)
				tb.click(button)
				tb.until(`!window.old`)
			}

			custodian.visit("/console/seals")
			custodian.says("main", "我保管的", x.Name, "申请印章")
			custodian.until(`[...document.querySelectorAll(".plate img")].slice(0, 2).every(i => i.complete && i.naturalWidth > 0)`)
			custodian.looks(axe, "seals")
			custodian.click(`a[href="` + here + `"]`)
			custodian.at(here)
			custodian.until(`document.querySelector(".plate img").naturalWidth > 0`)
			custodian.says("main", "有效", "立即冻结", "备案号", "证书链", "约 ")
			custodian.looks(axe, "seal")
			custodian.fill(map[string]string{"reason": "疑似被他人使用"})
			send(custodian, "#freeze button")
			custodian.says(".verdict", "公众现在看到：已冻结", "截至")
			custodian.looks(axe, "seal-frozen")
			stranger.visit(public)
			stranger.says(".verdict h1", "已冻结")
			stranger.says("main", "状态截至", "状态列表", "怎样自己核对")
			stranger.looks(axe, "open-frozen")
			if v := o.verify(t, document); len(v.Seals) == 0 || v.Seals[0].State != seal.Frozen || !strings.Contains(v.Seals[0].Message, "冻结") {
				t.Errorf("frozen: %+v", v)
			}

			manager := o.open(t, view{width: c.width, user: "seals"})
			manager.visit(here)
			manager.click(`a[href="` + here + `/thaw"]`)
			manager.wait("#reason")
			manager.looks(axe, "seal-thaw")
			manager.fill(map[string]string{"reason": "与保管人核对，未发现异常"})
			send(manager, "main form button.first")
			manager.says("main", "已恢复使用", "有效")
			stranger.visit(public)
			stranger.says(".verdict h1", "有效")
			stranger.picture("open-effective")
			stranger.visit("/open/seals")
			stranger.fill(map[string]string{"q": x.Number})
			send(stranger, "main button.first")
			stranger.says("main", "找到 1 枚", x.Name, "有效")
			stranger.looks(axe, "open-found")
			if v := o.verify(t, document); len(v.Seals) == 0 || v.Seals[0].State != seal.Effective {
				t.Errorf("thawed: %+v", v)
			}

			custodian.visit(here + "/custody")
			custodian.says("main", "移交给他人", "样例·印章保管人")
			custodian.looks(axe, "seal-custody")
			eval[bool](custodian, `(document.getElementById("to").value = [...document.getElementById("to").options].find(o => o.text.includes("样例·印章保管人")).value) !== ""`)
			custodian.fill(map[string]string{"reason": "轮岗"})
			send(custodian, "#offer button")
			custodian.says("main", "已发起移交", "等待接收", "样例·印章保管人")
			keeper := o.open(t, view{width: c.width, user: "keeper"})
			keeper.visit("/console/seals")
			keeper.says("main", "等您接收", x.Name)
			keeper.picture("seals-offered")
			keeper.click(`a[href="` + here + `/custody"]`)
			keeper.wait("#accept")
			keeper.looks(axe, "seal-accept")
			send(keeper, "#accept button")
			keeper.says("main", "已接收", "样例·印章保管人（您）")
			keeper.visit(here + "/custody")
			keeper.says("main", "移交给 样例·印章保管人（您）", "轮岗")
			keeper.visit(here + "/rules")
			keeper.says("main", "全部", "印章保管人批准", "常备用印授权")
			keeper.click("details.fold-form summary")
			keeper.looks(axe, "seal-rules")

			o.approvedUse(t, x, "keeper", c.ask)
			manager.visit(here + "/uses")
			manager.says("main", "已用印", "样例·印章保管人", "一次性口令，印章保管室终端", "任免通知", "证照", "常备用印授权")
			eval[bool](manager, `(document.querySelector(".uses details").open = true)`)
			manager.says("main", "用印后文件（SM3）")
			manager.looks(axe, "seal-uses")
			auditor := o.open(t, view{width: c.width, user: "audit"})
			auditor.visit("/console/audit/objects?object=seal/" + x.ID)
			auditor.says("main", "疑似被他人使用", "轮岗", "样例·印章保管人")
			auditor.visit(here + "/uses")
			auditor.says("main", "已用印", "样例·印章保管人", "任免通知") // who, when, on what, approved by whom
		})
	}
	o.sealPagesLook(t, axe)
}

// approvedUse uses a seal once, for a document that its custodian has seen.
func (o *own) approvedUse(t *testing.T, x *seal.Seal, keeper, clerk string) {
	t.Helper()
	content, as := gm.Sum([]byte(x.ID)), o.as(t, clerk)
	var approval string
	err := o.DB.Write(o.as(t, keeper), func(tx *db.Tx) (err error) {
		approval, err = o.Seal.ApproveTx(tx, seal.Approval{Seal: x.ID, Object: "sealing/renmian1", Content: content, Operator: audit.ActorFrom(as).Account,
			Device: "印章保管室终端", Factor: "totp", Basis: "规则“公文”：任免通知"})
		return err
	})
	if err == nil {
		err = o.DB.Write(as, func(tx *db.Tx) error {
			token, err := o.Seal.IntendApprovedTx(tx, approval, "sealing/renmian1", content)
			if err != nil {
				return err
			}
			return o.Seal.DoneTx(tx, token.Use(), gm.Sum([]byte("document")))
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sealPagesLook looks at what the story does not pass, in the dark and in elder
// mode too.
func (o *own) sealPagesLook(t *testing.T, axe string) {
	_, x := o.sealedOne(t, "issuer", "business_license")
	here := "/console/seals/" + x.ID
	day := []sight{
		{"seals-all", "seals", "/console/seals"}, {"seal-lost", "keeper", here + "/lost"}, {"open", "", "/open/seals?q=青禾县"},
		{"held-units", "system", "/console/digital-certificates/units"}, {"held", "system", "/console/digital-certificates?org=market"},
	}
	passed := []sight{ // by the story, but in the dark and in elder mode
		{"seal-again", "keeper", here}, {"seal-uses-again", "keeper", here + "/uses"}, {"open-again", "", "/open/seals/" + x.ID},
	}
	o.tour(t, axe, slices.Concat(day, passed), everyView()...)
	for _, v := range []view{{width: 1440, user: "system"}, {width: 360, user: "system"}} {
		tb := o.open(t, v)
		tb.visit("/console/digital-certificates/new?org=market")
		tb.wait("main h1")
		tb.fill(map[string]string{"authority": "样例省电子认证服务有限公司"})
		tb.click("main form button.first")
		tb.wait("#install")
		tb.says("main", "等待应答", "下载请求文件")
		tb.looks(axe, "held-request")
	}
}
