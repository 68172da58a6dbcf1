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
		s.Get("keeper", Home).Is(200, "还没有印章", "申请印章")
		x := s.Make(t, sealtest.Market, seal.LegalName)
		here := page.At(Home, x.ID)
		s.Get("keeper", Home).Is(200, "我保管的", x.Name, "有效", "法定名称章", here)
		s.Get("admin", Home).Is(200, "全部印章", x.Name).Lacks("我保管的")
		s.Get("keeper", here).Is(200, "立即冻结", "疑似被他人使用", x.Number, "青禾县人民政府", x.Certificate, "印模摘要", x.Imprint, "证书链", `width="159"`, "申请注销").Lacks("恢复使用</a>")
		s.Get("", page.At(Open, x.ID)).Is(200, "有效", x.Name, "状态截至", "/status/v1/keys").Lacks("样例·keeper")

		s.Post("keeper", here+"/freeze").Is(422, "请选择原因", `aria-invalid="true"`)
		s.Post("keeper", here+"/freeze", "reason", "随便写的").Is(422, "请选择")
		s.Post("keeper", here+"/freeze", "reason", reasons[0]).Leads(here + "?done=frozen")
		s.Get("keeper", here+"?done=frozen").Is(200, "公众现在看到：已冻结", "截至").Lacks("立即冻结</button>", "恢复使用</a>x")
		s.Get("", page.At(Open, x.ID)).Is(200, "<h1>已冻结</h1>")
		s.Get("", Open+"?q="+x.Number).Is(200, "已冻结")
		s.Post("keeper", here+"/freeze", "reason", reasons[0]).Is(409, "已处于该状态")

		s.Post("next", here+"/thaw", "reason", "核查完毕").Is(403)
		s.Get("admin", here+"/thaw").Is(200, "恢复使用", x.Name)
		s.Post("admin", here+"/thaw").Is(422, "须说明理由", `href="#reason"`)
		s.Post("admin", here+"/thaw", "reason", "核查完毕").Leads(here + "?done=thawed")
		s.Get("", page.At(Open, x.ID)).Is(200, "<h1>有效</h1>")
		s.Post("admin", here+"/thaw", "reason", "再来一次").Is(409)

		s.Post("keeper", here+"/lost", "reason", "设备被盗").Is(422, "请勾选")
		s.Post("keeper", here+"/lost", "agree", "1").Is(422, "须说明理由")
		s.Post("keeper", here+"/lost", "agree", "1", "reason", "设备被盗").Leads(here + "?done=lost")
		s.Get("admin", here).Is(200, "密钥失控", "不能恢复").Lacks(here + "/thaw")
		s.Post("admin", here+"/thaw", "reason", "找回").Is(409, "不能恢复")
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
				s.Get(who, path).Is(403)
			}
			if to := s.Get("", path).To(); !strings.HasPrefix(to, "/login") {
				t.Errorf("a stranger at %s is led to %q", path, to)
			}
			s.Get("keeper", strings.Replace(path, x.ID, "none", 1)).Is(404)
		}
		s.Get("next", Home).Is(200, x.Name).Lacks(other.Name)
		s.Get("designer", Home).Is(403)
		for _, c := range []struct{ who, path string }{
			{"land", "/freeze"}, {"land", "/lost"}, {"clerk", "/freeze"}, {"next", "/thaw"}, {"land", "/custody"}, {"next", "/custody"}, {"clerk", "/custody"},
			{"next", "/rules"}, {"land", "/rules"}, {"land", "/policies"}, {"admin", "/policies"}, {"next", "/rules/" + rule.ID + "/end"}, {"land", "/policies/" + policy.ID + "/end"}, {"land", "/custody/decline"},
		} {
			s.Post(c.who, here+c.path, "reason", reasons[0], "agree", "1", "to", s.id("land"), "purpose", "公文", "asker", "here", "levels", "custodian", "max", "1", "until", day(1), "kind", "x").Is(403)
		}
		// Another seal's rule and policy are not this one's to end.
		s.Get("keeper", there+"/rules/"+rule.ID+"/end").Is(404)
		s.Post("keeper", there+"/rules/"+rule.ID+"/end", "reason", "越界").Is(404)
		s.Post("keeper", there+"/policies/"+policy.ID+"/end", "reason", "越界").Is(404)
		s.Do("keeper", "POST", here+"/freeze", "application/x-www-form-urlencoded", strings.NewReader("reason="+reasons[0]), "Sec-Fetch-Site", "cross-site").Is(403)
		s.Get("", page.At(Open, x.ID)).Is(200, "<h1>有效</h1>")
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
		s.Get("keeper", here+"/custody").Is(200, "还没有别人可以保管", "制作时的保管人")
		s.pages.Keepers = func(context.Context, string) ([]string, error) {
			return []string{s.id("next"), s.id("land"), s.id("clerk"), s.id("keeper"), s.id("next")}, nil
		}
		s.Get("keeper", here+"/custody").Is(200, s.id("next"), "样例·next").Lacks("样例·land", "样例·sealclerk")
		s.Post("keeper", here+"/custody", "reason", "轮岗").Is(422, "请选择接收人", `href="#to"`)
		s.Post("keeper", here+"/custody", "to", s.id("next")).Is(422, "须说明理由", `href="#reason"`)
		s.Post("keeper", here+"/custody", "to", "nobody", "reason", "轮岗").Is(422, "没有这个接收人")
		s.Post("keeper", here+"/custody", "to", s.id("next"), "reason", "轮岗").Leads(here + "/custody?done=offered")
		s.Get("keeper", here+"/custody").Is(200, "等待接收", "改为移交给另一人", "待接收")
		s.Get("next", Home).Is(200, "等您接收", "核对并接收")
		s.Get("next", here+"/custody").Is(200, "移交给您保管", "轮岗")
		s.Post("land", here+"/custody/accept").Is(403)
		s.Post("next", here+"/custody/accept").Leads(here + "?done=accepted")
		s.Post("next", here+"/custody/accept").Is(409)
		s.Get("next", here).Is(200, "样例·next（您）", "立即冻结")
		s.Get("keeper", here+"/custody").Is(200, "已接收", "样例·keeper（您） 移交给 样例·next")

		s.Post("next", here+"/custody", "to", s.id("keeper"), "reason", "还给他").Leads(here + "/custody?done=offered")
		s.Post("keeper", here+"/custody/decline").Is(422, "须说明理由")
		s.Post("keeper", here+"/custody/decline", "reason", "不同意").Leads(here + "/custody?done=declined")
		s.Get("next", here+"/custody").Is(200, "未完成", "不同意")
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
	s.Get("keeper", page.At(Home, x.ID, "custody")).Is(200, `value="`+s.id("next")+`"`)
}

