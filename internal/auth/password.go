package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"unicode"

	"golang.org/x/crypto/argon2"

	"sidian/gm"
	"sidian/internal/fault"
)

// HashCost is the cost of Argon2id (RFC 9106).
type HashCost struct {
	Time, MemoryKiB uint32
	Threads         uint8
}

// DefaultHashCost is the second recommended setting of RFC 9106 §4.
var DefaultHashCost = HashCost{Time: 3, MemoryKiB: 64 << 10, Threads: 4}

// hasher computes few hashes at a time: each takes 64 MiB, and strangers may ask.
type hasher struct {
	cost   HashCost
	pepper []byte
	slots  chan struct{} // running
	queue  chan struct{} // running or waiting
	sums   atomic.Int64  // hashes that were computed
	decoy  string        // a hash that no password has, for users that do not exist
}

// randomPassword has three classes and 100 random bits.
func randomPassword() string {
	t := rand.Text()
	return "Sd" + strings.ToLower(t[:10]) + "-" + t[10:20] + "7"
}

func newHasher(cost HashCost, pepper []byte) *hasher {
	n := min(runtime.GOMAXPROCS(0), 4)
	h := &hasher{cost: cost, pepper: pepper, slots: make(chan struct{}, n), queue: make(chan struct{}, 16*n)}
	h.decoy = bound + h.format(cost, make([]byte, 16), make([]byte, 32))
	return h
}

// bound begins a hash that is one account's: version 2. Those of version 1, from
// before, begin with the PHC string itself; each is replaced when its password
// is next right.
const bound = "2"

func isBound(stored string) bool { return strings.HasPrefix(stored, bound+"$") }

// hash makes what is stored of an account's password: right for no other
// account, wherever it is copied to.
func (h *hasher) hash(ctx context.Context, account, password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails: crypto/rand
	sum, err := h.sum(ctx, boundInput(account, password), salt, h.cost)
	if err != nil {
		return "", err
	}
	return bound + h.format(h.cost, salt, sum), nil
}

// boundInput is what the pepper's HMAC of version 2 is of: no password of
// version 1 is the same, which people cannot type a NUL into.
func boundInput(account, password string) []byte {
	b := append([]byte("\x00sidian-password-2\x00"), account...)
	return append(append(b, 0), password...)
}

// check compares in constant time. An unknown user's stored is "": it takes as
// long as any other and is never right.
func (h *hasher) check(ctx context.Context, account, stored, password string) (right bool, err error) {
	known := stored != ""
	if !known {
		stored = h.decoy
	}
	input := []byte(password)
	if isBound(stored) {
		input = boundInput(account, password)
	}
	cost, salt, want, err := parseHash(strings.TrimPrefix(stored, bound))
	if err != nil {
		return false, err
	}
	got, err := h.sum(ctx, input, salt, cost)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *hasher) sum(ctx context.Context, input, salt []byte, c HashCost) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, fault.Unavailable.New("登录请求过多").WithCode("auth.busy").WithHint("请稍后重试")
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.sums.Add(1)
	peppered := gm.HMAC(h.pepper, input)
	return argon2.IDKey(peppered[:], salt, c.Time, c.MemoryKiB, c.Threads, 32), nil
}

var b64 = base64.RawStdEncoding.Strict()

// format writes the PHC string; v=19 is Argon2 1.3.
func (h *hasher) format(c HashCost, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", c.MemoryKiB, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func parseHash(s string) (c HashCost, salt, sum []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return c, nil, nil, fmt.Errorf("auth: a stored password hash has an unknown form")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Time, &c.Threads); err != nil {
		return c, nil, nil, fmt.Errorf("auth: cost of a stored password hash: %w", err)
	}
	if salt, err = b64.DecodeString(parts[4]); err == nil {
		sum, err = b64.DecodeString(parts[5])
	}
	if err != nil {
		return c, nil, nil, fmt.Errorf("auth: a stored password hash: %w", err)
	}
	return c, salt, sum, nil
}

// longestPassword bounds what is hashed, in characters.
const longestPassword = 128

// checkPassword is checkPassword with what the platform asks for.
func (s *Service) checkPassword(username, password string) error {
	return checkPassword(username, password, s.opts.PasswordLength)
}

// checkPassword is the rule for new passwords (GB/T 22239-2019 8.1.4.1:
// complexity): so many characters, three classes of four, and none that those
// who guess begin with.
func checkPassword(username, password string, shortest int) error {
	bad := fault.Invalid.New("密码不符合规则").WithCode("password.weak").WithHint("至少 %d 个字符，含大写字母、小写字母、数字、符号中的三类；不含用户名、平台名称、身份证号、手机号，也不是常见密码", shortest)
	if n := len([]rune(password)); n < shortest || n > longestPassword {
		return bad.WithField("password", "password.length", fmt.Sprintf("长度应为 %d 至 %d 个字符", shortest, longestPassword))
	}
	classes := map[string]bool{}
	for _, r := range password {
		switch {
		case unicode.IsUpper(r):
			classes["upper"] = true
		case unicode.IsLower(r):
			classes["lower"] = true
		case unicode.IsDigit(r):
			classes["digit"] = true
		default:
			classes["symbol"] = true
		}
	}
	if len(classes) < 3 {
		return bad.WithField("password", "password.classes", "应含大写字母、小写字母、数字、符号中的三类")
	}
	if code, say := guessable(username, password); code != "" {
		return bad.WithField("password", code, say)
	}
	return nil
}
