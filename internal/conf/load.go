package conf

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// prefix of environment variables: database.url is SIDIAN_DATABASE_URL.
const prefix = "SIDIAN_"

// Load reads the file at path, if one is named, then environ ("KEY=value"
// lines such as os.Environ gives), which wins. Relative paths in the result
// are relative to the file.
func Load(path string, environ []string) (Config, error) {
	k, keys := koanf.New("."), Keys()
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("conf: reading %s: %w", path, err)
		}
	}
	if err := known(k.Keys(), keys, path); err != nil {
		return Config{}, err
	}
	if err := k.Load(env.Provider(".", env.Opt{Prefix: prefix, EnvironFunc: func() []string { return environ }, TransformFunc: fromEnv(keys)}), nil); err != nil {
		return Config{}, fmt.Errorf("conf: reading the environment: %w", err)
	}
	if err := known(k.Keys(), keys, "the environment"); err != nil {
		return Config{}, err
	}
	c := Default()
	if err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{Tag: "koanf"}); err != nil {
		return Config{}, fmt.Errorf("conf: %s: %w", path, err)
	}
	c.place(filepath.Dir(path))
	return c, c.check()
}

func fromEnv(keys []string) func(string, string) (string, any) {
	lists := listKeys()
	return func(name, value string) (string, any) {
		for _, k := range keys {
			if name != EnvName(k) {
				continue
			}
			if slices.Contains(lists, k) {
				return k, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
			}
			return k, value
		}
		return name, value // known refuses it
	}
}

