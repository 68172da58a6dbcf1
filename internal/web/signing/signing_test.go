package signing

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/signaturetest"
)

// A contract from the form to the file, by two people in order.
func TestStory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
		s.Get("clerk", Home).Is(http.StatusOK, "还没有发起过签署", "发起签署")
		s.Get("clerk", Home+"/new").Is(http.StatusOK, "须纸质签署", "签字：", sealtest.Market)
		id := s.begun(twoSign(a, b))
		task := Home + "/" + id
		s.Get("clerk", task).Is(http.StatusOK, "王**", "欧***", "待签署", "未轮到", "签署过程", "发起签署").Lacks(a.Citizen, "王小明", "欧阳晓红")
		s.Get("clerk", Home+"?state=open").Is(http.StatusOK, "样例协议", "0/2")
		s.Get("clerk", Home+"?state=done").Is(http.StatusOK, "没有“已完成”的签署")

		s.Get("a", Wallet).Is(http.StatusOK, "样例协议", "待签署", "有效")
		s.Get("b", Wallet).Is(http.StatusOK, "样例协议", "未轮到", "前面的人签完后轮到您")
		s.Get("a", Sign+"/"+id).Leads(Sign + "/" + id + "/1")
		s.Get("clerk", Sign+"/"+id).Leads(task)
		second := Sign + "/" + id + "/2"
		s.Get("b", second).Is(http.StatusOK, "还没有轮到您").Lacks("下一步：手写签名")
		s.Get("b", second+"/write").Leads(second)
		s.Get("b", second+"/confirm").Leads(second + "/write")
		s.Post("b", second+"/write", "drawing", written()).Leads(second)

		s.signs("a", id, "1").Is(http.StatusOK, "您已签署", "1/2", "一次性口令").Lacks("下载签署证据")
		s.Get("a", Sign+"/"+id+"/1").Leads(Sign + "/" + id + "/1/done")
		s.Get("a", Wallet).Is(http.StatusOK, "没有等您签署的文件")
		s.Get("a", Wallet+"?view=signed").Is(http.StatusOK, "样例协议", "已签署")
		s.signs("b", id, "2").Is(http.StatusOK, "签署完成", "2/2", "下载签署证据")
		s.Get("clerk", task).Is(http.StatusOK, "已完成", "以一次性口令确认", "下载签署证据").Lacks("催办")
		for _, path := range []string{task + "/file", task + "/evidence", second + "/file", second + "/evidence"} {
			who := "clerk"
			if strings.HasPrefix(path, second) {
				who = "b"
			}
			if got := s.Get(who, path).Is(http.StatusOK); !strings.HasPrefix(got.Body, "PK") || !strings.Contains(got.Header.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s is no file", path)
			}
		}
	})
}

