package catalogue

import (
	"regexp"
	"slices"
	"strings"
)

var (
	keyRule   = regexp.MustCompile(`^(KZ_[A-Z0-9_]{1,60}|[a-z][A-Za-z0-9]{0,62})$`)
	levels    = []string{"国家级", "省级", "地市级", "区县级", "乡镇级", "其他"}
	masks     = []string{"", "name", "id", "phone", "passport", "bank", "code", "address", "all"}
	classes   = []string{"", Public, Internal, Sensitive}
	shortened = []string{"ZZMC", "ZZLXMC", "ZZLXDM", "ZZBH", "ZZBS", "ZZBFJG", "ZZBFJGDM", "ZZBFRQ", "CZZT", "CZZTDM",
		"CZZTDMLX", "CZZTDMLXDM", "ZZYXQQSRQ", "ZZYXQJZRQ"}
)

func oneOf[T ~string](p *problems, where string, value T, allowed ...T) {
	if !slices.Contains(allowed, value) {
		words := make([]string, 0, len(allowed))
		for _, a := range allowed {
			if a != "" {
				words = append(words, string(a))
			}
		}
		p.add(where, "value", "只能是：%s", strings.Join(words, "、"))
	}
}

func filled(p *problems, where, value string, most int) {
	if n := len([]rune(value)); strings.TrimSpace(value) != value || n == 0 || n > most {
		p.add(where, "length", "应有 1 到 %d 个字，首尾不留空格", most)
	}
}

// check applies every rule that needs no fonts.
func (k *Kind) check(p *problems) {
	if k.Secret {
		p.add("state_secret", "secret", "涉及国家秘密的证照不得在本平台建立类型、制发电子证照；请按保密规定在涉密系统办理")
		return
	}
	filled(p, "name", k.Title, 128)
	if k.Code.IsZero() {
		p.add("code", "missing", "缺少证照类型代码：定义机构统一社会信用代码 18 位加 3 位序号（GB/T 36904）；尚无国家代码的，用本级机构代码编制并写 code_origin: local")
	}
	oneOf(p, "code_origin", k.Origin, National, Local)
	filled(p, "definer.name", k.Definer.Name, 256)
	oneOf(p, "definer.level", k.Definer.Level, levels...)
	oneOf(p, "category", k.Category, Categories()...)
	for i, l := range k.Levels {
		oneOf(p, at("issuer_levels", i), l, levels...)
	}
	oneOf(p, "sharing", k.Sharing, ShareFree, ShareConditional, ShareNone)
	if len(k.Basis) == 0 {
		p.add("basis", "missing", "应写明设定依据的法律、法规或文件，至少一项")
	}
	filled(p, "pattern", k.Pattern, 256)
	k.checkHolders(p)
	k.checkFields(p)
	k.checkNumber(p)
	k.checkValidity(p)
	k.checkSeals(p)
	k.checkExclusions(p)
	k.checkEffect(p)
	for name, source := range k.Metadata {
		oneOf(p, "metadata."+name, name, shortened...)
		if !k.knownSource(source) {
			p.add("metadata."+name, "source", "没有这个来源：%s", source)
		}
	}
}

// checkUse: what is sensitive is shared only for a stated use (信阳市政务服务电子证照
// 管理暂行办法第十七条: the issuer states use requirements for what is private). It
// is asked of folders, not of what stands in the catalogue since before.
func (k *Kind) checkUse(p *problems) {
	k.checkLimit(p)
	if k.Use != "" {
		filled(p, "sharing_use", k.Use, 400)
		return
	}
	var sensitive []string
	for i := range k.Fields {
		if k.Fields[i].ClassOf() == Sensitive {
			sensitive = append(sensitive, k.Fields[i].Label)
		}
	}
	if len(sensitive) > 0 && k.Sharing != ShareNone {
		p.add("sharing_use", "missing", "含敏感的照面项（%s）而可以共享，签发单位须写明使用要求：供谁、用于什么、如何保护；不写则 sharing 应为“不予共享”",
			strings.Join(sensitive, "、"))
	}
}

