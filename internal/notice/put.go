package notice

import (
	"crypto/rand"
	"encoding/base32"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/outbox"
)

// Limits of what is told, in characters.
const (
	maxTitle = 200
	maxText  = 1000
	maxLink  = 300
	maxName  = 100 // of an account, an organisation, a permission, an occasion
)

var topicForm = regexp.MustCompile(`^[a-z][a-z0-9]*(\.[a-z0-9][a-z0-9-]*)+$`)

// PutTx tells n. Its ID may name the occasion: what was told on it already is
// not told again, nor changed. Without one every call tells. At and ReadAt are
// not looked at. What breaks a rule of notices is refused with a fault.Invalid.
func (s *Service) PutTx(tx *db.Tx, n Notice) error {
	n.Text = lines.Replace(n.Text)
	if err := check(n); err != nil {
		return err
	}
	n.ID, n.At = idOf(n), tx.Now()
	made, err := insert(tx, n)
	if err != nil || made == 0 || !s.leaves() {
		return err
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: n.ID, Body: told{n.ID}})
}

// lines are what people type in several: the same, whatever they typed on.
var lines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ")

// idOf is the id of a notice: random, or of its occasion and whom it is for, so
// that one occasion may be told to several.
func idOf(n Notice) string {
	if n.ID == "" {
		return strings.ToLower(rand.Text())
	}
	sum := gm.Sum([]byte(strings.Join([]string{n.ID, n.Account, n.Org, n.Permission}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

func check(n Notice) error {
	bad := fault.Invalid.New("消息不符合规则").WithCode("notice.invalid").WithHint("请按提示修改")
	if (n.Account == "") == (n.Permission == "") || n.Permission != "" && n.Org == "" {
		bad = bad.WithField("account", "audience", "须发给一个账号，或者发给在某单位持有某权限的人")
	}
	for _, name := range []string{n.Account, n.Org, n.Permission, n.ID} {
		if len(name) > maxName || !plain(name) {
			bad = bad.WithField("account", "name", "编号过长或含不可见字符")
		}
	}
	if !topicForm.MatchString(n.Topic) || len(n.Topic) > maxName {
		bad = bad.WithField("topic", "form", "应为小写字母和点，如 seal.frozen")
	}
	if strings.TrimSpace(n.Title) == "" || utf8.RuneCountInString(n.Title) > maxTitle || !plain(n.Title) {
		bad = bad.WithField("title", "length", "应为 1 至 200 个字，不换行")
	}
	if utf8.RuneCountInString(n.Text) > maxText || !plain(strings.ReplaceAll(n.Text, "\n", "")) {
		bad = bad.WithField("text", "length", "至多 1000 个字")
	}
	if n.Link != "" && !local(n.Link) {
		bad = bad.WithField("link", "local", "只能是本平台内的地址，以一个 / 开头")
	}
	for name, words := range map[string]string{"title": n.Title, "text": n.Text, "link": n.Link} {
		if audit.Personal(words) {
			return bad.WithCode("notice.personal").WithField(name, "personal", "消息中不得写证件号码、手机号码")
		}
	}
	return bad.OrNil()
}

// plain tells whether a text can stand in a line: no controls, no marks that turn
// the direction of writing, no octets that are no character.
func plain(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
	}) < 0
}

// local tells whether a browser that follows the link stays on this platform.
func local(link string) bool {
	if len(link) > maxLink || !plain(link) || !strings.HasPrefix(link, "/") || strings.HasPrefix(link, "//") || strings.Contains(link, `\`) {
		return false
	}
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && strings.TrimSuffix(path.Clean(u.Path), "/") == strings.TrimSuffix(u.Path, "/")
}
