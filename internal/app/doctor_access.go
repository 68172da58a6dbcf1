package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"sidian/internal/audit/chain"
)

// keyAge is after how long the doctor asks for new keys of columns.
const keyAge = 365 * 24 * time.Hour

// access looks for what somebody with the database alone may have changed: a
// role, a policy, an entry of the audit. That nothing was removed from the end
// of the audit is seen by the heads that exports hold.
func (d *doctor) access(ctx context.Context, a *App) {
	found, err := a.IAM.Integrity(ctx)
	if err == nil {
		more, wrong := a.Auth.Integrity(ctx)
		found, err = append(found, more...), wrong
	}
	if err == nil {
		more, wrong := a.PKI.Integrity(ctx)
		found, err = append(found, more...), wrong
	}
	if err == nil {
		more, wrong := a.Seal.Integrity(ctx)
		found, err = append(found, more...), wrong
	}
	switch {
	case err != nil:
		d.ask("access", troubledPart("access", Words{"授权数据检查不了", "the rows of access control cannot be checked"}, err), Words{})
	case len(found) == 0:
		d.say("access", Good, Words{"授权、策略、应用、登录凭据、用印审批等记录没有被改动", "grants, policies, clients, credentials and approvals of seals are as the program wrote them"})
	}
	for i, f := range found {
		if i == 20 {
			d.say("access", Bad, Words{fmt.Sprintf("另有 %d 处", len(found)-i), fmt.Sprintf("and %d more", len(found)-i)})
			break
		}
		where := f.Table
		if f.ID != "" {
			where += "/" + f.ID
		}
		d.say("access", Bad, Words{where + "：" + f.Message, fmt.Sprintf("%s: tampered with (%s)", where, f.Code)})
	}
	d.audit(ctx, a)
	d.columns(ctx, a)
}

func (d *doctor) audit(ctx context.Context, a *App) {
	if _, err := chain.Run(ctx, a.DB, a.Keys); err != nil { // what waits is not linked while nothing is served
		d.ask("audit", troubledPart("audit", Words{"审计记录链接不上", "audit entries cannot be linked"}, err), Words{})
		return
	}
	r, err := chain.Check(ctx, a.DB, a.Keys, chain.Options{})
	if err != nil {
		d.ask("audit", troubledPart("audit", Words{"审计记录检查不了", "the audit cannot be checked"}, err), Words{})
		return
	}
	if r.Intact() {
		d.say("audit", Good, Words{fmt.Sprintf("%d 条审计记录逐条相链，没有被改动", r.Links), fmt.Sprintf("%d audit entries are linked and unchanged", r.Links)})
	}
	for _, f := range r.Findings {
		d.say("audit", Bad, Words{fmt.Sprintf("第 %d 条：%s", f.Seq, f.Message), fmt.Sprintf("entry %d: tampered with (%s)", f.Seq, f.Code)})
	}
	if r.More > 0 {
		d.say("audit", Bad, Words{fmt.Sprintf("另有 %d 处", r.More), fmt.Sprintf("and %d more", r.More)})
	}
}

func (d *doctor) columns(ctx context.Context, a *App) {
	old, err := a.Keys.Due(ctx, keyAge)
	if err != nil {
		d.ask("rotation", troubledPart("rotation", Words{"密钥的使用时间查不出", "the age of keys cannot be told"}, err), Words{})
		return
	}
	if len(old) == 0 {
		d.say("rotation", Good, Words{"数据加密密钥都在使用期内", "no key of columns is older than a year"})
		return
	}
	d.say("rotation", Care, Words{
		fmt.Sprintf("有 %d 个数据加密密钥已使用一年以上，请用 sidian rotate 更换（不停机）", len(old)),
		fmt.Sprintf("%d keys of columns are older than a year; sidian rotate replaces them while serving", len(old)),
	})
}

// Recount takes the guarded tables as they stand for complete, after an operator
// has looked into every row that the doctor misses. It makes no altered row
// right.
func Recount(ctx context.Context, config, reason string, log io.Writer) error {
	c, err := loadConfig(config)
	if err != nil {
		return err
	}
	a, err := openInstance(ctx, c, log)
	if err != nil {
		return err
	}
	if err = a.IAM.Recount(ctx, reason); err == nil {
		err = a.Auth.Recount(ctx, reason)
	}
	if err == nil {
		err = a.Seal.Recount(ctx, reason)
	}
	return errors.Join(err, a.Close())
}