// checkLimit: certificates are shared without conditions unless the law says
// otherwise, and then it is named (《河南省政务服务电子证照管理办法》第十二条).
func (k *Kind) checkLimit(p *problems) {
	switch {
	case k.Sharing == ShareFree && k.Limit != "":
		p.add("sharing_basis", "conflict", "无条件共享的证照不写限制共享的依据")
	case k.Limit != "":
		filled(p, "sharing_basis", k.Limit, 400)
	case k.Sharing != ShareFree:
		p.add("sharing_basis", "missing", "电子证照应无条件共享；“%s”须写明限制共享所依据的法律、法规条款，没有依据则 sharing 应为“%s”", k.Sharing, ShareFree)
	}
	if k.Standard != "" {
		filled(p, "standard", k.Standard, 128)
	}
}

// checkEffect: the rule is that a certificate has the effect of the original, and who
// says otherwise of a kind names the law that does.
func (k *Kind) checkEffect(p *problems) {
	if !k.Effect.Excepted() {
		return
	}
	if k.Effect.Basis == "" {
		p.add("effect.basis", "missing", "电子证照与纸质证照具有同等法律效力；写例外须写明所依据的法律、行政法规条款，没有依据则删去 effect")
	} else {
		filled(p, "effect.basis", k.Effect.Basis, 400)
	}
	filled(p, "effect.exception", k.Effect.Exception, 400)
}

func (k *Kind) checkHolders(p *problems) {
	if len(k.Holders.Types) == 0 {
		p.add("holders.types", "missing", "应写明持证主体类别：person、legal、unincorporated")
	}
	for i, t := range k.Holders.Types {
		oneOf(p, at("holders.types", i), t, "person", "legal", "unincorporated")
	}
	if len(k.Holders.IDTypes) == 0 {
		p.add("holders.id_types", "missing", "应写明允许的持证主体代码类型（GB/T 36903 附录 A）")
	}
	for i, t := range k.Holders.IDTypes {
		if IDTypeName(t) == "" {
			p.add(at("holders.id_types", i), "value", "不是 GB/T 36903 附录 A 的代码")
		}
	}
	if k.Holders.MintID && (!slices.Contains(k.Holders.IDTypes, "001") || !k.Number.Holder || k.Holders.OptionalID) {
		p.add("holders.mint_id", "conflict", "只有以统一社会信用代码（001）为证照编号的证照才能由签发单位赋码")
	}
}

func (k *Kind) checkValidity(p *problems) {
	oneOf(p, "validity.rule", k.Validity.Rule, "years", "given", "open", "none")
	if (k.Validity.Rule == "years") != (k.Validity.Years > 0) || k.Validity.Years > 99 {
		p.add("validity.years", "value", "rule 为 years 时写 1 到 99 的年数，其他规则不写")
	}
}

func (k *Kind) checkSeals(p *problems) {
	if len(k.Seals) == 0 {
		p.add("seals", "missing", "至少要有一个用印位置")
	}
	if !k.Template.Sane() {
		p.add("template.yaml", "size", "版面 width、height 应为 20 到 1200 毫米")
		return
	}
	for i, s := range k.Seals {
		where := at("seals", i)
		filled(p, where+".role", s.Role, 64)
		oneOf(p, where+".kind", s.Kind, LegalName, Special)
		if s.Order < 0 || s.Order > 99 {
			p.add(where+".order", "range", "用印顺序为 0 到 99，小的先用印，相同的并列")
		}
		if s.Page < 0 || s.Page >= len(k.Template.Pages) {
			p.add(where+".page", "range", "照面没有第 %d 页（从 0 起）", s.Page)
		}
		if !k.Template.Inside(s.At) || s.At[2] < 5 || s.At[3] < 5 {
			p.add(where+".at", "range", "印章要整个落在版面内，长宽不小于 5 毫米")
		}
	}
}

func at(name string, i int) string { return name + "[" + itoa(i) + "]" }