// TestRules adds and ends lines of the matrix and standing policies.
func TestRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		here := page.At(Home, x.ID, "rules")
		s.Get("keeper", here).Is(200, "还没有规则", "没有常备用印授权", "加入一条规则", "只限经办人")
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
			s.Post("keeper", here, bad...).Is(422, "summary", "<details class=\"fold-form\" open>")
		}
		s.Post("keeper", here, good...).Leads(here + "?done=ruled")
		s.Get("next", here).Is(200, "公文", "只限经办人", "先由负责人批准，再由保管人批准", "20 件", "印章管理办法第九条").Lacks("终止", "加入一条规则")
		end := page.At(Home, x.ID, "rules") + "/" + s.Get("keeper", here).Between(here+"/", "/end") + "/end"
		s.Get("keeper", end).Is(200, "公文", "终止规则")
		s.Post("keeper", end).Is(422, "须说明理由")
		s.Post("keeper", end, "reason", "不再需要").Leads(here + "?done=unruled")
		s.Post("keeper", end, "reason", "不再需要").Is(404)

		grant := page.At(Home, x.ID, "policies")
		s.Post("keeper", grant, "kind", "business_license", "until", day(1)).Is(422, "请填写依据")
		s.Post("keeper", grant, "kind", "business_license", "until", day(1), "reason", "审核过", "daily", "-1").Is(422, "应为整数")
		s.Post("keeper", grant, "kind", "business_license", "until", "2020-01-01", "reason", "审核过").Is(422, "应晚于现在")
		s.Post("keeper", grant, "kind", "business_license", "until", day(1), "reason", "审核过", "daily", "300").Leads(here + "?done=granted")
		s.Get("keeper", here).Is(200, "business_license", "每日 300 次", "本平台工作人员")
		end = page.At(Home, x.ID, "policies") + "/" + s.Get("keeper", here).Between(grant+"/", "/end") + "/end"
		s.Post("keeper", end).Is(422)
		s.Post("keeper", end, "reason", "收回").Leads(here + "?done=ended")
		s.Get("keeper", here).Is(200, "已终止")
		s.Post("keeper", end, "reason", "收回").Is(409)
	})
}