// EnvName is the environment variable of a key.
func EnvName(key string) string { return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")) }

// known refuses the first key that no field has, and names the nearest.
func known(got, keys []string, where string) error {
	for _, k := range got {
		if slices.Contains(keys, k) {
			continue
		}
		candidates := keys
		if strings.HasPrefix(k, prefix) {
			candidates = make([]string, len(keys))
			for i, key := range keys {
				candidates[i] = EnvName(key)
			}
		}
		if near := Nearest(k, candidates); near != "" {
			return fmt.Errorf("conf: unknown key %s in %s; did you mean %s? (不认识的配置项 %s；是否想写 %s？)", k, where, near, k, near)
		}
		return fmt.Errorf("conf: unknown key %s in %s (不认识的配置项)", k, where)
	}
	return nil
}

// place makes paths absolute to dir and fills those that have a usual place.
func (c *Config) place(dir string) {
	at := func(base string, p *string) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
	at(dir, &c.DataDir)
	for _, p := range []*string{&c.MasterKeyFile, &c.Blob.Dir, &c.TLS.CertFile, &c.TLS.KeyFile, &c.Database.PasswordFile,
		&c.Blob.S3.AccessKeyFile, &c.Blob.S3.SecretKeyFile, &c.Authority.CertFile, &c.Authority.KeyFile, &c.Authority.ChainFile,
		&c.Authority.TrustDir, &c.Timestamp.CertFile, &c.Timestamp.KeyFile, &c.Identity.Staff.SecretFile, &c.Identity.Holder.SecretFile,
		&c.Keys.PKCS11.PinFile, &c.Keys.SDF.PinFile, &c.Ferry.OutDir, &c.Ferry.InDir, &c.Ferry.PeerCertFile,
		&c.Notice.Mail.PasswordFile, &c.Notice.SMS.SecretFile, &c.Notice.App.SecretFile} {
		at(dir, p)
	}
	usual := func(p *string, name string) {
		if *p == "" {
			*p = filepath.Join(c.DataDir, name)
		}
	}
	usual(&c.MasterKeyFile, "master.key")
	usual(&c.Blob.Dir, "blob")
	if rest, isSQLite := strings.CutPrefix(c.Database.URL, "sqlite:"); isSQLite && !filepath.IsAbs(rest) {
		c.Database.URL = "sqlite:" + filepath.Join(dir, rest)
	}
	if c.Database.URL == "" {
		c.Database.URL = "sqlite:" + filepath.Join(c.DataDir, "sidian.db")
	}
	if c.BaseURL == "" {
		c.BaseURL = "http://" + c.Listen
	}
}

// check refuses what cannot be meant. It names keys, never values: a value may
// be a secret that was put in the wrong place.
func (c *Config) check() error {
	oneOf := func(key, value string, allowed ...string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return fmt.Errorf("conf: %s must be one of %s", key, strings.Join(allowed, ", "))
	}
	for _, err := range []error{
		oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error"),
		oneOf("log.format", c.Log.Format, "text", "json"),
		oneOf("zone", c.Zone, "", "extranet", "internet"),
		oneOf("keys.module", c.Keys.Module, "soft", "pkcs11", "sdf"),
		oneOf("seals.top", c.Seals.Top, "", "county", "city", "province"),
		oneOf("authority.mode", c.Authority.Mode, "builtin", "files"),
		oneOf("timestamp.mode", c.Timestamp.Mode, "builtin", "files", "url"),
		c.checkNetwork(), c.checkPairs(), c.checkNumbers(), c.Identity.Staff.check("identity.staff"), c.Identity.Holder.check("identity.holder"),
		oneOf("notice.mail.security", c.Notice.Mail.Security, "starttls", "tls", "plain"),
		c.Timestamp.check(), c.Notice.Mail.check(), c.Notice.SMS.check("notice.sms"), c.Notice.App.check("notice.app"),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkNetwork() error {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return fmt.Errorf("conf: base_url must be http or https, a host, and nothing else")
	}
	d, err := url.Parse(c.Database.URL)
	if err != nil || d.Scheme != "sqlite" && d.Scheme != "postgres" {
		return fmt.Errorf("conf: database.url must begin with sqlite: or postgres:")
	}
	if d.User != nil {
		if _, has := d.User.Password(); has {
			return fmt.Errorf("conf: database.url has a password in it; put it into a file and name that in database.password_file")
		}
	}
	_, err = c.Proxies()
	return err
}

// Proxies are the trusted proxies' networks. An address alone is a network of one.
func (c *Config) Proxies() (list []netip.Prefix, err error) {
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, aerr := netip.ParseAddr(text)
			if aerr != nil {
				return nil, fmt.Errorf("conf: trusted_proxies: %q is neither a network nor an address", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		list = append(list, p)
	}
	return list, nil
}

func (c *Config) checkPairs() error {
	switch {
	case (c.TLS.CertFile == "") != (c.TLS.KeyFile == ""):
		return fmt.Errorf("conf: tls.cert_file and tls.key_file must be set together")
	case c.TLS.Redirect != "" && c.TLS.CertFile == "":
		return fmt.Errorf("conf: tls.redirect_listen needs tls.cert_file and tls.key_file")
	case c.Authority.Mode == "files" && (c.Authority.CertFile == "" || c.Authority.KeyFile == ""):
		return fmt.Errorf("conf: authority.mode files needs authority.cert_file and authority.key_file")
	case c.Timestamp.Mode == "files" && (c.Timestamp.CertFile == "" || c.Timestamp.KeyFile == ""):
		return fmt.Errorf("conf: timestamp.mode files needs timestamp.cert_file and timestamp.key_file")
	case c.Keys.Module == "pkcs11" && (c.Keys.PKCS11.Library == "" || c.Keys.PKCS11.Token == "" || c.Keys.PKCS11.PinFile == "" || c.Keys.PKCS11.Label == ""):
		return fmt.Errorf("conf: keys.module pkcs11 needs keys.pkcs11.library, token, pin_file and label")
	case c.Keys.Module == "sdf" && (c.Keys.SDF.Library == "" || c.Keys.SDF.Label == "" || c.Keys.SDF.KEK == 0):
		return fmt.Errorf("conf: keys.module sdf needs keys.sdf.library, label and kek")
	case (c.Ferry.OutDir != "" || c.Ferry.InDir != "") && c.Zone == "":
		return fmt.Errorf("conf: ferry needs zone")
	case c.Ferry.InDir != "" && c.Ferry.PeerCertFile == "":
		return fmt.Errorf("conf: ferry.in_dir needs ferry.peer_cert_file")
	case c.Timestamp.Mode == "url" && c.Timestamp.URL == "":
		return fmt.Errorf("conf: timestamp.mode url needs timestamp.url")
	case c.Blob.S3.Endpoint != "" && (c.Blob.S3.Bucket == "" || c.Blob.S3.AccessKeyFile == "" || c.Blob.S3.SecretKeyFile == ""):
		return fmt.Errorf("conf: blob.s3.endpoint needs blob.s3.bucket, access_key_file and secret_key_file")
	}
	return nil
}

// check refuses a provider that is half said. One that answers over plain HTTP
// could be anybody.
func (p Provider) check(key string) error {
	if p.Issuer == "" {
		return nil
	}
	u, err := url.Parse(p.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost") {
		return fmt.Errorf("conf: %s.issuer must be an https address", key)
	}
	if p.ClientID == "" || p.SecretFile == "" || p.Name == "" {
		return fmt.Errorf("conf: %s.issuer needs %s.name, client_id and secret_file", key, key)
	}
	_, err = p.LevelsOf()
	return err
}

// LevelsOf are the assurance levels by the provider's words for them.
func (p Provider) LevelsOf() (map[string]int, error) {
	out := map[string]int{}
	for _, pair := range p.Levels {
		word, level, ok := strings.Cut(pair, "=")
		n := strings.Index("0123", level)
		if !ok || word == "" || len(level) != 1 || n < 0 {
			return nil, fmt.Errorf("conf: identity levels are word=0 to word=3, not %q", pair)
		}
		out[word] = n
	}
	return out, nil
}

func (t Timestamp) check() error {
	_, err := t.EndsOf()
	return err
}

// EndsOf are the days after which algorithms are not believed, by the algorithm.
func (t Timestamp) EndsOf() (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for _, pair := range t.Ends {
		name, day, _ := strings.Cut(pair, "=")
		at, err := time.Parse(time.DateOnly, day)
		if err != nil || name == "" {
			return nil, fmt.Errorf("conf: timestamp.ends are algorithm=2040-12-31, not %q", pair)
		}
		out[name] = at
	}
	return out, nil
}

func (m Mail) check() error {
	if m.Server == "" {
		return nil
	}
	if host, port, err := net.SplitHostPort(m.Server); err != nil || host == "" || port == "" {
		return fmt.Errorf("conf: notice.mail.server must be host:port")
	}
	if a, err := mail.ParseAddress(m.From); err != nil || a.Address != m.From {
		return fmt.Errorf("conf: notice.mail.server needs notice.mail.from, an address without a name")
	}
	if (m.User == "") != (m.PasswordFile == "") {
		return fmt.Errorf("conf: notice.mail.user and notice.mail.password_file must be set together")
	}
	return nil
}

// check refuses a gateway that anybody could read or be: what it is given holds
// telephone numbers.
func (g Gateway) check(key string) error {
	if g.URL == "" {
		return nil
	}
	u, err := url.Parse(g.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !g.Private) {
		return fmt.Errorf("conf: %s.url must be an https address, or an http one with %s.private", key, key)
	}
	if g.SecretFile == "" {
		return fmt.Errorf("conf: %s.url needs %s.secret_file", key, key)
	}
	return nil
}

func (c *Config) checkNumbers() error {
	switch {
	case c.Session.PasswordDays < 0 || c.Session.PasswordHistory < 0 || c.Session.PasswordHistory > 24:
		return fmt.Errorf("conf: session.password_days must not be negative, and session.password_history is at most 24")
	case c.Session.Idle < time.Minute || c.Session.Absolute < c.Session.Idle:
		return fmt.Errorf("conf: session.idle must be at least 1m and session.absolute at least as long")
	case c.Session.LockAfter < 1:
		return fmt.Errorf("conf: session.lock_after must be at least 1")
	case c.Limits.Body < 1024 || c.Limits.Upload < c.Limits.Body:
		return fmt.Errorf("conf: limits.body must be at least 1024 and limits.upload at least as large")
	case c.Limits.AddressRate < 0 || c.Limits.CallerRate < 0 || c.Limits.AddressBurst < 0 || c.Limits.CallerBurst < 0:
		return fmt.Errorf("conf: limits must not be negative")
	}
	return nil
}
