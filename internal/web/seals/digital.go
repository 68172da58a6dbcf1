package seals

import (
	"context"
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// digital is the digital certificate of a seal as its page shows it.
type digital struct {
	Facts []page.Fact
	Chain []string // from the certificate itself up to whom is trusted
	Words string   // what the chain means
	Held  string   // address of all that the unit holds
}

func (s *Service) digitalOf(ctx context.Context, x *seal.Seal) (digital, error) {
	d := digital{Facts: []page.Fact{{Label: "序列号", Text: x.Certificate, Code: true}}}
	if iam.May(ctx, "pki.manage", x.Org) || iam.May(ctx, "org.read", x.Org) {
		d.Held = page.Asking(Held, "org", x.Org)
	}
	c, err := s.PKI.Get(ctx, x.Certificate)
	if e := fault.As(err); e != nil { // the reader may not see it, or the number is that of two
		return d, nil
	}
	if err != nil {
		return d, err
	}
	d.Facts = append(d.Facts,
		page.Fact{Label: "主体", Text: c.Certificate.SubjectName()},
		page.Fact{Label: "签发机构", Text: c.Certificate.IssuerName()},
		page.Fact{Label: "密钥", Text: keyWords(c)},
	)
	if !c.RevokedAt.IsZero() {
		d.Facts = append(d.Facts, page.Fact{Label: "吊销或停用", At: c.RevokedAt})
	}
	t, err := s.PKI.Trust(ctx)
	if err != nil {
		return d, err
	}
	d.Chain, d.Words = chainWords(c.Certificate.BuildChain(t.Intermediates, t.Anchors))
	return d, nil
}

func keyWords(c *pki.Registered) string {
	if c.Key == "" {
		return "不在本平台"
	}
	return "在本平台，加密保管，不能导出"
}

// chainWords tell who vouches for whom.
func chainWords(r gm.ChainResult) (chain []string, words string) {
	for _, c := range r.Chain {
		chain = append(chain, c.SubjectName())
	}
	if !r.Reached {
		return chain, "证书链没有到达受信任的根"
	}
	if len(chain) < 2 {
		return chain, "本身就是受信任的根"
	}
	return chain, fmt.Sprintf("由%s签发，最终由受信任的根“%s”担保", strings.Join(chain[1:2], ""), chain[len(chain)-1])
}

// lastLong is a number of days as people say it.
func lastLong(left int) string {
	switch {
	case left < 90:
		return fmt.Sprintf("%d 天", left)
	case left < 730:
		return fmt.Sprintf("约 %d 个月", left/30)
	}
	return fmt.Sprintf("约 %d 年", left/365)
}
