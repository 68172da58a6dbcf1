package notice

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// States of a channel that somebody chose.
const (
	Pending = "pending" // the address is not known to be theirs yet
	Active  = "active"
)

// A Choice is how one account wants to be told by one channel.
type Choice struct {
	Channel   Channel `json:"channel" enum:"mail,sms,app"`
	Name      string  `json:"name"`
	Address   string  `json:"address,omitempty" doc:"脱敏"`
	State     string  `json:"state,omitempty" enum:"pending,active," doc:"空：没有设置；pending：地址还没有验证"`
	Posts     bool    `json:"posts" doc:"也接收发给本人所任岗位的消息；否则只接收发给本人的"`
	QuietFrom string  `json:"quiet_from,omitempty" doc:"免打扰开始，如 21:00；与结束相同或空：不设"`
	QuietTo   string  `json:"quiet_to,omitempty" doc:"免打扰结束"`
	Available bool    `json:"available" doc:"本平台已接通这种方式"`
	Hint      string  `json:"hint,omitempty" doc:"地址怎样写"`
}

// A ChannelRequest sets a channel. An empty address keeps the one that stands.
type ChannelRequest struct {
	Channel   Channel `path:"channel" json:"-" maxLength:"8"`
	Address   string  `json:"address,omitempty" maxLength:"254" doc:"空：不变；换地址须重新验证"`
	Posts     bool    `json:"posts,omitempty"`
	QuietFrom string  `json:"quiet_from,omitempty" maxLength:"5"`
	QuietTo   string  `json:"quiet_to,omitempty" maxLength:"5"`
}

// Limits of showing that an address is one's own.
const (
	codeFor   = 10 * time.Minute
	codeTries = 5
	codesHour = 5 // codes that are sent to what somebody claims, in an hour
	codeWait  = 20 * time.Second
)

// A chosen is a row of notice_channel.
type chosen struct {
	account    string
	channel    Channel
	sealed     []byte
	posts      bool
	from, to   int
	state      string
	code       []byte
	codeUntil  time.Time
	tries      int
	codes      int
	codesSince time.Time
}

func cell(account string, c Channel) keys.Cell {
	return keys.Cell{Table: "notice_channel", Column: "address", Row: account + "/" + string(c)}
}

// Channels tells how whoever acts wants to be told, by each channel.
func (s *Service) Channels(ctx context.Context) ([]Choice, error) {
	me, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	var rows map[Channel]*chosen
	err = s.DB.Read(ctx, func(tx *db.Tx) error { rows, err = channelsOf(tx, me.Account); return err })
	if err != nil {
		return nil, err
	}
	var all []Choice
	for _, c := range channels {
		one, err := s.choice(c, rows[c])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (s *Service) choice(c Channel, r *chosen) (Choice, error) {
	m := manners[c]
	x := Choice{Channel: c, Name: m.name, Available: s.Carriers[c] != nil, Hint: m.hint}
	if r == nil {
		x.QuietFrom, x.QuietTo = quietWords(m.from, m.to)
		return x, nil
	}
	address, err := s.Box.Open(cell(r.account, c), r.sealed)
	if err != nil {
		return x, err
	}
	x.Address, x.State, x.Posts = m.mask(string(address)), r.state, r.posts
	x.QuietFrom, x.QuietTo = quietWords(r.from, r.to)
	return x, nil
}

func quietWords(from, to int) (string, string) {
	if from == to {
		return "", ""
	}
	return clock(from), clock(to)
}

// SetChannel sets how whoever acts is told by a channel. To a new address a code
// is sent, and nothing else until it comes back ([Service.Confirm]).
func (s *Service) SetChannel(ctx context.Context, r ChannelRequest) (Choice, error) {
	me, err := reader(ctx)
	if err != nil {
		return Choice{}, err
	}
	carrier, known := s.Carriers[r.Channel], manners[r.Channel].name != ""
	if !known {
		return Choice{}, unknownChannel()
	}
	if carrier == nil {
		return Choice{}, fault.Conflict.New("本平台还没有接通%s", r.Channel.Name()).WithCode("notice.no-carrier").WithHint("请选择其他接收方式，或向平台管理员了解何时接通")
	}
	r.Address = tidyAddress(r.Channel, r.Address)
	var x Choice
	var code, to string
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		code, to = "", ""
		rows, err := channelsOf(tx, me.Account)
		if err != nil {
			return err
		}
		old := rows[r.Channel]
		row, err := r.row(me.Account, old)
		if err != nil {
			return err
		}
		if r.Address != "" {
			if code, err = s.claim(tx, row, old, r.Address); err != nil {
				return err
			}
			to = r.Address
		}
		if err := putChannel(tx, row); err != nil {
			return err
		}
		if x, err = s.choice(r.Channel, row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "notice.channel", Object: object(me.Account, r.Channel)})
	})
	if err != nil || code == "" {
		return x, err
	}
	return x, s.sendCode(ctx, carrier, to, code)
}

func object(account string, c Channel) string { return "account/" + account + "/channel/" + string(c) }

