package sealapply

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/pki"
	"sidian/internal/seal"
)

// Results of a check.
const (
	Pass = "pass" // 通过
	Fail = "fail" // 不通过
	Wait = "wait" // 待定: it blocks reviews and making, not submission
)

var resultLabels = map[string]string{Pass: "通过", Fail: "不通过", Wait: "待定"}

// A Check is one thing that the platform looked at by itself.
type Check struct {
	Code       string `json:"code"`
	Name       string `json:"name" doc:"核验什么"`
	Result     string `json:"result" enum:"pass,fail,wait"`
	ResultName string `json:"result_name"`
	Message    string `json:"message"`
}

// Codes of checks, beside those of package pki for a digital certificate that
// the unit holds.
const (
	CheckOrg         = "org"            // the unit exists and is open
	CheckOrgName     = "org.name"       // what the form says is what is registered
	CheckForm        = "form"           // filled in
	CheckAttachments = "attachments"    // complete
	CheckCertificate = "certificate"    // of the unit, with its key
	CheckImprint     = "imprint"        // there, and not blank
	CheckImprintName = "imprint.name"   // that of the digital certificate
	CheckStatement   = "statement"      // signed, about this image
	CheckUnique      = "seal.unique"    // no second seal of the kind
	CheckTwice       = "sealapply.once" // no other application under way
	CheckCustodian   = "custodian"
	CheckPerson      = "person"
	CheckSeal        = "seal"         // that it is about
	CheckWindow      = "renew.window" // N6
	CheckBasis       = "basis"        // the certificate that it rests on
)

type checklist []Check

func (l *checklist) put(code, name, result, format string, args ...any) {
	*l = append(*l, Check{code, name, result, resultLabels[result], fmt.Sprintf(format, args...)})
}

// say puts a pass or a fail.
func (l *checklist) say(code, name string, good bool, yes, no string) {
	if good {
		l.put(code, name, Pass, "%s", yes)
		return
	}
	l.put(code, name, Fail, "%s", no)
}

// checks are what the facts come to, in the order in which people read them.
func (f *facts) checks() []Check {
	var l checklist
	r := f.row
	f.checkUnit(&l)
	f.checkBasis(&l)
	f.checkForm(&l)
	if r.kind.Follows() {
		f.checkSeal(&l)
	}
	if r.kind.Makes() {
		f.checkCertificate(&l)
		f.checkImprint(&l)
		f.checkUnique(&l)
		f.checkKeeper(&l)
	}
	l.say(CheckTwice, "无重复申请", f.others == 0, "没有其他办理中的申请", "同一印章已有办理中的申请，请先办结或撤回")
	return l
}

func (f *facts) checkUnit(l *checklist) {
	r := f.row
	if r.kind == Cancel {
		l.say(CheckOrg, "单位登记", f.org.ID != "", "单位已登记", "单位没有登记") // a unit that was merged has ended
		return
	}
	l.say(CheckOrg, "单位存续", !f.org.Closed, "单位在用", "单位已停用，不能办理印章")
	if r.sealKind == seal.Personal {
		return
	}
	var wrong []string
	if v, asked := f.content.Fields[fieldOrgName]; asked && v != f.org.Name {
		wrong = append(wrong, "单位名称")
	}
	if v, asked := f.content.Fields[fieldUSCC]; asked && v != f.org.USCC {
		wrong = append(wrong, "统一社会信用代码")
	}
	l.say(CheckOrgName, "单位信息与登记一致", len(wrong) == 0, "单位名称、统一社会信用代码与登记一致", joined(wrong)+"与登记的不一致，请核对后更正")
}

func (f *facts) checkForm(l *checklist) {
	r := f.row
	if r.campaign != "" && r.round <= 1 { // the campaign's table stands for the forms and files of its rows
		l.put(CheckForm, "申请表填写完整", Pass, "由集中制发的清单统一填报")
		l.put(CheckAttachments, "材料齐全", Pass, "由集中制发统一提交")
		return
	}
	missing := f.form.missing(r.kind, r.sealKind, f.content.Fields)
	l.say(CheckForm, "申请表填写完整", len(missing) == 0, "必填项均已填写", "未填写："+joined(missing))
	_, wanted := f.form.For(r.kind, r.sealKind)
	missing = nil
	for _, a := range wanted {
		if a.Required && !slices.ContainsFunc(f.files, func(x *attachmentRow) bool { return x.code == a.Code }) {
			missing = append(missing, a.Label)
		}
	}
	l.say(CheckAttachments, "材料齐全", len(missing) == 0, "必备材料均已上传", "缺少："+joined(missing))
}

