package issuing_test

import (
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/issuing/issuingtest"
	"sidian/internal/outbox"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web"
	"sidian/internal/web/page/pagetest"
)

// A certificate of several seals on the pages: the clerk names the unit, who
// reviews and who seals see it, its progress is shown, and a refusal comes back
// to the clerk with the reason.
func TestSeveralPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := issuingtest.NewSeveral(t, d)
		w := siteOf(t, x.World)
		const at = home + "/new?kind=" + issuingtest.Joint
		const field = "seals." + issuingtest.Partner
		w.Get("clerk", at).Is(200, "用印单位", issuingtest.Partner, `name="`+field+`"`, `value="`+sealtest.Land+`"`, "请选择单位")
		k, err := x.Catalogue.Get(t.Context(), issuingtest.Joint)
		pagetest.Must(t, err)
		form := pagetest.Form("issuer", sealtest.Market, "once", "several", "then", "submit")
		for name, v := range web.ValuesOf(k, requestOf(issuingtest.Named(t))) {
			if name != "issuer" {
				form.Set(name, v)
			}
		}
		here := home + "/" + w.Upload("clerk", at, form).Is(422, "须指明", `href="#seal-unit-0"`, `id="seal-unit-0-error"`).Between(`action="`+home+"/", `/save"`)
		form.Set("version", "1")
		form.Set(field, sealtest.Land)
		w.Upload("clerk", here+"/save", form).Leads(here + "?done=submitted")
		w.Get("reviewer", here).Is(200, "用印位置", issuingtest.Partner, "第 1 顺序用印", "第 2 顺序用印").Lacks("还没有指定单位")
		w.Post("reviewer", here+"/pass", "version", "2").Leads(here + "?done=passed")
		w.Post("sealer", here+"/issue", "version", "2").Leads(here + "?done=asked")
		w.Get("sealer", here+"?done=asked").Is(200, "已提请用印", "待审批", "未到顺序", "用印进度")

		draft, err := x.Issuing.Get(x.Sealer, strings.TrimPrefix(here, home+"/"))
		pagetest.Must(t, err)
		now, err := x.Cert.Sealings(x.Sealer, draft.Pending)
		pagetest.Must(t, err)
		for _, s := range now.Seals {
			if s.Org == sealtest.Land {
				_, err = x.Sealing.Refuse(x.Keepers[sealtest.Land], s.Step, "用地性质与规划不符")
				pagetest.Must(t, err)
			}
		}
		ev := outbox.Event{Key: now.Request}
		pagetest.Must(t, x.Cert.Settled(t.Context(), ev))
		pagetest.Must(t, x.Issuing.Settled(t.Context(), ev))
		w.Get("clerk", here).Is(200, "用地性质与规划不符", "用印单位不予用印", `name="`+field+`"`, "提交审核")
	})
}
