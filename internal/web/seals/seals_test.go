package seals

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/ferry"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page"
)

// TestLife freezes a seal in one click, tells the public at once, and takes it
// into use again.
func TestLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		s.get("keeper", Home).is(200, "还没有印章", "申请印章")
		x := s.Make(t, sealtest.Market, seal.LegalName)
		here := page.At(Home, x.ID)
		s.get("keeper", Home).is(200, "我保管的", x.Name, "有效", "法定名称章", here)
		s.get("admin", Home).is(200, "全部印章", x.Name).lacks("我保管的")
		s.get("keeper", here).is(200, "立即冻结", "疑似被他人使用", x.Number, "青禾县人民政府", x.Certificate, "印模摘要", x.Imprint, "证书链", `width="159"`, "申请注销").lacks("恢复使用</a>")
		s.get("", page.At(Open, x.ID)).is(200, "有效", x.Name, "状态截至", "/status/v1/keys").lacks("样例·keeper")

		s.post("keeper", here+"/freeze").is(422, "请选择原因", `aria-invalid="true"`)
		s.post("keeper", here+"/freeze", "reason", "随便写的").is(422, "请选择")
		s.post("keeper", here+"/freeze", "reason", reasons[0]).leads(here + "?done=frozen")
		s.get("keeper", here+"?done=frozen").is(200, "公众现在看到：已冻结", "截至").lacks("立即冻结</button>", "恢复使用</a>x")
		s.get("", page.At(Open, x.ID)).is(200, "<h1>已冻结</h1>")
		s.get("", Open+"?q="+x.Number).is(200, "已冻结")
		s.post("keeper", here+"/freeze", "reason", reasons[0]).is(409, "已处于该状态")

		s.post("next", here+"/thaw", "reason", "核查完毕").is(403)
		s.get("admin", here+"/thaw").is(200, "恢复使用", x.Name)
		s.post("admin", here+"/thaw").is(422, "须说明理由", `href="#reason"`)
		s.post("admin", here+"/thaw", "reason", "核查完毕").leads(here + "?done=thawed")
		s.get("", page.At(Open, x.ID)).is(200, "<h1>有效</h1>")
		s.post("admin", here+"/thaw", "reason", "再来一次").is(409)

		s.post("keeper", here+"/lost", "reason", "设备被盗").is(422, "请勾选")
		s.post("keeper", here+"/lost", "agree", "1").is(422, "须说明理由")
		s.post("keeper", here+"/lost", "agree", "1", "reason", "设备被盗").leads(here + "?done=lost")
		s.get("admin", here).is(200, "密钥失控", "不能恢复").lacks(here + "/thaw")
		s.post("admin", here+"/thaw", "reason", "找回").is(409, "不能恢复")
	})
}