// What the form refuses, at the control that is wrong, with everything still in it.
func TestNewRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
	form, document := twoSign(a, b), signaturetest.Document(t)
	for _, c := range []struct {
		name   string
		data   []byte
		form   map[string]string
		status int
		words  []string
	}{
		{"no file", nil, form, 422, []string{`href="#file"`, "没有选择待签文件"}},
		{"no OFD", []byte("PK\x03\x04 nothing"), form, 422, []string{`href="#file"`, "不是可以读取的 OFD"}},
		{"a PDF where none is converted", []byte("%PDF-1.7"), form, 422, []string{"尚未启用 PDF 转换"}},
		{"no title", document, with(form, "title", " "), 422, []string{`href="#title"`, "标题：1 到 100 个字"}},
		{"on paper", document, with(form, "item", "marriage.change"), 409, []string{`href="#item"`, "必须签署纸质文件", "电子签名法"}},
		{"a wrong number", document, with(form, "signers[1].citizen", "999999199001010010"), 422, []string{`href="#f-signers-1-citizen"`, "签署人 2 公民身份号码"}},
		{"nobody", document, with(form, "signers[0].name", "", "signers[0].citizen", "", "signers[1].name", "", "signers[1].citizen", ""), 422, []string{"真实姓名和公民身份号码"}},
		{"the same twice", document, with(form, "signers[1].name", a.Name, "signers[1].citizen", a.Citizen), 422, []string{"同一人只列一次"}},
		{"no such word", document, with(form, "signers[1].keyword", "丁方："), 422, []string{`href="#f-signers-1-where"`, "文件中没有“丁方：”"}},
		{"no place", document, with(form, "signers[1].where", "point"), 422, []string{`href="#f-signers-1-where"`, "请填写第几页"}},
		{"off the page", document, with(form, "signers[1].where", "point", "signers[1].page", "1", "signers[1].x", "200", "signers[1].y", "20"), 422, []string{"超出第 1 页"}},
		{"no such page", document, with(form, "signers[1].where", "point", "signers[1].page", "9", "signers[1].x", "1", "signers[1].y", "1"), 422, []string{"没有第 9 页"}},
		{"no such colleague", document, with(form, "signers[1].name", "", "signers[1].citizen", "", "signers[1].username", "nobody"), 422, []string{`href="#f-signers-1-username"`, "没有这个用户名"}},
		{"groups without numbers", document, with(form, "order", "groups"), 422, []string{"顺序组"}},
		{"over", document, with(form, "until", "2020-01-01T00:00"), 422, []string{`href="#until"`}},
		{"no time", document, with(form, "until", "明天"), 422, []string{`href="#until"`, "不是有效的日期"}},
		{"no unit", document, with(form, "org", ""), 422, []string{"没有选择发起单位"}},
		{"another unit", document, with(form, "org", sealtest.Land), 403, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := *s
			s.t = t
			got := s.upload("clerk", Home+"/new", c.data, c.form).Is(c.status, c.words...)
			if c.status != 403 {
				got.Is(c.status, "有错误：发起签署", "甲方")
			}
		})
	}
	s.Get("clerk", Home).Is(http.StatusOK, "还没有发起过签署")
}

// The button pressed twice begins one task; a form that was changed begins another.
func TestNewOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
		form := twoSign(a, b)
		first := s.begun(form)
		if again := s.begun(form); again != first {
			t.Errorf("the same form began %s and %s", first, again)
		}
		if other := s.begun(with(form, "title", "另一份")); other == first {
			t.Error("a form that was changed began nothing")
		}
	})
}

// Where signatures go, as the form's script is told and as they are sent on.
func TestLook(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
	document := signaturetest.Document(t)
	look := func(form map[string]string) (out looked) {
		t.Helper()
		must(t, json.Unmarshal([]byte(s.upload("clerk", Home+"/look", document, form).Is(http.StatusOK).Body), &out))
		return out
	}
	got := look(twoSign(a, b))
	if got.Total != 1 || len(got.Pages) != 1 || got.Pages[0].W != 210 || !strings.HasPrefix(got.Pages[0].Src, "data:image/png;base64,") || len(got.Places) != 2 {
		t.Fatalf("looked %+v", got.Places)
	}
	if first, second := got.Places[0], got.Places[1]; first.Y >= second.Y || first.X < 40 || first.W != 40 {
		t.Errorf("places are %+v", got.Places)
	}
	// Behind one word, each has the place of their own, whatever is done with another.
	same := with(twoSign(a, b), "signers[0].keyword", "（签字）：", "signers[1].keyword", "（签字）：", "pages", "0")
	before := look(same).Places
	moved := look(with(same, "signers[0].where", "point", "signers[0].page", "1", "signers[0].x", "10", "signers[0].y", "10")).Places
	if len(before) != 2 || len(moved) != 2 || before[1] != moved[1] || before[0] == moved[0] {
		t.Errorf("before %+v, after %+v", before, moved)
	}
	corner := look(with(same, "signers[0].where", "corner", "signers[1].where", "corner")).Places
	if corner[0].X+corner[0].W > 210-edge+1 || corner[0].Y == corner[1].Y || corner[0].Problem != "" {
		t.Errorf("in the corner %+v", corner)
	}
	if p := look(with(same, "signers[0].keyword", "没有")).Places[0]; p.Problem == "" {
		t.Error("a word that is not there has a place")
	}
	s.upload("clerk", Home+"/look", []byte("x"), same).Is(422)
	s.upload("a", Home+"/look", document, same).Is(403)
	s.upload("nobody", Home+"/look", document, same).Is(401)
}

