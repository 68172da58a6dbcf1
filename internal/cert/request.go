package cert

import (
	"context"
	"encoding/json"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// An IssueRequest asks for a certificate.
type IssueRequest struct {
	Kind       string                     `json:"kind" minLength:"1" maxLength:"64" doc:"证照种类的名称或类型代码"`
	Issuer     string                     `json:"issuer,omitempty" maxLength:"64" doc:"签发单位编号或统一社会信用代码；只有一个签发单位时可省略"`
	Holders    []catalogue.Holder         `json:"holders" maxItems:"20" doc:"持证主体"`
	Fields     map[string]json.RawMessage `json:"fields" doc:"照面数据项；图片为 {media_type, data: base64}"`
	ValidFrom  string                     `json:"valid_from" doc:"有效期起始日期 2006-01-02"`
	ValidTo    string                     `json:"valid_to,omitempty" doc:"有效期截止日期；省略时按种类规则"`
	CaseNo     string                     `json:"case_no,omitempty" maxLength:"64" doc:"办件编号"`
	FinishedAt *time.Time                 `json:"finished_at,omitempty" doc:"业务办结时间"`
}

// issuerOf finds who issues: the one that is named, else the caller's own
// organisation if it issues the kind, else the only one that does.
func (s *Service) issuerOf(ctx context.Context, tx *db.Tx, kind, named string) (*iam.Org, error) {
	entrusted, err := issuers(tx, kind)
	if err != nil {
		return nil, err
	}
	if named == "" {
		if named, err = defaultIssuer(ctx, entrusted); err != nil {
			return nil, err
		}
	}
	for _, id := range entrusted {
		o, err := iam.OrgTx(tx, id)
		if err != nil {
			return nil, err
		}
		if named == o.ID || named == o.USCC {
			return &o, nil
		}
	}
	return nil, fault.Forbidden.New("该单位不是这类证照的签发单位").WithCode("cert.issuer").
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
	return "", fault.Invalid.New("这类证照有多个签发单位").WithField("issuer", "required", "请指明签发单位")
}

// Entrust records that an organisation issues a kind.
func (s *Service) Entrust(ctx context.Context, kind, org string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error { return putIssuer(tx, kind, org) })
}

// Issuers are the organisations that issue a kind.
func (s *Service) Issuers(ctx context.Context, kind string) (out []string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = issuers(tx, kind); return err })
	return out, err
}
