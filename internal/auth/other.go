package auth

import (
	"context"
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// An OtherSession is somebody's session as a security administrator sees it.
type OtherSession struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Name    string    `json:"name" doc:"脱敏"`
	Org     string    `json:"org,omitempty"`
	Device  string    `json:"device" doc:"浏览器和系统"`
	Address string    `json:"address" doc:"脱敏"`
	Second  bool      `json:"second"`
	Created time.Time `json:"created_at"`
	Seen    time.Time `json:"seen_at"`
}

// OtherSessions lists live sessions of accounts for which the caller holds
// session.end, last used first, at most limit; cursor is that of the page
// before.
func (s *Service) OtherSessions(ctx context.Context, cursor string, limit int) (list []OtherSession, next string, err error) {
	if err := iam.Allow(ctx, "session.end", ""); err != nil {
		return nil, "", err
	}
	scope := iam.Orgs(ctx, "session.end")
	at, after, err := readCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	list = []OtherSession{}
	for len(list) < limit {
		rows, page, err := s.livePage(ctx, scope, at, after, limit)
		if err != nil {
			return nil, "", err
		}
		for _, o := range page {
			if len(list) < limit {
				list = append(list, o)
			}
		}
		if len(rows) < limit {
			return s.masked(ctx, list), "", nil
		}
		last := rows[len(rows)-1]
		if len(list) == limit {
			shown := list[limit-1]
			return s.masked(ctx, list), writeCursor(shown.Seen.UnixMilli(), shown.ID), nil
		}
		at, after = last.seen, last.id
	}
	return s.masked(ctx, list), "", nil
}

// livePage reads one page of all sessions, and of them those in scope.
func (s *Service) livePage(ctx context.Context, scope []string, at int64, after string, limit int) (rows []sessionRow, list []OtherSession, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list = nil
		if rows, err = liveSessions(tx, tx.Now().Add(-s.opts.Idle), tx.Now().Add(-s.opts.Absolute), at, after, limit); err != nil {
			return err
		}
		for _, r := range rows {
			who, err := iam.SubjectTx(tx, r.account)
			if err != nil {
				return err
			}
			if _, in := slices.BinarySearch(scope, who.Org); !in {
				continue
			}
			list = append(list, OtherSession{ID: r.id, Account: r.account, Org: who.Org, Device: device(r.agent), Address: maskAddress(r.address),
				Second: r.second, Created: time.UnixMilli(r.created).UTC(), Seen: time.UnixMilli(r.seen).UTC()})
		}
		return nil
	})
	return rows, list, err
}

// masked fills in names. Who is closed meanwhile has none.
func (s *Service) masked(ctx context.Context, list []OtherSession) []OtherSession {
	for i := range list {
		if p, err := s.IAM.Principal(ctx, list[i].Account, iam.Proof{}); err == nil {
			list[i].Name = maskName(p.Name)
		}
	}
	return list
}

// EndOther ends somebody else's session: permission session.end for the
// account's organisation.
func (s *Service) EndOther(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	var account string
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		var err error
		if account, err = sessionOwner(tx, id); unlessNotFound(err) != nil {
			return err
		}
		unknown := fault.NotFound.New("没有这个会话").WithCode("session.unknown")
		if err != nil {
			return unknown
		}
		who, err := iam.SubjectTx(tx, account)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "session.end", who.Org); err != nil {
			return err
		}
		if err := endSession(tx, id); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "session.end", Object: "session/" + id, Reason: reason})
	})
	s.forget(account)
	return err
}

func writeCursor(at int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10) + " " + id))
}

func readCursor(text string) (at int64, id string, err error) {
	if text == "" {
		return 1 << 62, "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	ms, id, found := strings.Cut(string(b), " ")
	at, bad := strconv.ParseInt(ms, 10, 64)
	if err != nil || bad != nil || !found {
		return 0, "", fault.Invalid.New("翻页标记不正确").WithCode("cursor").WithField("cursor", "cursor", "请从第一页重新开始")
	}
	return at, id, nil
}

// maskName shows the first character: 张*.
func maskName(name string) string {
	r := []rune(name)
	if len(r) == 0 {
		return ""
	}
	return string(r[:1]) + strings.Repeat("*", max(len(r)-1, 1))
}

// maskAddress hides the end of a network address: what tells one machine from
// its neighbours.
func maskAddress(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	bits := 16
	if a.Is6() && !a.Is4In6() {
		bits = 32
	}
	p, err := a.Unmap().Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// device names the browser and the system of a user agent, for people to
// recognise their own by. It decides nothing.
func device(agent string) string {
	first := func(pairs [][2]string) string {
		for _, p := range pairs {
			if strings.Contains(agent, p[0]) {
				return p[1]
			}
		}
		return ""
	}
	browser := first([][2]string{{"MicroMessenger", "微信"}, {"DingTalk", "钉钉"}, {"Edg", "Edge"}, {"OPR/", "Opera"}, {"QQBrowser", "QQ 浏览器"},
		{"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}})
	system := first([][2]string{{"HarmonyOS", "鸿蒙"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"UOS", "统信 UOS"}, {"Kylin", "麒麟"}, {"Linux", "Linux"}})
	switch {
	case browser == "" && system == "":
		return "未知设备"
	case browser == "" || system == "":
		return browser + system
	}
	return browser + "，" + system
}