// Who may not is told so, and learns nothing.
func TestStrangers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
		s.person("c", "李四")
		id := s.begun(twoSign(a, b))
		task, first := Home+"/"+id, Sign+"/"+id+"/1"
		s.Get("nobody", task).Leads("/login?back=" + strings.ReplaceAll(task, "/", "%2F"))
		for _, who := range []string{"land", "keeper", "c"} {
			for _, path := range []string{task, task + "/file", task + "/withdraw", first, first + "/write", first + "/confirm", first + "/refuse", first + "/done", first + "/file", Sign + "/" + id} {
				if got := s.Get(who, path); got.Status != 404 && got.Status != 403 {
					t.Errorf("%s is answered %s with %d %s", who, path, got.Status, got.To())
				} else {
					got.Lacks("样例协议")
				}
			}
			for _, path := range []string{task + "/link", task + "/remind", task + "/withdraw", first + "/write", first + "/pad", first + "/confirm", first + "/refuse"} {
				if got := s.Post(who, path, "number", "1", "reason", "x", "drawing", written(), "agree", "1", "code", signaturetest.Code); got.Status != 404 && got.Status != 403 {
					t.Errorf("%s posts %s with %d %s", who, path, got.Status, got.To())
				}
			}
		}
		// A signer is not the other, and not who began it.
		for _, path := range []string{"/write", "/confirm", "/done", ""} {
			s.Get("b", first+path).Is(404)
		}
		s.Post("b", first+"/refuse", "reason", "不签").Is(404)
		s.Get("a", task).Is(403)
		s.Get("a", Home).Is(403)
		s.Get("clerk", Wallet).Is(http.StatusOK)
		for _, path := range []string{Sign + "/" + id + "/0", Sign + "/" + id + "/x", Sign + "/" + id + "/51", Sign + "/nothing/1", Home + "/nothing"} {
			who := "a"
			if strings.HasPrefix(path, Home) {
				who = "clerk"
			}
			s.Get(who, path).Is(404)
		}
		// Another site's page sends nothing.
		for _, path := range []string{task + "/withdraw", first + "/confirm", first + "/refuse", Identity, Identity + "/cancel", Home + "/new"} {
			who := "a"
			if strings.HasPrefix(path, Home) {
				who = "clerk"
			}
			s.Do(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader("reason=x&agree=1"), "Sec-Fetch-Site", "cross-site").Is(403, "其他网站")
		}
		if x, err := s.Signature.Get(s.Clerk, id); err != nil || x.State != signature.Open || x.Signers[0].State != signature.Invited {
			t.Errorf("the task is %+v, %v", x, err)
		}
	})
}

// What is missing or wrong on the way is said where it is, and nothing is signed.
func TestSignRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
		id := s.begun(twoSign(a, b))
		at := Sign + "/" + id + "/1"
		s.Get("a", at).Is(http.StatusOK)
		s.Post("a", at+"/write").Is(422, "还没有书写")
		s.Post("a", at+"/write", "drawing", `{"width":300,"height":120,"strokes":[[[1,1,0,0]]]}`).Is(422, "笔迹")
		s.Post("a", at+"/write", "drawing", `<script>`).Is(422)
		s.Get("a", at+"/confirm").Leads(at + "/write")
		s.Post("a", at+"/write", "drawing", written()).Leads(at + "/confirm")
		x := s.scene("a", id, "1")
		good := []string{"agree", "1", "code", signaturetest.Code, "original", x.Task.Original, "intent", x.Intent.Version}
		s.Post("a", at+"/confirm", good[2:]...).Is(422, "还没有确认签署意愿", `href="#agree"`)
		s.Post("a", at+"/confirm", "agree", "1", "code", "", "original", x.Task.Original, "intent", x.Intent.Version).Is(403, "须再次证明是本人", "checked")
		s.Post("a", at+"/confirm", "agree", "1", "code", signaturetest.Code, "original", strings.Repeat("0", 64), "intent", x.Intent.Version).Is(409, "不是同一份")
		s.Post("a", at+"/confirm", "agree", "1", "code", signaturetest.Code, "original", x.Task.Original, "intent", "0").Is(409, "签署意愿的文字已更新")
		s.Post("a", at+"/refuse", "reason", " ").Is(422, "拒签须说明理由")
		if got := s.scene("a", id, "1").Signer.State; got != signature.Captured {
			t.Fatalf("after what was refused the signer is %s", got)
		}
		s.Post("a", at+"/confirm", good...).Leads(at + "/done")
		s.Post("a", at+"/confirm", good...).Leads(at + "/done") // sent again
		s.Post("a", at+"/refuse", "reason", "反悔").Leads(at + "/done")

		second := Sign + "/" + id + "/2"
		s.Get("b", second).Is(http.StatusOK)
		s.Get("b", second+"/refuse").Is(http.StatusOK, "拒绝签署", "为什么不签")
		s.Post("b", second+"/refuse", "reason", "第二条不对").Leads(second + "/done")
		s.Get("b", second+"/done").Is(http.StatusOK, "您已拒绝签署", "第二条不对", "下载签署证据")
		s.Get("clerk", Home+"/"+id).Is(http.StatusOK, "已拒签", "理由：第二条不对")
		s.Get("a", at+"/done").Is(http.StatusOK, "您已签署，但任务已拒签")
	})
}

