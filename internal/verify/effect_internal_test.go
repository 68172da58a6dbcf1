package verify

import (
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/ofd/sign"
)

// A verdict says where the law makes an exception, and does not rely on a row
// that was edited.
func TestException(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    string
		effect    *catalogue.Effect
		says, not string
		stands    bool
	}{
		"no exception":  {cert.Effective, nil, "同等法律效力", "法定例外", true},
		"an exception":  {cert.Effective, &catalogue.Effect{Exception: "办理出境时须出示实体证件", Basis: "《出境入境管理法》第十一条"}, "法定例外：办理出境时须出示实体证件（《出境入境管理法》第十一条）", "登记数据异常", true},
		"an edited row": {cert.Altered, nil, "登记数据异常", "同等法律效力", false},
	} {
		v := &Verdict{
			Report:   &sign.Report{Verdict: sign.Valid},
			Register: registerOf(&cert.Certificate{Status: c.status, StatusName: cert.Label(c.status), Effect: c.effect}, true),
		}
		v.conclude("")
		all := v.LegalEffect + strings.Join(v.Reasons, "")
		if !strings.Contains(all, c.says) || strings.Contains(all, c.not) || v.Stands() != c.stands {
			t.Errorf("%s: stands %t: %s", name, v.Stands(), all)
		}
	}
}