func (f *facts) checkSeal(l *checklist) {
	r, x := f.row, f.before
	const name = "印章状态"
	switch {
	case x == nil || x.Org != r.org || x.Kind != r.sealKind || x.Person != r.person && x.Person != "":
		l.put(CheckSeal, name, Fail, "没有这枚印章，或不是本单位的")
		return
	case x.State == seal.Cancelled:
		l.put(CheckSeal, name, Fail, "印章已注销")
		return
	case x.State == seal.Replaced:
		l.put(CheckSeal, name, Fail, "印章已由新印章代替")
		return
	case x.State == seal.Made && r.kind != Cancel:
		l.put(CheckSeal, name, Fail, "印章尚未备案")
		return
	}
	l.put(CheckSeal, name, Pass, "印章可以%s", r.kind.Label())
	if r.kind != Renew {
		return
	}
	// 到期前 30 日内申请续期 (第八条); afterwards it is a new application.
	day := func(t time.Time) string { return t.In(beijing).Format(time.DateOnly) }
	switch {
	case f.now.Before(f.renewFrom):
		l.put(CheckWindow, "续期时间", Fail, "印章 %s 到期，%s 起才能申请续期", day(x.ValidTo), day(f.renewFrom))
	case f.now.After(x.ValidTo):
		l.put(CheckWindow, "续期时间", Fail, "印章已于 %s 到期，请申请制作新的印章", day(x.ValidTo))
	default:
		l.put(CheckWindow, "续期时间", Pass, "在到期前的续期时间内，%s 到期", day(x.ValidTo))
	}
}

var beijing = time.FixedZone("CST", 8*3600)

// findingNames say what each question of package pki is about.
var findingNames = map[string]string{
	pki.CheckAlgorithm: "证书算法", pki.CheckKey: "证书与密钥对应", pki.CheckValidity: "证书有效", pki.CheckUsage: "证书可用于签章", pki.CheckChain: "证书链完整",
	pki.CheckIssuer: "签发机构在许可名单内", pki.CheckRevoked: "证书未吊销", pki.CheckName: "证书名称一致", pki.CheckCode: "证书代码一致",
}

func (f *facts) checkCertificate(l *checklist) {
	r := f.row
	const name = "机构数字证书"
	switch {
	case r.mode == BuiltIn:
		l.put(CheckCertificate, name, Pass, "制作时由本平台签发机构按登记名称签发")
		return
	case r.serial == "" && r.mode == Outside:
		l.put(CheckCertificate, name, Wait, "等待外部签发机构签发，由系统管理员安装后继续")
		return
	case f.held == nil:
		l.put(CheckCertificate, name, Fail, "没有登记这张数字证书，请重新选择")
		return
	case f.held.Org != r.org && f.held.Account != r.person || f.held.Account != "" && f.held.Account != r.person:
		l.put(CheckCertificate, name, Fail, "数字证书不是本单位的")
		return
	case f.held.Key == "":
		l.put(CheckCertificate, name, Fail, "数字证书的密钥不在本平台，不能用于制作印章")
		return
	case !f.held.UsableAt(f.now):
		l.put(CheckCertificate, name, Fail, "数字证书已到期或已吊销")
		return
	}
	l.put(CheckCertificate, name, Pass, "使用已持有的数字证书")
	for _, x := range f.found {
		result := map[pki.Result]string{pki.Pass: Pass, pki.Fail: Fail, pki.Unknown: Wait}[x.Result]
		if result == "" {
			result = Fail
		}
		title := findingNames[x.Code]
		if title == "" {
			title = name
		}
		l.put(x.Code, title, result, "%s", x.Message)
	}
}

func (f *facts) checkImprint(l *checklist) {
	r := f.row
	const name = "印模已上传"
	switch {
	case f.picture == nil:
		l.put(CheckImprint, name, Fail, "还没有上传印模图像")
	case f.picture.blank:
		l.put(CheckImprint, name, Fail, "印模图像是空白的，请重新扫描")
	case r.width < 1 || r.height < 1:
		l.put(CheckImprint, name, Fail, "没有写明印模的尺寸（毫米）")
	default:
		l.put(CheckImprint, name, Pass, "印模 %d×%d 毫米，图像已留存摘要", r.width, r.height)
	}
	why := nameRule(r.sealKind, f.org.Name, f.content.Name)
	if why == "" && seal.OfPerson(r.sealKind) {
		l.put(CheckImprintName, "印模名称一致", Pass, "姓名由“本人身份”核验")
	} else {
		l.say(CheckImprintName, "印模名称一致", why == "", "印模名称与数字证书名称一致", why)
	}
	signed := r.statementBy != "" && slices.Equal(r.statementImprint, r.imprint)
	no := "还没有签署印模真实性声明"
	if r.statementBy != "" && !signed {
		no = "签署声明后更换了印模，请重新签署"
	}
	l.say(CheckStatement, "真实性声明已签署", signed, "声明已签署，与当前印模一致", no)
}