// Who has no digital certificate applies for one on the way; and cancels it.
func TestIdentity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a := s.Person(t, "王小明")
		s.people["a"] = a.Ctx
		s.Get("a", Wallet).Is(http.StatusOK, "还没有申请")
		s.Get("a", Identity).Is(http.StatusOK, "申请个人数字证书").Lacks("/cancel")
		id := s.begun(with(twoSign(a, s.person("b", "李四"))))
		at := Sign + "/" + id + "/1"
		s.Get("a", at).Is(http.StatusOK)
		s.Post("a", at+"/write", "drawing", written()).Leads(at + "/confirm")
		s.Get("a", at+"/confirm").Is(http.StatusOK, "先申请个人数字证书").Lacks("agree")
		s.Post("a", Identity, "back", "https://elsewhere.example/").Leads(Identity + "?done=enrolled")
		s.Post("a", Identity, "back", at+"/confirm").Leads(at + "/confirm")
		s.Get("a", at+"/confirm").Is(http.StatusOK, "自愿以本人的电子签名签署")
		s.Get("a", Identity+"?done=enrolled").Is(http.StatusOK, "已申请成功", "数字证书序列号", "有效期").Lacks(a.Citizen)
		s.Post("a", Identity+"/renew").Is(409, "到期前 60 日内才能续期")
		s.Get("a", Identity+"/cancel").Is(http.StatusOK, "不能恢复")
		s.Post("a", Identity+"/cancel").Is(422, "注销须说明理由", "reason-error")
		s.Post("a", Identity+"/cancel", "reason", "手机丢失").Leads(Identity + "?done=cancelled")
		s.Get("a", Identity).Is(http.StatusOK, "已注销", "申请个人数字证书")
		s.Post("a", Identity+"/cancel", "reason", "手机丢失").Is(422, "没有可注销的")
		x := s.scene("a", id, "1")
		s.Post("a", at+"/confirm", "agree", "1", "code", signaturetest.Code, "original", x.Task.Original, "intent", x.Intent.Version).Is(409, "还没有有效的个人数字证书", "先申请个人数字证书")
	})
}

