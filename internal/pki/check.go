package pki

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A CheckRequest asks whether a digital certificate may sign for somebody.
type CheckRequest struct {
	Certificate *gm.Certificate
	Chain       []*gm.Certificate // what came with it; may be empty
	Name        string            // that it must carry; empty: not asked
	Code        string            // 统一社会信用代码 that it must carry; empty: not asked
	Public      *gm.PublicKey     // key that it must be for; nil: not asked
	Use         string            // Maker, Unit or Personal; empty: not asked
}

// A Result is what one question about a digital certificate gave.
type Result string

// Results.
const (
	Pass    Result = "pass"
	Fail    Result = "fail"
	Unknown Result = "unknown" // it could not be found out
)

// A Finding is the answer to one question about a digital certificate.
type Finding struct {
	Code    string `json:"code"` // stable: see the constants
	Result  Result `json:"result" enum:"pass,fail,unknown"`
	Message string `json:"message"` // Chinese
}

// Codes of findings, in the order in which they are asked.
const (
	CheckAlgorithm = "pki.algorithm" // SM2 with SM3
	CheckKey       = "pki.key"       // it is for the key
	CheckValidity  = "pki.validity"  // valid now
	CheckUsage     = "pki.usage"     // may sign, is no authority
	CheckChain     = "pki.chain"     // leads to an anchor
	CheckIssuer    = "pki.issuer"    // issued by an authority on the list
	CheckRevoked   = "pki.revoked"   // in no revocation list
	CheckName      = "pki.name"      // carries the name
	CheckCode      = "pki.code"      // carries the credit code
)

// maxChain bounds what may come with a digital certificate.
const maxChain = 16

// Check asks all that can be asked about a digital certificate, and answers
// each question; what could not be found out is Unknown.
func (s *Service) Check(ctx context.Context, r CheckRequest) []Finding {
	if r.Certificate == nil {
		return []Finding{{CheckAlgorithm, Fail, "没有给出数字证书"}}
	}
	c, now := r.Certificate, s.DB.Now()
	out := []Finding{checkAlgorithm(c)}
	if r.Public != nil {
		out = append(out, checkKey(c, r.Public))
	}
	out = append(out, checkValidity(c, now), checkUsage(c))
	t, err := s.Trust(ctx)
	if err != nil {
		out = append(out, Finding{CheckChain, Unknown, "暂时不能核对证书链：读取信任列表出错"},
			Finding{CheckIssuer, Unknown, "暂时不能核对签发机构"}, Finding{CheckRevoked, Unknown, "暂时不能核对吊销状态"})
	} else {
		chain := chainOf(c, r.Chain, t)
		out = append(out, checkChain(chain, now), s.checkIssuer(ctx, chain), s.checkRevoked(ctx, chain, t))
	}
	if r.Name != "" {
		out = append(out, checkName(c, r.Name, r.Use))
	}
	if r.Code != "" {
		out = append(out, checkCode(c, r.Code))
	}
	return out
}

func checkAlgorithm(c *gm.Certificate) Finding {
	if _, err := c.PublicKey(); err != nil {
		return Finding{CheckAlgorithm, Fail, "数字证书的公钥不是 SM2 公钥"}
	}
	if !c.SignatureAlgorithm.Equal(gm.OIDSM2WithSM3) {
		return Finding{CheckAlgorithm, Fail, "数字证书不是用 SM2、SM3 算法签发的"}
	}
	return Finding{CheckAlgorithm, Pass, "算法为 SM2、SM3"}
}

func checkKey(c *gm.Certificate, want *gm.PublicKey) Finding {
	if p, err := c.PublicKey(); err != nil || !p.Equal(want) {
		return Finding{CheckKey, Fail, "数字证书的公钥与申请时的密钥不是一对"}
	}
	return Finding{CheckKey, Pass, "公钥与密钥相符"}
}

func checkValidity(c *gm.Certificate, now time.Time) Finding {
	if problems := c.CheckValidity(now); len(problems) > 0 {
		return Finding{CheckValidity, Fail, problems[0].Message}
	}
	return Finding{CheckValidity, Pass, "在有效期内"}
}

func checkUsage(c *gm.Certificate) Finding {
	if problems := c.CheckSigningUsage(); len(problems) > 0 {
		return Finding{CheckUsage, Fail, problems[0].Message}
	}
	if c.IsCA {
		return Finding{CheckUsage, Fail, fmt.Sprintf("数字证书“%s”是签发机构的证书，不能用于签名", c.SubjectName())}
	}
	return Finding{CheckUsage, Pass, "可用于数字签名"}
}

// chainOf looks for an anchor through what is known and what came along.
func chainOf(c *gm.Certificate, came []*gm.Certificate, t *Trust) gm.ChainResult {
	if len(came) > maxChain {
		came = came[:maxChain]
	}
	between := t.Intermediates
	if len(came) > 0 {
		between = gm.NewPool(append(came, t.Intermediates.Certificates()...)...)
	}
	return c.BuildChain(between, t.Anchors)
}

func checkChain(r gm.ChainResult, now time.Time) Finding {
	if !r.Reached {
		why := "没有找到受信任的根证书"
		if len(r.Problems) > 0 {
			why = r.Problems[0].Message
		}
		return Finding{CheckChain, Fail, "证书链不能追溯到受信任的根证书：" + why}
	}
	for _, c := range r.Chain[1:] {
		if problems := c.CheckValidity(now); len(problems) > 0 {
			return Finding{CheckChain, Fail, problems[0].Message}
		}
	}
	return Finding{CheckChain, Pass, "证书链可追溯到受信任的根证书"}
}