// TestRefused lets everybody else try every page of a seal.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x, other := s.Make(t, sealtest.Market, seal.LegalName), s.Make(t, sealtest.Land, seal.LegalName)
		rule := s.Rule(t, x)
		policy := s.World.Permit(t, x)
		here, there := page.At(Home, x.ID), page.At(Home, other.ID)
		for _, path := range []string{here, here + "/uses", here + "/custody", here + "/rules", here + "/imprint.png"} {
			for _, who := range []string{"land", "designer", "system", "security"} {
				s.get(who, path).is(403)
			}
			if to := s.get("", path).header.Get("Location"); !strings.HasPrefix(to, "/login") {
				t.Errorf("a stranger at %s is led to %q", path, to)
			}
			s.get("keeper", strings.Replace(path, x.ID, "none", 1)).is(404)
		}
		s.get("next", Home).is(200, x.Name).lacks(other.Name)
		s.get("designer", Home).is(403)
		for _, c := range []struct{ who, path string }{
			{"land", "/freeze"}, {"land", "/lost"}, {"clerk", "/freeze"}, {"next", "/thaw"}, {"land", "/custody"}, {"next", "/custody"}, {"clerk", "/custody"},
			{"next", "/rules"}, {"land", "/rules"}, {"land", "/policies"}, {"admin", "/policies"}, {"next", "/rules/" + rule.ID + "/end"}, {"land", "/policies/" + policy.ID + "/end"}, {"land", "/custody/decline"},
		} {
			s.post(c.who, here+c.path, "reason", reasons[0], "agree", "1", "to", s.id("land"), "purpose", "公文", "asker", "here", "levels", "custodian", "max", "1", "until", day(1), "kind", "x").is(403)
		}
		// Another seal's rule and policy are not this one's to end.
		s.get("keeper", there+"/rules/"+rule.ID+"/end").is(404)
		s.post("keeper", there+"/rules/"+rule.ID+"/end", "reason", "越界").is(404)
		s.post("keeper", there+"/policies/"+policy.ID+"/end", "reason", "越界").is(404)
		s.do("keeper", "POST", here+"/freeze", "application/x-www-form-urlencoded", strings.NewReader("reason="+reasons[0]), "Sec-Fetch-Site", "cross-site").is(403)
		s.get("", page.At(Open, x.ID)).is(200, "<h1>有效</h1>")
		if n, err := s.Seal.Rules(s.Keeper, x.ID); err != nil || len(n) != 1 {
			t.Errorf("%d rules: %v", len(n), err)
		}
	})
}

// TestCustody hands a seal over: who may keep it is offered, who accepts keeps it.
func TestCustody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		here := page.At(Home, x.ID)
		s.get("keeper", here+"/custody").is(200, "还没有别人可以保管", "制作时的保管人")
		s.pages.Keepers = func(context.Context, string) ([]string, error) {
			return []string{s.id("next"), s.id("land"), s.id("clerk"), s.id("keeper"), s.id("next")}, nil
		}
		s.get("keeper", here+"/custody").is(200, s.id("next"), "样例·next").lacks("样例·land", "样例·sealclerk")
		s.post("keeper", here+"/custody", "reason", "轮岗").is(422, "请选择接收人", `href="#to"`)
		s.post("keeper", here+"/custody", "to", s.id("next")).is(422, "须说明理由", `href="#reason"`)
		s.post("keeper", here+"/custody", "to", "nobody", "reason", "轮岗").is(422, "没有这个接收人")
		s.post("keeper", here+"/custody", "to", s.id("next"), "reason", "轮岗").leads(here + "/custody?done=offered")
		s.get("keeper", here+"/custody").is(200, "等待接收", "改为移交给另一人", "待接收")
		s.get("next", Home).is(200, "等您接收", "核对并接收")
		s.get("next", here+"/custody").is(200, "移交给您保管", "轮岗")
		s.post("land", here+"/custody/accept").is(403)
		s.post("next", here+"/custody/accept").leads(here + "?done=accepted")
		s.post("next", here+"/custody/accept").is(409)
		s.get("next", here).is(200, "样例·next（您）", "立即冻结")
		s.get("keeper", here+"/custody").is(200, "已接收", "样例·keeper（您） 移交给 样例·next")

		s.post("next", here+"/custody", "to", s.id("keeper"), "reason", "还给他").leads(here + "/custody?done=offered")
		s.post("keeper", here+"/custody/decline").is(422, "须说明理由")
		s.post("keeper", here+"/custody/decline", "reason", "不同意").leads(here + "/custody?done=declined")
		s.get("next", here+"/custody").is(200, "未完成", "不同意")
	})
}

// Without a directory, the people who hold posts and keep seals are offered.
func TestKnownKeepers(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	r := s.Request(t, sealtest.Market, seal.Special)
	r.Custodian = s.id("next")
	s.MakeOf(t, r)
	x := s.Make(t, sealtest.Market, seal.LegalName)
	s.get("keeper", page.At(Home, x.ID, "custody")).is(200, `value="`+s.id("next")+`"`)
}

