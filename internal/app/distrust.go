package app

import (
	"errors"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/provider"
	providerevent "sidian/internal/provider/event"
	"sidian/internal/web/providers"
)

// distrust tells those who keep the registry of seal providers that one of them
// is not to be believed: they can stop it at once. The administrators have an
// alarm.
func (a *App) distrust() outbox.Consumer {
	return outbox.Consumer{Name: "notice.distrust", Topics: []string{providerevent.Distrusted}, Handle: func(tx *db.Tx, ev outbox.Event) error {
		var d providerevent.Distrust
		if err := ev.Decode(&d); err != nil {
			return err
		}
		n := notice.Notice{
			ID: ev.ID, Org: d.Org, Permission: provider.Manage, Topic: providerevent.Distrusted, Title: "签章服务商的答复不可信",
			Text: d.Reason + "。请向它核实，必要时立即暂停。", Link: providers.Home + "/" + strings.TrimPrefix(d.Object, "provider/"),
		}
		err := a.Notice.PutTx(tx, n)
		if errors.Is(err, fault.Invalid) { // a name that a notice may not hold: they look it up
			n.Text, n.Link = "请在“签章服务商”中查看是哪一个，必要时立即暂停。", providers.Home
			err = a.Notice.PutTx(tx, n)
		}
		return err
	}}
}