// checkRevoked asks our own register and every list that is known for each step
// of the chain. A list that ran out says no more that something is not revoked;
// what it revoked stays so.
func (s *Service) checkRevoked(ctx context.Context, r gm.ChainResult, t *Trust) Finding {
	fail := func(c *gm.Certificate, at time.Time) Finding {
		return Finding{CheckRevoked, Fail, fmt.Sprintf("数字证书“%s”已于 %s 吊销或停用", c.SubjectName(), at.In(beijing).Format(time.DateOnly))}
	}
	known, err := s.inRegister(ctx, r.Chain[0])
	if err != nil {
		return Finding{CheckRevoked, Unknown, "暂时不能核对吊销状态"}
	}
	if known != nil && !known.RevokedAt.IsZero() {
		return fail(r.Chain[0], known.RevokedAt)
	}
	var open []string
	for i, c := range r.Chain[:len(r.Chain)-1] {
		at, state := listed(c, r.Chain[i+1], t.Lists, s.DB.Now())
		if state == Unknown && i > 0 && len(c.CRLURLs) == 0 && len(c.OCSPURLs) == 0 {
			continue // an authority that names no list is vouched for by who trusts it
		}
		if state == Unknown && i == 0 && s.Outside.Client != nil {
			at, state = s.ask(ctx, c, r.Chain[i+1])
		}
		switch state {
		case Fail:
			return fail(c, at)
		case Unknown:
			open = append(open, c.SubjectName())
		}
	}
	switch {
	case !r.Reached:
		return Finding{CheckRevoked, Unknown, "证书链不完整，不能核对吊销状态"}
	case len(open) > 0:
		return Finding{CheckRevoked, Unknown, "没有“" + strings.Join(open, "”“") + "”的有效吊销列表，不能确认是否吊销"}
	}
	return Finding{CheckRevoked, Pass, "未吊销"}
}

var beijing = time.FixedZone("UTC+8", 8*60*60)

func (s *Service) inRegister(ctx context.Context, c *gm.Certificate) (r *Registered, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = byDigest(tx, c.Digest()); return err })
	return r, err
}

// listed asks the lists of c's issuer.
func listed(c, issuer *gm.Certificate, lists []*gm.RevocationList, now time.Time) (at time.Time, state Result) {
	state = Unknown
	for _, l := range lists {
		if !l.Covers(c) {
			continue
		}
		if _, err := l.CheckFrom(issuer); err != nil {
			continue // of another authority by the same name
		}
		if at, _, revoked := l.Status(c.SerialNumber); revoked {
			return at, Fail
		}
		if l.CurrentAt(now) {
			state = Pass
		}
	}
	return at, state
}

// checkName: a unit's digital certificate carries exactly its legal name, a
// person's exactly theirs (SEAL-08). Blanks around a name do not count.
func checkName(c *gm.Certificate, want, use string) Finding {
	has := []string{c.Subject.CommonName}
	if use != Personal { // some authorities name the person in charge as common name
		has = append(has, c.Subject.Organization...)
	}
	for _, n := range has {
		if n = strings.TrimSpace(n); n != "" && n == strings.TrimSpace(want) {
			return Finding{CheckName, Pass, "名称一致"}
		}
	}
	return Finding{CheckName, Fail, fmt.Sprintf("数字证书上的名称“%s”与登记的名称不一致", c.SubjectName())}
}

// checkCode looks for the credit code where authorities put it: the subject's
// serial number, an organisational unit, or organizationIdentifier.
func checkCode(c *gm.Certificate, want string) Finding {
	for _, n := range c.Subject.Names {
		v, ok := n.Value.(string)
		if !ok {
			continue
		}
		v = strings.ToUpper(strings.TrimSpace(v))
		if v == strings.ToUpper(want) || len(v) > len(want) && strings.HasSuffix(v, strings.ToUpper(want)) && !isAlnum(v[len(v)-len(want)-1]) {
			return Finding{CheckCode, Pass, "统一社会信用代码一致"}
		}
		if code, err := gbcode.ParseCreditCode(v); err == nil && code.String() != strings.ToUpper(want) {
			return Finding{CheckCode, Fail, "数字证书上的统一社会信用代码与登记的不一致"}
		}
	}
	return Finding{CheckCode, Fail, "数字证书上没有登记的统一社会信用代码"}
}

func isAlnum(b byte) bool { return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' }

// ways out, by the code of a finding.
var ways = map[string]string{
	CheckAlgorithm: "请向签发机构申请 SM2 算法的数字证书",
	CheckKey:       "请核对是否装错了应答，或以本平台生成的证书请求重新申请",
	CheckValidity:  "请申请或选用在有效期内的数字证书",
	CheckUsage:     "请使用同一主体的签名证书；双证书中只有签名证书可以签名",
	CheckChain:     "请连同上级证书一并提交；或请系统管理员在配置的 trust_dir 中加入其根证书",
	CheckIssuer:    "请向名单中的电子认证服务机构申请；或请系统管理员提出将该机构列入名单",
	CheckRevoked:   "请申请新的数字证书",
	CheckName:      "请以单位的法定名称或本人姓名申请数字证书；单位更名后须更换",
	CheckCode:      "请核对单位的统一社会信用代码，以正确的代码申请数字证书",
}

// untrusted is what a failed chain is called outside: a digital certificate that
// nobody vouches for.
const untrusted = "pki.untrusted"

// Refusal is the error that says the first failed finding and the way out; nil
// when none failed.
func Refusal(found []Finding) error {
	for _, f := range found {
		if f.Result != Fail {
			continue
		}
		code := f.Code
		if code == CheckChain {
			code = untrusted
		}
		return fault.Invalid.New("%s", f.Message).WithCode(code).WithHint("%s", ways[f.Code])
	}
	return nil
}

// errAsk marks an answer of an outside service that cannot be believed.
var errAsk = errors.New("pki: an answer that cannot be believed")