// A link says who asks for what, and shows the document to nobody but its person.
func TestLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
		id := s.begun(twoSign(a, b))
		made := s.Post("clerk", Home+"/"+id+"/link", "number", "1").Is(http.StatusOK, "1号签署人 王**的签署链接", "class=\"qr\"", "以前的就失效")
		_, rest, _ := strings.Cut(made.Body, "/s/sign/")
		link := "/s/sign/" + rest[:52]
		got := s.Get("nobody", link).Is(http.StatusOK, "请您签署文件", "样例协议", "王**", "/login?back=%2Fs%2Fsign%2F").Lacks("王小明", a.Citizen, "data:image")
		if got.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Error("the address is told to other pages")
		}
		s.Get("b", link).Is(404, "不是发给您的", "退出，换账号登录").Lacks("样例协议", "data:image")
		s.Get("keeper", link).Lacks("样例协议")
		s.Get("a", link).Leads(Sign + "/" + id)
		s.Get("nobody", "/s/sign/"+strings.Repeat("a", 52)).Is(404, "怎么办")
		s.Post("clerk", Home+"/"+id+"/link", "number", "1").Is(http.StatusOK)
		s.Get("nobody", link).Is(404) // another took its place
		s.Post("clerk", Home+"/"+id+"/link", "number", "7").Is(404)
		s.Post("clerk", Home+"/"+id+"/link", "number", "x").Is(422, "没有选择签署人")
		s.Post("clerk", Home+"/"+id+"/remind").Leads(Home + "/" + id + "?done=reminded")
		s.Post("clerk", Home+"/"+id+"/remind").Is(429, "一小时内已经催办过")
		s.Get("clerk", Home+"/"+id+"/withdraw").Is(http.StatusOK, "撤回“样例协议”")
		s.Post("clerk", Home+"/"+id+"/withdraw", "reason", "").Is(422, "撤回须说明理由")
		s.Post("clerk", Home+"/"+id+"/withdraw", "reason", "写错了").Leads(Home + "/" + id)
		s.Post("clerk", Home+"/"+id+"/withdraw", "reason", "写错了").Is(409, "已撤回")
		s.Post("clerk", Home+"/"+id+"/link", "number", "1").Is(409, "已撤回")
		s.Get("clerk", Home+"/"+id).Is(http.StatusOK, "已撤回").Lacks("催办</button>")
		s.Get("a", Sign+"/"+id).Leads(Sign + "/" + id + "/1/done")
		s.Get("a", Sign+"/"+id+"/1/done").Is(http.StatusOK, "签署任务已撤回", "您没有在这份文件上签名")
	})
}

// A phone writes for the desk: the page that it opens does not use the code up, its
// script does.
func TestPad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
		id := s.begun(twoSign(a, b))
		at := Sign + "/" + id + "/1"
		s.Get("a", at).Is(http.StatusOK)
		shown := s.Post("a", at+"/pad").Is(http.StatusOK, "手机扫码", "class=\"qr\"", "data-arrives")
		_, rest, _ := strings.Cut(shown.Body, "/s/pad/")
		pad := "/s/pad/" + rest[:52]
		for range 2 {
			if got := s.Get("nobody", pad).Is(http.StatusOK, "不会签署", "没有允许脚本").Lacks("样例协议", "王"); got.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Error("the address is told to other pages")
			}
		}
		open := s.Do("nobody", http.MethodPost, pad+"/open", "application/json", strings.NewReader("{}")).Is(http.StatusOK)
		var scene signature.PadScene
		must(t, json.Unmarshal([]byte(open.Body), &scene))
		s.Do("nobody", http.MethodPost, pad+"/drawing", "application/json", strings.NewReader(written()), "Pad-Device", scene.Device).Is(http.StatusNoContent)
		if x := s.scene("a", id, "1"); x.Drawing == "" || x.Box == "" {
			t.Error("nothing arrived at the desk")
		}
		s.Get("a", at+"/write").Is(http.StatusOK, "已经写好的", "用这个，下一步")
		s.Get("a", at).Is(http.StatusOK, "下一步：确认签署")
		s.Get("b", Sign+"/"+id+"/2").Is(http.StatusOK, "还没有轮到您")
		s.Post("b", Sign+"/"+id+"/2/pad").Leads(Sign + "/" + id + "/2")
	})
}

// Who cannot write signs without a picture.
func TestPlain(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	a, b := s.person("a", "王小明"), s.person("b", "欧阳晓红")
	id := s.begun(with(twoSign(a, b), "signers[0].way", signature.Plain, "order", "any"))
	at := Sign + "/" + id + "/1"
	s.Get("a", at).Is(http.StatusOK, "第 1 步，共 2 步", "下一步：确认签署").Lacks("手写签名")
	s.Get("a", at+"/write").Leads(at)
	s.Get("a", at+"/confirm").Is(http.StatusOK, "文件上不显示手写")
	x := s.scene("a", id, "1")
	s.Post("a", at+"/confirm", "agree", "1", "code", signaturetest.Code, "original", x.Task.Original, "intent", x.Intent.Version).Leads(at + "/done")
	s.signs("b", id, "2").Is(http.StatusOK, "签署完成")
}
