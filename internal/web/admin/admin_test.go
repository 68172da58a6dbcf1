package admin

import (
	"net/http"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
)

// Every page is there for those whose work it is, and for nobody else; the
// navigation offers to each what opens.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		g := s.proposed("clerk", "reviewer", iamtest.Market)
		person, unit, app := at("people", s.id("clerk")), at("units", iamtest.Market), at("clients", s.App.ID)
		const all = "system security audit"
		for _, c := range []struct{ path, who string }{
			{Home, all},
			{at("units"), all + " clerk"}, {at("units", "gaps"), all + " clerk"}, {unit, all + " clerk"},
			{at("units", "new"), "system"}, {unit + "/edit", "system"}, {unit + "/close", "system"}, {unit + "/posts/contact", "system"}, {unit + "/posts/contact/dismiss", "system"},
			{at("people"), "system security"}, {person, "system security"}, {at("people", "new"), "system"}, {person + "/edit", "system"}, {person + "/move", "system"},
			{person + "/link", "system security"}, {person + "/unlock", "security"}, {person + "/close", "system security"},
			{at("grants"), all}, {at("grants", g), all}, {at("grants", "new"), "system"}, {at("grants", g, "revoke"), "security"},
			{at("clients"), "security audit"}, {app, "security audit"}, {at("clients", "new"), "security"}, {app + "/edit", "security"}, {app + "/close", "security"},
			{at("policies"), all}, {at("policies", "0"), all}, {at("policies", "explain"), all}, {at("policies", "new"), "system"},
			{at("glasses"), all}, {at("glasses", "new"), "system"},
			{at("sessions"), "security"},
		} {
			for _, who := range []string{"system", "security", "audit", "clerk", "holder"} {
				a := s.Get(who, c.path)
				want := http.StatusForbidden
				if strings.Contains(" "+c.who+" ", " "+who+" ") {
					want = http.StatusOK
				}
				if a.Status != want {
					t.Errorf("%s: %s gets %d, want %d", c.path, who, a.Status, want)
				}
				if a.Status == http.StatusForbidden && !strings.Contains(a.Body, "没有") {
					t.Errorf("%s: %s is refused without a word", c.path, who)
				}
			}
			if a := s.Get("", c.path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To(), "/login?") {
				t.Errorf("%s: a stranger gets %d %s", c.path, a.Status, a.To())
			}
		}
		for who, links := range map[string]string{"system": "概览 单位 人员 授权 策略 应急查阅", "security": "概览 单位 人员 授权 应用 策略 应急查阅 会话", "audit": "概览 单位 授权 应用 策略 应急查阅"} {
			body := s.Get(who, Home).Is(http.StatusOK)
			nav := body.Between(`<nav class="more"`, "</nav>")
			if got := strings.Count(nav, "<a "); got != len(strings.Fields(links)) {
				t.Errorf("%s has %d items, want %s:\n%s", who, got, links, nav)
			}
		}
	})
}

// What belongs to no page the reader may see is not there, whoever asks.
func TestUnknown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		for who, paths := range map[string][]string{
			"system":   {at("units", "none"), at("people", "none"), at("grants", "none"), at("policies", "99"), at("policies", "x"), at("policies", "-1"), at("glasses", "none"), at("units", "none", "edit"), at("people", "none", "close")},
			"security": {at("clients", "none"), at("clients", "none", "edit"), at("clients", s.App.ID, "secrets", "none", "more")},
		} {
			for _, path := range paths {
				if a := s.Get(who, path); a.Status != http.StatusNotFound {
					t.Errorf("%s: %d", path, a.Status)
				}
			}
		}
		if a := s.Get("security", at("policies", "0", "decide")); a.Status != http.StatusMethodNotAllowed && a.Status != http.StatusNotFound {
			t.Errorf("a write answers a read: %d", a.Status)
		}
	})
}
