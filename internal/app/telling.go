package app

import (
	"bytes"
	"context"
	"net/url"
	"os"

	"sidian/internal/conf"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/notice"
)

// telling makes what tells people, in the platform and outside it.
func (a *App) telling(ctx context.Context, base string) (err error) {
	n := a.Notice
	n.Outbox, n.IAM, n.BaseURL = a.Outbox, a.IAM, base
	if n.Box, err = a.Keys.Box(ctx); err != nil {
		return err
	}
	if n.Index, err = a.Keys.Index(ctx, "notice.code"); err != nil {
		return err
	}
	if n.Carriers, err = a.carriers(); err != nil {
		return troubledPart("notice", Words{"发送消息的通道读不出配置", "the carriers of notices cannot be configured"}, err)
	}
	a.Remind.IAM, a.Remind.Notice, a.Remind.Document = a.IAM, n, a.Blob.Get
	return nil
}

// carriers are the ways out that are configured.
func (a *App) carriers() (map[notice.Channel]notice.Carrier, error) {
	out := map[notice.Channel]notice.Carrier{}
	if m := a.Conf.Notice.Mail; m.Server != "" {
		p := &notice.Post{Server: m.Server, From: m.From, User: m.User, Plain: m.Security == "plain", Whole: m.Security == "tls"}
		if m.User != "" {
			password, err := os.ReadFile(m.PasswordFile)
			if err != nil {
				return nil, err
			}
			p.Password = string(bytes.TrimRight(password, "\r\n"))
		}
		out[notice.Mail] = p
	}
	for channel, g := range map[notice.Channel]conf.Gateway{notice.SMS: a.Conf.Notice.SMS, notice.App: a.Conf.Notice.App} {
		if g.URL == "" {
			continue
		}
		c, err := a.gateway(channel, g)
		if err != nil {
			return nil, err
		}
		out[channel] = c
	}
	return out, nil
}

// shortest is how many bytes a secret must have that two programs share.
const shortest = 16

func (a *App) gateway(channel notice.Channel, g conf.Gateway) (*notice.Gateway, error) {
	secret, err := os.ReadFile(g.SecretFile)
	if err != nil {
		return nil, err
	}
	if secret = bytes.TrimSpace(secret); len(secret) < shortest {
		return nil, fault.Invalid.New("%s的签名密钥不足 %d 个字节", channel.Name(), shortest).WithCode("notice.secret").WithHint("请换一个更长的密钥")
	}
	u, err := url.Parse(g.URL)
	if err != nil {
		return nil, err
	}
	o := httpx.ClientOptions{Hosts: []string{u.Host}, MaxBody: 64 << 10}
	if g.Private {
		o.Private = o.Hosts
	}
	return &notice.Gateway{Channel: channel, URL: g.URL, Secret: secret, Call: httpx.NewClient(o), Now: a.DB.Now}, nil
}
