package conf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sidian/internal/conf"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sidian.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExampleIsTheDefault(t *testing.T) {
	t.Parallel()
	path := write(t, conf.Example())
	got, err := conf.Load(path, nil)
	if err != nil {
		t.Fatalf("the example does not load: %v\n%s", err, conf.Example())
	}
	want, err := conf.Load(write(t, "{}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got.TrustedProxies, got.Outgoing = nil, conf.Outgoing{} // [] and absent mean the same
	got.Identity.Staff.Levels, got.Identity.Holder.Levels, got.Keys.Others, got.Timestamp.Ends = nil, nil, nil, nil
	drop := func(c *conf.Config) { c.DataDir, c.MasterKeyFile, c.Blob.Dir, c.Database.URL = "", "", "", "" }
	drop(&got)
	drop(&want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the example differs from the defaults (-default +example):\n%s", diff)
	}
	for _, key := range conf.Keys() {
		if !strings.Contains(conf.Example(), conf.EnvName(key)) {
			t.Errorf("the example lacks %s", key)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := write(t, "base_url: https://zz.example\nsession: {idle: 15m}\nlimits: {upload: 5000000}\n")
	c, err := conf.Load(path, []string{"SIDIAN_SESSION_ABSOLUTE=8h", "SIDIAN_OUTGOING_HOSTS=a.example,b.example", "SIDIAN_LIMITS_UPLOAD=6000000", "HOME=/nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Session.Idle != 15*time.Minute || c.Session.Absolute != 8*time.Hour || c.Limits.Upload != 6000000 {
		t.Errorf("got idle %v, absolute %v, upload %d", c.Session.Idle, c.Session.Absolute, c.Limits.Upload)
	}
	if diff := cmp.Diff([]string{"a.example", "b.example"}, c.Outgoing.Hosts); diff != "" {
		t.Error(diff)
	}
	if want := filepath.Join(filepath.Dir(path), "master.key"); c.MasterKeyFile != want {
		t.Errorf("master key at %s, want %s", c.MasterKeyFile, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text, env, want string
	}{
		"unknown key":           {"listne: x", "", "did you mean listen"},
		"unknown nested key":    {"database: {urll: x}", "", "did you mean database.url"},
		"unknown far key":       {"qqqqqqqq: x", "", "unknown key qqqqqqqq"},
		"unknown variable":      {"", "SIDIAN_DATABASE_ULR=x", "did you mean SIDIAN_DATABASE_URL"},
		"password in url":       {"database: {url: 'postgres://u:geheim@h/d'}", "", "database.password_file"},
		"unknown engine":        {"database: {url: 'mysql://h/d'}", "", "database.url"},
		"unknown level":         {"log: {level: loud}", "", "log.level"},
		"half a certificate":    {"tls: {cert_file: a}", "", "set together"},
		"redirect to nothing":   {"tls: {redirect_listen: ':80'}", "", "tls.redirect_listen"},
		"files without files":   {"authority: {mode: files}", "", "authority.cert_file"},
		"url without url":       {"timestamp: {mode: url}", "", "timestamp.url"},
		"bucket without keys":   {"blob: {s3: {endpoint: 'h:1', bucket: b}}", "", "secret_key_file"},
		"bad proxy":             {"trusted_proxies: [nowhere]", "", "trusted_proxies"},
		"base with path":        {"base_url: https://a/b", "", "base_url"},
		"short session":         {"session: {idle: 5s}", "", "session.idle"},
		"small upload":          {"limits: {upload: 5}", "", "limits.upload"},
		"plain provider":        {"identity: {staff: {issuer: 'http://idp.example'}}", "", "identity.staff.issuer"},
		"half a provider":       {"identity: {holder: {issuer: 'https://idp.example'}}", "", "secret_file"},
		"an end that is no day": {"timestamp: {ends: [sm3=soon]}", "", "sm3=soon"},
		"unknown level of name": {"identity: {staff: {issuer: 'https://idp.example', name: a, client_id: b, secret_file: c, levels: [a=7]}}", "", "a=7"},
		"mail without port":     {"notice: {mail: {server: smtp.example.cn, from: a@example.cn}}", "", "host:port"},
		"mail from nobody":      {"notice: {mail: {server: 'smtp.example.cn:587'}}", "", "notice.mail.from"},
		"mail from a name":      {"notice: {mail: {server: 'smtp.example.cn:587', from: 'A <a@example.cn>'}}", "", "notice.mail.from"},
		"half a mail user":      {"notice: {mail: {server: 'smtp.example.cn:587', from: a@example.cn, user: a}}", "", "password_file"},
		"mail in some way":      {"notice: {mail: {security: none}}", "", "notice.mail.security"},
		"gateway without key":   {"notice: {sms: {url: 'https://sms.example.cn/send'}}", "", "secret_file"},
		"gateway in the clear":  {"notice: {app: {url: 'http://app.example.cn/send', secret_file: s}}", "", "notice.app.url"},
		"gateway with password": {"notice: {app: {url: 'https://u:geheim@app.example.cn/', secret_file: s}}", "", "notice.app.url"},
		"long history":          {"session: {password_history: 99}", "", "password_history"},
		"negative rate":         {"limits: {address_rate: -1}", "", "negative"},
		"number that is a word": {"limits: {body: many}", "", "conf:"},
		"not yaml":              {"a: [", "", "reading"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var env []string
			if tc.env != "" {
				env = []string{tc.env}
			}
			_, err := conf.Load(write(t, tc.text), env)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want one with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Error("the error repeats a secret")
			}
		})
	}
}

func TestNeverPrintedWhole(t *testing.T) {
	t.Parallel()
	c := conf.Default()
	c.Database.URL = "postgres://geheim"
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), c.LogValue().String()} {
		if strings.Contains(text, "geheim") {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	list := []string{"listen", "base_url", "证照"}
	for word, want := range map[string]string{"listne": "listen", "lisen": "listen", "xyz": "", "": "", "证件照": "证照"} {
		if got := conf.Nearest(word, list); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
