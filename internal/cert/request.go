package cert

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// An IssueRequest asks for a certificate.
type IssueRequest struct {
	Kind       string                     `json:"kind" minLength:"1" maxLength:"64" doc:"证照种类的名称或类型代码"`
	Issuer     string                     `json:"issuer,omitempty" maxLength:"64" doc:"签发单位编号或统一社会信用代码；只有一个签发单位时可省略"`
	Holders    []catalogue.Holder         `json:"holders" maxItems:"50" doc:"持证主体"`
	Fields     map[string]json.RawMessage `json:"fields" doc:"照面数据项；图片为 {media_type, data: base64}"`
	ValidFrom  string                     `json:"valid_from" doc:"有效期起始日期 2006-01-02"`
	ValidTo    string                     `json:"valid_to,omitempty" doc:"有效期截止日期；省略时按种类规则"`
	CaseNo     string                     `json:"case_no,omitempty" maxLength:"64" doc:"办件编号"`
	FinishedAt *time.Time                 `json:"finished_at,omitempty" doc:"业务办结时间"`
	// Seals names the unit of each seal slot that is neither the issuer's nor its superior's.
	Seals map[string]string `json:"seals,omitempty" maxProperties:"20" doc:"须多枚印章的证照：用印位置 → 单位编号"`
}

// finishedSlack is how far another machine's clock may be ahead of ours.
const finishedSlack = 5 * time.Minute

// check refuses what no kind allows.
func (r *IssueRequest) check(now time.Time) error {
	f := fault.Invalid.New("签发请求不符合规则").WithCode("cert.request").WithHint("请按每一项的说明更正后重试")
	hidden := func(c rune) bool { return !unicode.IsPrint(c) }
	if strings.TrimSpace(r.CaseNo) != r.CaseNo || strings.ContainsFunc(r.CaseNo, hidden) || utf8.RuneCountInString(r.CaseNo) > maxCaseNo {
		f = f.WithField("case_no", "charset", fmt.Sprintf("办件编号至多 %d 个字，不能有换行、首尾空白和不可见字符", maxCaseNo))
	}
	if catalogue.SecretMarked(r.CaseNo) {
		f = f.WithField("case_no", "secret", "办件编号带有国家秘密标志：国家秘密不得进入本平台，请在涉密系统办理")
	}
	if r.FinishedAt != nil && r.FinishedAt.After(now.Add(finishedSlack)) {
		f = f.WithField("finished_at", "future", "业务办结时间不能晚于现在")
	}
	return f.OrNil()
}

const maxCaseNo = 64

// canonical is the request as bytes that are the same for the same request.
func canonical(r any) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "签发请求不是合法的 JSON").WithCode("cert.request").WithHint("请核对请求正文")
	}
	return b, nil
}

// unknownKind says that the request names what is not in the catalogue: the
// address exists, the value is wrong.
func unknownKind(err error) error {
	e := fault.As(err)
	if e == nil || e.Kind != fault.NotFound {
		return err
	}
	bad := *e
	bad.Kind = fault.Invalid
	return bad.WithField("kind", "unknown", e.Msg)
}

// atField names the field that a refusal is about.
func atField(err error, name, code, message string) error {
	if e := fault.As(err); e != nil {
		return e.WithField(name, code, message)
	}
	return err
}

// issuerOf finds who issues: the one that is named, else the caller's own
// organisation if it issues the kind, else the only one that does.
func (s *Service) issuerOf(ctx context.Context, tx *db.Tx, kind, named string) (*iam.Org, error) {
	entrusted, err := entrusted(tx, kind)
	if err != nil {
		return nil, err
	}
	if named != "" && !slices.Contains(entrusted, named) {
		if err := gone(tx, kind, named); err != nil {
			return nil, err
		}
	}
	if named == "" {
		if named, err = defaultIssuer(ctx, entrusted); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(entrusted, named) {
		if named, err = byCreditCode(tx, entrusted, named); err != nil {
			return nil, err
		}
	}
	o, err := iam.KnownTx(tx, named)
	if err == nil && o.Closed {
		err = fault.Conflict.New("签发单位“%s”已停用，不能签发", o.Name).WithCode("cert.issuer").WithHint("请管理单位在证照目录中调整签发单位").
			WithField("issuer", "closed", "单位已停用")
	}
	return &o, err
}

// byCreditCode finds the id of an issuer that is named by its credit code.
func byCreditCode(tx *db.Tx, entrusted []string, code string) (string, error) {
	if _, err := gbcode.ParseCreditCode(code); err == nil {
		for _, id := range entrusted {
			o, err := iam.OrgTx(tx, id)
			if err != nil {
				return "", err
			}
			if o.USCC == code {
				return id, nil
			}
		}
	}
	return "", fault.Forbidden.New("该单位不是这类证照的签发单位").WithCode("cert.issuer").
		WithField("issuer", "issuer", "须是证照目录中登记的签发单位，写单位编号或统一社会信用代码").
		WithHint("请由登记的签发单位签发，或请管理单位调整目录")
}

func defaultIssuer(ctx context.Context, entrusted []string) (string, error) {
	if p, ok := iam.From(ctx); ok {
		for _, id := range entrusted {
			if id == p.Org {
				return id, nil
			}
		}
	}
	switch len(entrusted) {
	case 1:
		return entrusted[0], nil
	case 0:
		return "", fault.Conflict.New("这类证照还没有登记签发单位").WithCode("cert.issuer").WithHint("请管理单位在证照目录中登记签发单位")
	}
	return "", fault.Invalid.New("这类证照有多个签发单位").WithCode("cert.issuer").WithHint("请在 issuer 写明单位编号或统一社会信用代码").WithField("issuer", "required", "请指明签发单位")
}

// Entrust records that an organisation issues a kind.
func (s *Service) Entrust(ctx context.Context, kind, org string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := putIssuer(tx, kind, org)
		if err != nil || n == 0 { // it does already
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "cert.entrust", Object: "kind/" + kind + "/issuer/" + org})
	})
}

// Issuers are the organisations that issue a kind today.
func (s *Service) Issuers(ctx context.Context, kind string) (out []string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = entrusted(tx, kind); return err })
	return out, err
}