// row checks a request and lays it over what stands.
func (r ChannelRequest) row(account string, old *chosen) (*chosen, error) {
	bad := fault.Invalid.New("接收方式的设置不符合规则").WithCode("notice.choice").WithHint("请按提示修改")
	row := &chosen{account: account, channel: r.Channel, state: Pending}
	if old != nil {
		*row = *old
	}
	if r.Address == "" && old == nil {
		bad = bad.WithField("address", "required", "请填写接收地址："+manners[r.Channel].hint)
	}
	if r.Address != "" && !manners[r.Channel].valid(r.Address) {
		bad = bad.WithField("address", "form", "格式不对，应为："+manners[r.Channel].hint)
	}
	from, fromOK := minutes(r.QuietFrom)
	to, toOK := minutes(r.QuietTo)
	switch {
	case r.QuietFrom == "" && r.QuietTo == "":
		from, to = 0, 0
	case !fromOK:
		bad = bad.WithField("quiet_from", "form", "时刻应写作 21:00；不设免打扰的，两处都留空")
	case !toOK:
		bad = bad.WithField("quiet_to", "form", "时刻应写作 08:00；不设免打扰的，两处都留空")
	}
	row.posts, row.from, row.to = r.Posts, from, to
	return row, bad.OrNil()
}

// claim puts a new address into row and returns the code that shows whose it is;
// "" where the address is the one that is known already.
func (s *Service) claim(tx *db.Tx, row, old *chosen, address string) (code string, err error) {
	if old != nil && old.state == Active {
		known, err := s.Box.Open(cell(row.account, row.channel), old.sealed)
		if err != nil || string(known) == address {
			return "", err
		}
	}
	now := tx.Now()
	if now.Sub(row.codesSince) >= time.Hour {
		row.codes, row.codesSince = 0, now
	}
	if row.codes++; row.codes > codesHour {
		return "", fault.TooMany.New("一小时内最多发送 %d 次验证码", codesHour).WithCode("notice.codes").WithHint("请一小时后再试")
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("notice: making a code: %w", err)
	}
	code = fmt.Sprintf("%06d", n)
	if row.sealed, err = s.Box.Seal(cell(row.account, row.channel), []byte(address)); err != nil {
		return "", err
	}
	sum := s.Index.Of(codeText(row, code))
	row.state, row.code, row.codeUntil, row.tries = Pending, sum[:], now.Add(codeFor), 0
	return code, nil
}

func codeText(row *chosen, code string) string {
	return strings.Join([]string{row.account, string(row.channel), code}, "\x00")
}

// sendCode sends a code at once: whoever asked for it waits for it, and a code
// that comes hours later is good for nothing.
func (s *Service) sendCode(ctx context.Context, carrier Carrier, to, code string) error {
	ctx, cancel := context.WithTimeout(ctx, codeWait)
	defer cancel()
	_, err := carrier.Send(ctx, to, Message{
		ID: newID(), Title: "验证码 " + code, At: s.DB.Now(),
		Text: "您正在设置接收政务消息的地址，验证码 " + code + "，10 分钟内有效。不是您本人操作的，请忽略。",
	})
	var no *Refusal
	switch {
	case errors.As(err, &no):
		return fault.Invalid.New("验证码没有发出：%s", no.Reason).WithCode("notice.address").WithHint("请核对地址后重新填写").
			WithField("address", "refused", "这个地址收不到消息")
	case err != nil:
		return fault.Unavailable.Wrap(err, "验证码没有发出").WithCode("notice.carrier").WithHint("请稍后再发一次")
	}
	return nil
}

// Confirm takes the code that was sent to a new address. Five wrong ones, or ten
// minutes, and another has to be asked for.
func (s *Service) Confirm(ctx context.Context, c Channel, code string) error {
	me, err := reader(ctx)
	if err != nil {
		return err
	}
	var refused error
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		refused = nil
		rows, err := channelsOf(tx, me.Account)
		if err != nil {
			return err
		}
		row := rows[c]
		if row == nil || row.state != Pending || row.code == nil {
			return fault.Conflict.New("没有等待验证的地址").WithCode("notice.confirmed").WithHint("请先填写地址，再填写收到的验证码")
		}
		if row.tries >= codeTries || tx.Now().After(row.codeUntil) {
			return fault.Conflict.New("验证码已失效").WithCode("notice.code-over").WithHint("请重新发送验证码")
		}
		sum := s.Index.Of(codeText(row, strings.TrimSpace(code)))
		if string(sum[:]) != string(row.code) { // both are digests under a key of ours: nothing is learnt from the time
			row.tries++
			refused = fault.Invalid.New("验证码不对").WithCode("notice.code").WithHint("请填写最近一次收到的 6 位数字").WithField("code", "wrong", "验证码不对")
			return putChannel(tx, row)
		}
		row.state, row.code, row.tries, row.codes = Active, nil, 0, 0
		if err := putChannel(tx, row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "notice.confirm", Object: object(me.Account, c)})
	})
	return errors.Join(err, refused)
}

// EndChannel forgets the address of a channel. What waits for it is dropped.
func (s *Service) EndChannel(ctx context.Context, c Channel) error {
	me, err := reader(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := deleteChannel(tx, me.Account, c)
		if err != nil {
			return err
		}
		if n == 0 {
			return unknownChannel()
		}
		return audit.Put(tx, audit.Entry{Action: "notice.channel-end", Object: object(me.Account, c)})
	})
}
