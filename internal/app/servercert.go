package app

import (
	"crypto/tls"
	"strings"
	"time"
)

// server looks at the digital certificate that browsers are shown.
func (d *doctor) server() {
	if d.c.TLS.CertFile == "" {
		if strings.HasPrefix(d.c.BaseURL, "https:") {
			d.say("tls", Good, Words{"由前置代理提供 HTTPS", "HTTPS is given by a proxy in front"})
		}
		return
	}
	pair, err := tls.LoadX509KeyPair(d.c.TLS.CertFile, d.c.TLS.KeyFile)
	if err != nil {
		d.ask("tls", troubledPart("tls", Words{"服务器数字证书不能使用：" + d.c.TLS.CertFile, "the server's digital certificate cannot be used: " + d.c.TLS.CertFile}, err), Words{})
		return
	}
	d.expiry("tls", pair.Leaf.NotAfter, time.Now())
}