// TestRules adds and ends lines of the matrix and standing policies.
func TestRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		here := page.At(Home, x.ID, "rules")
		s.get("keeper", here).is(200, "还没有规则", "没有常备用印授权", "加入一条规则", "只限经办人")
		good := []string{"purpose", "公文", "asker", "clerk", "levels", "leader,custodian", "max", "20", "until", day(1), "reason", "印章管理办法第九条"}
		with := func(name, value string) []string {
			out := append([]string{}, good...)
			for i := 0; i < len(out); i += 2 {
				if out[i] == name {
					out[i+1] = value
				}
			}
			return out
		}
		for _, bad := range [][]string{with("purpose", ""), with("asker", ""), with("asker", "!"), with("levels", "custodian,leader"), with("max", "many"), with("max", "0"), with("until", ""), with("until", "tomorrow"), with("until", "2020-01-01"), with("reason", "")} {
			s.post("keeper", here, bad...).is(422, "summary", "<details class=\"fold-form\" open>")
		}
		s.post("keeper", here, good...).leads(here + "?done=ruled")
		s.get("next", here).is(200, "公文", "只限经办人", "先由负责人批准，再由保管人批准", "20 件", "印章管理办法第九条").lacks("终止", "加入一条规则")
		end := page.At(Home, x.ID, "rules") + "/" + s.get("keeper", here).between(here+"/", "/end") + "/end"
		s.get("keeper", end).is(200, "公文", "终止规则")
		s.post("keeper", end).is(422, "须说明理由")
		s.post("keeper", end, "reason", "不再需要").leads(here + "?done=unruled")
		s.post("keeper", end, "reason", "不再需要").is(404)

		grant := page.At(Home, x.ID, "policies")
		s.post("keeper", grant, "kind", "business_license", "until", day(1)).is(422, "请填写依据")
		s.post("keeper", grant, "kind", "business_license", "until", day(1), "reason", "审核过", "daily", "-1").is(422, "应为整数")
		s.post("keeper", grant, "kind", "business_license", "until", "2020-01-01", "reason", "审核过").is(422, "应晚于现在")
		s.post("keeper", grant, "kind", "business_license", "until", day(1), "reason", "审核过", "daily", "300").leads(here + "?done=granted")
		s.get("keeper", here).is(200, "business_license", "每日 300 次", "本平台工作人员")
		end = page.At(Home, x.ID, "policies") + "/" + s.get("keeper", here).between(grant+"/", "/end") + "/end"
		s.post("keeper", end).is(422)
		s.post("keeper", end, "reason", "收回").leads(here + "?done=ended")
		s.get("keeper", here).is(200, "已终止")
		s.post("keeper", end, "reason", "收回").is(409)
	})
}

// TestUses reconstructs who used a seal, when, on what, approved by whom.
func TestUses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		uses := page.At(Home, x.ID, "uses")
		s.get("admin", uses).is(200, "还没有用过")
		content, document := gm.Sum([]byte("content")), gm.Sum([]byte("document"))
		approval := s.Approve(t, x, "sealing/a1", content, s.Clerk)
		must(t, s.DB.Write(s.Clerk, func(tx *db.Tx) error {
			token, err := s.Seal.IntendApprovedTx(tx, approval, "sealing/a1", content)
			if err != nil {
				return err
			}
			return s.Seal.DoneTx(tx, token.Use(), document)
		}))
		s.World.Permit(t, x)
		for range usesAtOnce {
			must(t, s.DB.Write(s.World.Client, func(tx *db.Tx) error {
				_, err := s.Seal.IntendTx(tx, x, "cert/c1", "license", content)
				return err
			}))
		}
		first := s.get("admin", uses).is(200, "证照", "常备用印授权", "办理中", "更早的", s.App.ID)
		next := first.between(`rel="next" href="`, `"`)
		s.get("admin", next).is(200, "文件", "a1", "样例·sealclerk", "样例·keeper", "一次性口令，测试终端", "测试", "已用印", hexOf(document), hexOf(content), "回到最前")
		s.get("admin", uses+"?cursor=x").is(422)
	})
}