// TestUses reconstructs who used a seal, when, on what, approved by whom.
func TestUses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Make(t, sealtest.Market, seal.LegalName)
		uses := page.At(Home, x.ID, "uses")
		s.Get("admin", uses).Is(200, "还没有用过")
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
		first := s.Get("admin", uses).Is(200, "证照", "常备用印授权", "办理中", "更早的", s.App.ID)
		next := first.Between(`rel="next" href="`, `"`)
		s.Get("admin", next).Is(200, "文件", "a1", "样例·sealclerk", "样例·keeper", "一次性口令，测试终端", "测试", "已用印", hexOf(document), hexOf(content), "回到最前")
		s.Get("admin", uses+"?cursor=x").Is(422)
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
		s.Get("", Open).Is(200, "印章查询").Lacks(x.ID)
		s.Get("", Open+"?q=青").Is(422, "至少", `href="#q"`)
		s.Get("", Open+"?q=青禾县市场").Is(200, x.Name, "找到 1 枚")
		if a := s.Get("", Open+"?q=<script>alert(1)</script>").Is(200, "没有这样的印章"); strings.Contains(string(a.Raw), "<script>alert") {
			t.Error("the page has what was typed as it was typed")
		}
		s.Get("", Open+"?q=青禾县自然").Is(200, "没有这样的印章")
		s.Get("", page.At(Open, made.ID)).Is(404, "没有这枚印章") // not filed
		s.Get("", page.At(Open, "none")).Is(404)
		s.Get("", page.At(Open, x.ID, "imprint.png")).Is(404)

		var one struct {
			ID, State, Name string
			AsOf            time.Time `json:"as_of"`
		}
		a := s.Get("", page.At(Open, x.ID), "Accept", "application/json").Is(200)
		must(t, json.Unmarshal([]byte(a.Body), &one))
		if one.ID != x.ID || one.State != "effective" || one.AsOf.IsZero() || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v", a.Body, a.Header)
		}
		s.Get("", Open+"?q=青禾县市场", "Accept", "application/json").Is(200, `"items":[{`, x.ID).Lacks("Frame", "Problem")
		s.Get("", page.At(Open, "none"), "Accept", "application/json").Is(404, `"code":"seal.unknown"`)
		s.Get("", Open, "Accept", "application/json").Is(422)
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
	s.Get("", page.At(Open, x.ID)).Is(200, "电子名章").Lacks("欧阳样例")
	s.Get("", Open+"?q="+x.ID).Is(200, "电子名章").Lacks("欧阳样例")
	s.Get("", Open+"?q=欧阳样例").Is(200, "没有这样的印章")
	s.Get("admin", Home).Is(200, "电子名章", "印模不在列表显示").Lacks("欧阳样例")
	s.Get("keeper", Home).Is(200, "欧阳样例") // keeps it
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
	s.Get("", Open+"?q=青禾县样例").Is(200, "由互联网区告知", "/open/seals/n1").Lacks("欧阳样例")
	s.Get("", page.At(Open, "n1")).Is(200, "有效", "互联网区").Lacks("欧阳样例")
	s.Get("", page.At(Open, "n2")).Is(404)
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
	s.Get("zhang", here).Is(200, "个人印章", "您本人的印章", "/wallet/seals", "申请注销").Lacks("立即冻结</button>", here+"/custody", here+"/rules", "青禾县市场监督管理局")
	s.Get("zhang", here+"/uses").Is(200, "还没有用过")
	s.Get("zhang", here+"/imprint.png").Is(200)
	s.Get("zhang", Home).Is(403)
	for _, path := range []string{"", "/uses", "/imprint.png", "/custody", "/rules"} {
		s.Get("zhang", page.At(Home, other.ID)+path).Is(403)
	}
	s.Post("zhang", here+"/freeze", "reason", reasons[0]).Is(403)
	s.Get("land", here).Is(403)
	s.Get("", page.At(Open, x.ID)).Is(200, "个人印章").Lacks("张样例", "青禾县市场监督管理局</")
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
	s.Get("keeper", Home).Is(200).Lacks(renew)
	now = x.ValidTo.AddDate(0, 0, -10)
	s.Get("keeper", Home).Is(200, renew, "10 天后到期")
	s.Get("keeper", page.At(Home, x.ID)).Is(200, renew, "申请续期")
	s.Get("admin", page.At(Home, x.ID)).Is(200, "10 天后到期").Lacks(renew) // applies for none
	now = x.ValidTo.AddDate(0, 0, 1)
	s.Get("keeper", page.At(Home, x.ID)).Is(200, "已到期").Lacks(renew, "立即冻结</button>")
	s.Get("", page.At(Open, x.ID)).Is(200, "<h1>已到期</h1>")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	x, y := s.Make(t, sealtest.Market, seal.LegalName), s.Make(t, sealtest.Land, seal.Special)
	s.Get("admin", Home+"?q=青禾县自然").Is(200, y.Name, "查询结果").Lacks(page.At(Home, x.ID))
	s.Get("admin", Home+"?q=市场监督").Is(200, page.At(Home, x.ID)) // words within the unit's name
	s.Get("admin", Home+"?q="+x.Number).Is(200, page.At(Home, x.ID)).Lacks(page.At(Home, y.ID))
	s.Get("admin", Home+"?kind=special").Is(200, page.At(Home, y.ID)).Lacks(page.At(Home, x.ID))
	s.Get("admin", Home+"?state=frozen").Is(200, "没有找到")
	s.Get("admin", Home+"?q=青禾县某某").Is(200, "没有找到", "清除条件")
	s.Get("admin", Home+"?state=odd").Is(422)
	s.Get("next", Home+"?unit="+sealtest.Land).Is(403)
}

// The picture is for who may see the seal, and is asked for anew.
func TestImprint(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, "sqlite"))
	x := s.Make(t, sealtest.Market, seal.LegalName)
	a := s.Get("next", page.At(Home, x.ID, "imprint.png")).Is(200)
	if a.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(a.Header.Get("Cache-Control"), "private") {
		t.Errorf("%v", a.Header)
	}
	s.Get("next", page.At(Home, x.ID, "imprint.png"), "If-None-Match", a.Header.Get("ETag")).Is(304)
	s.Get("land", page.At(Home, x.ID, "imprint.png"), "If-None-Match", a.Header.Get("ETag")).Is(403)
}
