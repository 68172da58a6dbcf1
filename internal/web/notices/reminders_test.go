package notices

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/remind"
	"sidian/internal/web/page/pagetest"
	"sidian/ofd"
)

// document is one that says of itself whose it is and when it ends.
func document(t *testing.T, holder, to string) []byte {
	t.Helper()
	b := ofd.New(ofd.DocInfo{DocID: strings.Repeat("0", 31) + "1", CustomDatas: []ofd.CustomData{{Name: "ZZMC", Value: "食品经营许可证"}, {Name: "CZZTDM", Value: holder}, {Name: "ZZYXQJZRQ", Value: to}}})
	b.AddPage(210, 297)
	d, err := b.Build()
	pagetest.Must(t, err)
	data, err := d.Bytes()
	pagetest.Must(t, err)
	return data
}

// Who issues reads who was told, masked, and by which ways; others do not.
func TestReminders(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Now = func() time.Time { return time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC) }
		c := iamtest.New(t, d)
		docs := map[gm.Digest][]byte{}
		told := &notice.Service{DB: d}
		s := &remind.Service{DB: d, IAM: c.Service, Notice: told, Document: func(_ context.Context, g gm.Digest) ([]byte, error) { return docs[g], nil }}
		for i, holder := range []string{iamtest.HolderCitizen, "91370000MA0000000X"} {
			end := "2027-01-22" // in 60 days
			data := document(t, holder, end)
			g := gm.Sum(data)
			docs[g] = data
			body, err := json.Marshal(event.Certificate{ID: fmt.Sprintf("c%d", i), Kind: "business_license", Issuer: iamtest.Market, Identifier: fmt.Sprintf("1.2.156.3005.2.K.I.%d.001.X", i), Version: 1, Document: fmt.Sprintf("%x", g), ValidTo: &end})
			pagetest.Must(t, err)
			pagetest.Must(t, d.WriteRows(t.Context(), func(tx *db.Tx) error {
				return s.Consumer().HandleAll(tx, []outbox.Event{{ID: fmt.Sprintf("e%d", i), Topic: event.Issued, Body: json.RawMessage(body)}})
			}))
		}
		kit := pagetest.Kit(t)
		site := pagetest.Serve(t, kit, c, &Service{Kit: kit, Notices: told, IAM: c.Service, Remind: s, Catalogue: cataloguetest.New(t, d, "business_license")})
		site.Get("clerk", Reminders).Is(200, "没有提醒记录", "2027-01", "营业执照", "60、30、7", "平台默认")
		if n, err := s.Tick(t.Context()); err != nil || n != 2 {
			t.Fatalf("%d were reminded of: %v", n, err)
		}
		name := c.People["holder"].Name
		site.Get("clerk", Reminders).Is(200, "已提醒", "没有账号，未能提醒", "站内消息 已送达", "提前 60 天", "1 次").Lacks(name, iamtest.HolderCitizen)
		site.Get("clerk", Reminders+"?kind=food_operation").Is(200, "没有提醒记录", "清除条件")
		site.Get("clerk", Reminders+"?to=x").Is(422)
		site.Get("clerk", Reminders+"?cursor=!").Is(422)
		site.Get("clerk", Reminders+"?issuer="+iamtest.Land).Is(403)
		site.Get("outsider", Reminders).Is(200).Lacks("提前 60 天")
		for who, status := range map[string]int{"designer": 403, "holder": 403, "system": 403, "": 303} {
			site.Get(who, Reminders).Is(status)
		}
	})
}