func hexOf(d gm.Digest) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range d {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// TestOpen is what strangers see, and programs.
func TestOpen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		made, err := s.Seal.Make(s.Keeper, s.Request(t, sealtest.Land, seal.LegalName))
		must(t, err)
		s.get("", Open).is(200, "印章查询").lacks(x.ID)
		s.get("", Open+"?q=青").is(422, "至少", `href="#q"`)
		s.get("", Open+"?q=青禾县市场").is(200, x.Name, "找到 1 枚")
		s.get("", Open+"?q=<script>alert(1)</script>").is(200, "没有这样的印章").escaped("<script>alert")
		s.get("", Open+"?q=青禾县自然").is(200, "没有这样的印章")
		s.get("", page.At(Open, made.ID)).is(404, "没有这枚印章") // not filed
		s.get("", page.At(Open, "none")).is(404)
		s.get("", page.At(Open, x.ID, "imprint.png")).is(404)

		var one struct {
			ID, State, Name string
			AsOf            time.Time `json:"as_of"`
		}
		a := s.get("", page.At(Open, x.ID), "Accept", "application/json").is(200)
		must(t, json.Unmarshal([]byte(a.body), &one))
		if one.ID != x.ID || one.State != "effective" || one.AsOf.IsZero() || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v", a.body, a.header)
		}
		s.get("", Open+"?q=青禾县市场", "Accept", "application/json").is(200, `"items":[{`, x.ID).lacks("Frame", "Problem")
		s.get("", page.At(Open, "none"), "Accept", "application/json").is(404, `"code":"seal.unknown"`)
		s.get("", Open, "Accept", "application/json").is(422)
	})
}

// A person's name is masked to the public and in lists.
func TestMasked(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	s.Know(s.id("next"), "欧阳样例", 2)
	r := s.Request(t, sealtest.Market, seal.NameSeal)
	r.Name, r.Person, r.Imprint = "欧阳样例", s.id("next"), sealtest.Imprint(t, "欧阳样例")
	x := s.MakeOf(t, r)
	s.get("", page.At(Open, x.ID)).is(200, "电子名章").lacks("欧阳样例")
	s.get("", Open+"?q="+x.ID).is(200, "电子名章").lacks("欧阳样例")
	s.get("", Open+"?q=欧阳样例").is(200, "没有这样的印章")
	s.get("admin", Home).is(200, "电子名章", "印模不在列表显示").lacks("欧阳样例")
	s.get("keeper", Home).is(200, "欧阳样例") // keeps it
	told, err := json.Marshal(seal.PublicSeal{ID: "n1", Name: "欧阳样例", Kind: seal.Personal, State: seal.Effective, StateName: "有效", ValidTo: time.Now().AddDate(1, 0, 0)})
	must(t, err)
	s.pages.Peer = "互联网区"
	s.pages.Neighbours = func(context.Context, string) ([]*ferry.Neighbour, error) {
		return []*ferry.Neighbour{{Object: "n1", Name: "欧阳样例", Body: told, Taken: time.Now()}}, nil
	}
	s.pages.Neighbour = func(_ context.Context, id string) (*ferry.Neighbour, error) {
		if id != "n1" {
			return nil, fault.NotFound.New("没有")
		}
		return &ferry.Neighbour{Object: "n1", Body: told, Taken: time.Now()}, nil
	}
	s.get("", Open+"?q=青禾县样例").is(200, "由互联网区告知", "/open/seals/n1").lacks("欧阳样例")
	s.get("", page.At(Open, "n1")).is(200, "有效", "互联网区").lacks("欧阳样例")
	s.get("", page.At(Open, "n2")).is(404)
}

