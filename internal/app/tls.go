package app

import (
	"context"
	"errors"
	"net"
	"sync"

	"sidian/internal/conf"
	"sidian/internal/httpx"
	"sidian/internal/obs"
)

// refuseExposed refuses to serve others in the clear.
func refuseExposed(c conf.Config) error {
	proxies, err := c.Proxies()
	if err != nil {
		return err
	}
	err = httpx.Exposed(c.Listen, c.TLS.CertFile != "", proxies)
	var exposure *httpx.Exposure
	if errors.As(err, &exposure) {
		chinese, english := exposure.Words()
		return &Trouble{Part: "listen", Where: c.Listen, What: Words{chinese, english}}
	}
	return err
}

// tls opens the server's digital certificate, which follows its files without a
// restart, and what leads from the clear to it. It is nil where a proxy in
// front has one.
func (a *App) tls(ctx context.Context, background *sync.WaitGroup) (*httpx.Pair, error) {
	c := a.Conf.TLS
	if c.CertFile == "" {
		return nil, nil
	}
	pair, err := httpx.OpenPair(c.CertFile, c.KeyFile, a.Log)
	if err != nil {
		return nil, troubledPart("tls", Words{"服务器数字证书不能使用：" + c.CertFile, "the server's digital certificate cannot be used: " + c.CertFile}, err)
	}
	a.Health.Add(obs.Check{Name: "tls", Ask: pair.Health})
	left := func() float64 { return pair.Left().Hours() / 24 }
	if err := a.Metrics.Gauge("sidian_tls_days_left", "Days until the server's digital certificate ends.", left); err != nil {
		return nil, err
	}
	if c.Redirect == "" {
		return pair, nil
	}
	l, err := net.Listen("tcp", c.Redirect)
	if err != nil {
		return nil, troubledListen(c.Redirect, byKey("tls.redirect_listen"), err)
	}
	background.Go(func() {
		if err := httpx.Serve(ctx, httpx.Server(httpx.Redirect(a.Conf.BaseURL), a.Log), l, "", "", grace); err != nil {
			a.Log.ErrorContext(ctx, "redirecting stopped", "err", err)
		}
	})
	return pair, nil
}
