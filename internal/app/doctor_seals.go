package app

import (
	"context"
	"fmt"

	"sidian/internal/pki"
)

// seals looks at what seals stand on: the module of their keys, the revocation
// lists of outside authorities, digital certificates that end.
func (d *doctor) seals(ctx context.Context, a *App) {
	masters, err := a.Keys.Masters(ctx)
	if err != nil {
		d.ask("keys.master", troubledKeys(d.c, err), Words{})
	}
	if len(masters) > 1 {
		missing := masters[0].Missing + masters[1].Missing
		d.say("keys.master", Care, Words{
			fmt.Sprintf("主密钥正在更换，还有 %d 把密钥未由新的保护；完成后运行 sidian rotate --master-finish", missing),
			fmt.Sprintf("the master key is being exchanged, %d keys are not under the next one; end it with sidian rotate --master-finish", missing),
		})
	}
	d.lists(ctx, a)
	ending, err := a.PKI.Expiring(ctx, pki.Renewal)
	switch {
	case err != nil:
		d.ask("pki.expiring", troubledPart("pki", Words{"数字证书查不了", "digital certificates cannot be listed"}, err), Words{})
	case len(ending) > 0:
		d.say("pki.expiring", Care, Words{
			fmt.Sprintf("有 %d 张数字证书将在 30 天内到期，所属印章须续期", len(ending)),
			fmt.Sprintf("%d digital certificates end within 30 days; their seals have to be renewed", len(ending)),
		})
	}
}

// lists says which outside revocation lists vouch for nothing now.
func (d *doctor) lists(ctx context.Context, a *App) {
	all, err := a.PKI.OutsideLists(ctx)
	if err != nil {
		d.ask("pki.lists", troubledPart("pki", Words{"外部吊销列表查不了", "outside revocation lists cannot be read"}, err), Words{})
		return
	}
	stale := 0
	for _, l := range all {
		if l.Stale {
			stale++
			d.say("pki.lists", Care, Words{"外部吊销列表不可用：" + l.Host() + "，请核对网络和 outgoing.hosts", "no revocation list that counts from " + l.Host() + ": check the network and outgoing.hosts"})
		}
	}
	if len(all) > 0 && stale == 0 {
		d.say("pki.lists", Good, Words{fmt.Sprintf("%d 份外部吊销列表都在有效期内", len(all)), fmt.Sprintf("%d outside revocation lists are current", len(all))})
	}
}