// A holder sees their own seal, and nothing else.
func TestOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	a, err := s.IAM.CreateAccount(s.System, iam.AccountRequest{Username: "zhang", Kind: iam.Holder, Name: "张样例", Citizen: "999999198504120116"})
	must(t, err)
	s.people["zhang"], err = s.IAM.As(context.Background(), a.ID)
	must(t, err)
	s.Know(a.ID, "张样例", 2)
	r := s.Request(t, sealtest.Market, seal.Personal)
	r.Name, r.Person, r.Custodian, r.Imprint = "张样例", a.ID, a.ID, sealtest.Imprint(t, "张样例")
	x, other := s.MakeOf(t, r), s.Make(t, sealtest.Market, seal.LegalName)
	here := page.At(Home, x.ID)
	s.get("zhang", here).is(200, "个人印章", "您本人的印章", "/wallet/seals", "申请注销").lacks("立即冻结</button>", here+"/custody", here+"/rules", "青禾县市场监督管理局")
	s.get("zhang", here+"/uses").is(200, "还没有用过")
	s.get("zhang", here+"/imprint.png").is(200)
	s.get("zhang", Home).is(403)
	for _, path := range []string{"", "/uses", "/imprint.png", "/custody", "/rules"} {
		s.get("zhang", page.At(Home, other.ID)+path).is(403)
	}
	s.post("zhang", here+"/freeze", "reason", reasons[0]).is(403)
	s.get("land", here).is(403)
	s.get("", page.At(Open, x.ID)).is(200, "个人印章").lacks("张样例", "青禾县市场监督管理局</")
}

// What ends soon is marked, and may be renewed.
func TestRenewal(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Now()
	d.Now = func() time.Time { return now }
	s := newSite(t, d)
	x := s.Make(t, sealtest.Market, seal.LegalName)
	renew := "/console/seal-applications/new?kind=renew&seal=" + x.ID
	s.get("keeper", Home).is(200).lacks(renew)
	now = x.ValidTo.AddDate(0, 0, -10)
	s.get("keeper", Home).is(200, renew, "10 天后到期")
	s.get("keeper", page.At(Home, x.ID)).is(200, renew, "申请续期")
	s.get("admin", page.At(Home, x.ID)).is(200, "10 天后到期").lacks(renew) // applies for none
	now = x.ValidTo.AddDate(0, 0, 1)
	s.get("keeper", page.At(Home, x.ID)).is(200, "已到期").lacks(renew, "立即冻结</button>")
	s.get("", page.At(Open, x.ID)).is(200, "<h1>已到期</h1>")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	x, y := s.Make(t, sealtest.Market, seal.LegalName), s.Make(t, sealtest.Land, seal.Special)
	s.get("admin", Home+"?q=青禾县自然").is(200, y.Name, "查询结果").lacks(page.At(Home, x.ID))
	s.get("admin", Home+"?q=市场监督").is(200, page.At(Home, x.ID)) // words within the unit's name
	s.get("admin", Home+"?q="+x.Number).is(200, page.At(Home, x.ID)).lacks(page.At(Home, y.ID))
	s.get("admin", Home+"?kind=special").is(200, page.At(Home, y.ID)).lacks(page.At(Home, x.ID))
	s.get("admin", Home+"?state=frozen").is(200, "没有找到")
	s.get("admin", Home+"?q=青禾县某某").is(200, "没有找到", "清除条件")
	s.get("admin", Home+"?state=odd").is(422)
	s.get("next", Home+"?unit="+sealtest.Land).is(403)
}

// The picture is for who may see the seal, and is asked for anew.
func TestImprint(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	x := s.Make(t, sealtest.Market, seal.LegalName)
	a := s.get("next", page.At(Home, x.ID, "imprint.png")).is(200)
	if a.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(a.header.Get("Cache-Control"), "private") {
		t.Errorf("%v", a.header)
	}
	s.get("next", page.At(Home, x.ID, "imprint.png"), "If-None-Match", a.header.Get("ETag")).is(304)
	s.get("land", page.At(Home, x.ID, "imprint.png"), "If-None-Match", a.header.Get("ETag")).is(403)
}
