package notice

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// Post is a mail server (RFC 5321) as a carrier.
type Post struct {
	Server   string // host:port
	From     string // address
	User     string // empty: without signing in
	Password string
	// Plain speaks without TLS where the server has none; otherwise a server
	// that does not offer STARTTLS is not spoken to.
	Plain bool
	// Whole speaks TLS from the first octet (port 465).
	Whole bool
	TLS   *tls.Config // nil: the system's roots
}

// Send hands a mail to the server. What the server refuses for good (5xx to the
// recipient or the mail) is a *Refusal; that it does not let us in is our own
// trouble and tried again.
func (p *Post) Send(ctx context.Context, to string, m Message) (bool, error) {
	if !validMail(to) {
		return false, &Refusal{"邮箱地址不正确"}
	}
	c, err := p.dial(ctx)
	if err != nil {
		return false, &trouble{"连接邮件服务器没有成功", err}
	}
	defer func() { _ = c.Close() }()
	if err := p.enter(c); err != nil {
		return false, &trouble{"邮件服务器没有接受本平台的登录", err}
	}
	if err := c.Mail(p.From); err != nil {
		return false, &trouble{"邮件服务器没有接受发件地址" + codeOf(err), err}
	}
	if err := c.Rcpt(to); err != nil {
		return false, answered("收件地址", err)
	}
	w, err := c.Data()
	if err != nil {
		return false, answered("邮件", err)
	}
	if _, err := w.Write(p.compose(to, m)); err != nil {
		return false, &trouble{"邮件没有发完", err}
	}
	if err := w.Close(); err != nil {
		return false, answered("邮件", err)
	}
	_ = c.Quit() // the mail is theirs; how we part changes nothing
	return false, nil
}

// answered is what a server said about the recipient or the mail. Its words may
// name the address and are not repeated.
func answered(what string, err error) error {
	var e *textproto.Error
	if errors.As(err, &e) && e.Code >= 500 {
		return &Refusal{fmt.Sprintf("邮件服务器拒收（%s，答复 %d）", what, e.Code)}
	}
	return &trouble{"邮件服务器暂时没有收下" + codeOf(err), err}
}

func codeOf(err error) string {
	var e *textproto.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("（答复 %d）", e.Code)
	}
	return ""
}

func (p *Post) dial(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(p.Server)
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", p.Server)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	if p.Whole {
		conn = tls.Client(conn, p.config(host))
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}

func (p *Post) config(host string) *tls.Config {
	c := &tls.Config{}
	if p.TLS != nil {
		c = p.TLS.Clone()
	}
	c.ServerName, c.MinVersion = host, tls.VersionTLS12
	return c
}

func (p *Post) enter(c *smtp.Client) error {
	host, _, err := net.SplitHostPort(p.Server)
	if err != nil {
		return err
	}
	_, domain, _ := strings.Cut(p.From, "@")
	if err := c.Hello(domain); err != nil {
		return err
	}
	if offers, _ := c.Extension("STARTTLS"); offers && !p.Whole {
		if err := c.StartTLS(p.config(host)); err != nil {
			return err
		}
	} else if !offers && !p.Whole && !p.Plain {
		return errors.New("the server offers no STARTTLS")
	}
	if p.User == "" {
		return nil
	}
	return c.Auth(smtp.PlainAuth("", p.User, p.Password, host))
}

// compose writes the mail. All that is not ASCII is encoded, so that no word of a
// notice can become a header.
func (p *Post) compose(to string, m Message) []byte {
	_, domain, _ := strings.Cut(p.From, "@")
	text := m.Title + "\r\n"
	if m.Text != "" {
		text += "\r\n" + strings.ReplaceAll(m.Text, "\n", "\r\n") + "\r\n"
	}
	if m.Link != "" {
		text += "\r\n查看：" + m.Link + "\r\n"
	}
	text += "\r\n此邮件由系统自动发出，请勿回复。不愿再收的，登录后在“我的安全—接收消息的方式”中关闭。\r\n"
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", p.From}, {"To", to}, {"Subject", mime.BEncoding.Encode("utf-8", m.Title)}, {"Date", m.At.Format(time.RFC1123Z)},
		{"Message-ID", "<" + m.ID + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "base64"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	body := base64.StdEncoding.EncodeToString([]byte(text))
	for len(body) > 76 {
		b.WriteString(body[:76] + "\r\n")
		body = body[76:]
	}
	b.WriteString(body + "\r\n")
	return b.Bytes()
}