// nameRule says what is wrong with the name on the imprint: it is that of the
// digital certificate, which is the unit's legal name; seals of a department, a
// branch or a purpose add words behind it (SEAL-02, SEAL-08).
func nameRule(sealKind, legal, name string) string {
	switch {
	case name == "":
		return "没有填写印模名称"
	case seal.OfPerson(sealKind):
		return ""
	case !strings.HasPrefix(name, legal):
		return "印模名称须以单位法定名称开头，与数字证书名称一致"
	case sealKind == seal.LegalName && name != legal:
		return "法定名称章的名称须与单位法定名称完全一致"
	case (sealKind == seal.Internal || sealKind == seal.Branch || sealKind == seal.Special) && name == legal:
		return "该类印章须在单位法定名称后加机构名称或用途"
	}
	return ""
}

func (f *facts) checkUnique(l *checklist) {
	r := f.row
	if r.sealKind != seal.LegalName && r.sealKind != seal.Enterprise {
		return
	}
	second := f.present != nil && f.present.ID != r.seal && f.present.ID != r.makes
	if r.sealKind == seal.Enterprise && second { // an enterprise has several: one bears its name alone
		second = f.content.Name == f.org.Name && f.present.Name == f.org.Name
	}
	no := "单位已有" + seal.Label(r.sealKind)
	if second {
		no += "（" + seal.StateName(f.present.At(f.now)) + "）；到期前办理续期，变更的办理变更，停用的先注销"
	}
	l.say(CheckUnique, "不重复制作", !second, "单位没有其他"+seal.Label(r.sealKind), no)
}

func (f *facts) checkKeeper(l *checklist) {
	r := f.row
	if seal.OfPerson(r.sealKind) {
		const name = "本人身份"
		switch {
		case r.person == "":
			l.put(CheckPerson, name, Fail, "没有指明印章属于谁")
		case !f.personKnown:
			l.put(CheckPerson, name, Wait, "平台还不能核验本人身份")
		case !f.named:
			l.put(CheckPerson, name, Fail, "印模上的姓名与本人登记的姓名不一致")
		case f.level < 2:
			l.put(CheckPerson, name, Fail, "本人还没有完成实名认证")
		default:
			l.put(CheckPerson, name, Pass, "姓名与本人登记的一致，已实名")
		}
	}
	if r.sealKind == seal.Personal {
		return // the person keeps it
	}
	const name = "印章保管人"
	switch e := fault.As(f.custodian); {
	case r.custodian == "":
		l.put(CheckCustodian, name, Fail, "没有指定印章保管人（专人保管）")
	case f.custodian == nil:
		l.put(CheckCustodian, name, Pass, "已指定，且有批准用印的权限")
	case e != nil && e.Kind == fault.Unauthorized || e != nil && e.Kind == fault.NotFound:
		l.put(CheckCustodian, name, Fail, "保管人的账号不存在或已停用")
	default:
		l.put(CheckCustodian, name, Fail, "保管人没有该单位的印章保管权限，请先授予印章保管员角色")
	}
}

// blocking refuses what checks do not pass. While it is on its way to a review
// what is still to be found out does not block.
func blocking(list []Check, waits bool) error {
	e := fault.Conflict.New("自动核验未通过，不能继续办理").WithCode("sealapply.checks").WithHint("请按核验结果逐项更正后重试")
	for _, c := range list {
		if c.Result == Fail || waits && c.Result == Wait {
			e = e.WithField(c.Code, c.Code, c.Name+c.ResultName+"："+c.Message)
		}
	}
	return e.OrNil()
}

// statementOf is the statement as people read it.
func (r *row) statementOf(f *Form) *Statement {
	if r.statementBy == "" {
		return nil
	}
	d := r.statementDigest()
	return &Statement{Version: r.statementVersion, Text: f.Statement.Text, By: r.statementBy, At: moment(r.statementAt),
		Imprint: hexOf(r.statementImprint), Digest: hexOf(d[:])}
}

func hexOf(b []byte) string { return fmt.Sprintf("%x", b) }

func (r *row) imprintOf() *ImprintInfo {
	if len(r.imprint) != len(gm.Digest{}) {
		return nil
	}
	return &ImprintInfo{Digest: hexOf(r.imprint), Width: int(r.width), Height: int(r.height)}
}
