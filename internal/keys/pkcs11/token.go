//go:build pkcs11 && cgo

package pkcs11

import (
	"errors"
	"fmt"

	p11 "github.com/miekg/pkcs11"

	"sidian/internal/fault"
	"sidian/internal/keys/session"
)

// cryptoki is what is used of PKCS#11.
type cryptoki interface {
	Initialize(...p11.InitializeOption) error
	Finalize() error
	GetSlotList(tokenPresent bool) ([]uint, error)
	GetTokenInfo(slot uint) (p11.TokenInfo, error)
	GetMechanismList(slot uint) ([]*p11.Mechanism, error)
	OpenSession(slot, flags uint) (p11.SessionHandle, error)
	CloseSession(p11.SessionHandle) error
	GetSessionInfo(p11.SessionHandle) (p11.SessionInfo, error)
	Login(s p11.SessionHandle, user uint, pin string) error
	FindObjectsInit(p11.SessionHandle, []*p11.Attribute) error
	FindObjects(s p11.SessionHandle, max int) ([]p11.ObjectHandle, bool, error)
	FindObjectsFinal(p11.SessionHandle) error
	GetAttributeValue(p11.SessionHandle, p11.ObjectHandle, []*p11.Attribute) ([]*p11.Attribute, error)
	GenerateKey(p11.SessionHandle, []*p11.Mechanism, []*p11.Attribute) (p11.ObjectHandle, error)
	GenerateKeyPair(s p11.SessionHandle, m []*p11.Mechanism, public, private []*p11.Attribute) (p11.ObjectHandle, p11.ObjectHandle, error)
	EncryptInit(p11.SessionHandle, []*p11.Mechanism, p11.ObjectHandle) error
	Encrypt(p11.SessionHandle, []byte) ([]byte, error)
	DecryptInit(p11.SessionHandle, []*p11.Mechanism, p11.ObjectHandle) error
	Decrypt(p11.SessionHandle, []byte) ([]byte, error)
	SignInit(p11.SessionHandle, []*p11.Mechanism, p11.ObjectHandle) error
	Sign(p11.SessionHandle, []byte) ([]byte, error)
}

// token is the driver of the pool: sessions in which the user is logged in.
type token struct {
	c    cryptoki
	o    Options
	pin  session.Pin
	slot uint
}

// A login is a session of the pool.
type login struct{ h p11.SessionHandle }

const defaultSessions = 8

// start initialises the library and looks for the token.
func (t *token) start() error {
	if err := t.c.Initialize(); err != nil && !is(err, p11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return trouble("初始化", err)
	}
	slots, err := t.c.GetSlotList(true)
	if err != nil {
		return trouble("列出令牌", err)
	}
	found := 0
	for _, slot := range slots {
		info, err := t.c.GetTokenInfo(slot)
		if err == nil && info.Label == t.o.Token && info.Flags&p11.CKF_TOKEN_INITIALIZED != 0 {
			t.slot = slot
			found++
		}
	}
	switch found {
	case 0:
		return fault.Unavailable.Wrap(errAbsent, "没有找到标签为“%s”的密码令牌", t.o.Token).WithCode("key.module").
			WithHint("请确认密码机已接通、令牌已初始化，且配置 keys.pkcs11.token 与其标签一致")
	case 1:
		return nil
	}
	return fault.Unavailable.New("有 %d 个标签为“%s”的密码令牌，不能确定用哪一个", found, t.o.Token).WithCode("key.module").
		WithHint("请为令牌设置不同的标签")
}

// errAbsent marks a token that is not there, which a restart may bring back.
var errAbsent = errors.New("pkcs11: no such token")

// Restart brings the library back after the token was gone.
func (t *token) Restart() error {
	if err := t.c.Finalize(); err != nil && !is(err, p11.CKR_CRYPTOKI_NOT_INITIALIZED) {
		return trouble("结束", err)
	}
	return t.start()
}

// Begin opens a session and logs in. The login is the program's, not the
// session's: only the first one asks for the PIN.
func (t *token) Begin() (login, error) {
	h, err := t.c.OpenSession(t.slot, p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	if err != nil {
		return login{}, trouble("打开会话", err)
	}
	if err := t.login(h); err != nil {
		t.End(login{h})
		return login{}, err
	}
	return login{h}, nil
}

func (t *token) login(h p11.SessionHandle) error {
	info, err := t.c.GetSessionInfo(h)
	if err != nil {
		return trouble("查询会话", err)
	}
	if info.State == p11.CKS_RW_USER_FUNCTIONS {
		return nil
	}
	return t.pin.Use(func(pin []byte) (bool, error) {
		err := t.c.Login(h, p11.CKU_USER, string(pin))
		switch {
		case err == nil, is(err, p11.CKR_USER_ALREADY_LOGGED_IN): // another session was faster
			return false, nil
		case is(err, p11.CKR_PIN_INCORRECT), is(err, p11.CKR_PIN_INVALID), is(err, p11.CKR_PIN_LEN_RANGE):
			return true, err
		}
		return false, trouble("登录", err)
	})
}

func (t *token) End(l login) { _ = t.c.CloseSession(l.h) } // it may be gone already

// Lost tells which errors a new session, or the library begun anew, may heal.
func (t *token) Lost(err error) bool {
	if errors.Is(err, errAbsent) {
		return true
	}
	var code p11.Error
	if !errors.As(err, &code) {
		return false
	}
	switch uint(code) {
	case p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_USER_NOT_LOGGED_IN, p11.CKR_CRYPTOKI_NOT_INITIALIZED,
		p11.CKR_DEVICE_REMOVED, p11.CKR_DEVICE_ERROR, p11.CKR_TOKEN_NOT_PRESENT, p11.CKR_TOKEN_NOT_RECOGNIZED,
		p11.CKR_SLOT_ID_INVALID, p11.CKR_OBJECT_HANDLE_INVALID, p11.CKR_KEY_HANDLE_INVALID, p11.CKR_GENERAL_ERROR:
		return true
	}
	return false
}

func is(err error, code uint) bool {
	var e p11.Error
	return errors.As(err, &e) && uint(e) == code
}

// hints say what an operator can do about a code of PKCS#11 v2.40 §2.
var hints = map[uint]string{
	p11.CKR_PIN_LOCKED:            "令牌已因口令多次错误锁定，请由密码机管理员解锁",
	p11.CKR_PIN_EXPIRED:           "令牌口令已过期，请由密码机管理员更换，并更新口令文件",
	p11.CKR_TOKEN_NOT_PRESENT:     "请检查密码机或令牌是否接通",
	p11.CKR_DEVICE_REMOVED:        "请检查密码机或令牌是否接通",
	p11.CKR_DEVICE_ERROR:          "请检查密码机的状态和日志",
	p11.CKR_DEVICE_MEMORY:         "令牌的空间已满，请清理不用的密钥",
	p11.CKR_SESSION_COUNT:         "令牌的会话已满，请调小配置 keys.pkcs11.sessions，或减少共用它的程序",
	p11.CKR_MECHANISM_INVALID:     "令牌不支持所配置的算法，请核对配置 keys.pkcs11 中的机制编号",
	p11.CKR_KEY_TYPE_INCONSISTENT: "密钥的类型与算法不符，请核对配置 keys.pkcs11 中的密钥标签和机制编号",
	p11.CKR_TOKEN_WRITE_PROTECTED: "令牌是只读的，不能生成密钥",
}

// trouble makes an error of the token one that an operator can read.
func trouble(what string, err error) error {
	var code p11.Error
	if !errors.As(err, &code) {
		return fmt.Errorf("pkcs11: %s: %w", what, err)
	}
	hint, ok := hints[uint(code)]
	if !ok {
		hint = "请检查密码机的连接和日志；错误码的含义见 PKCS#11 和厂商手册"
	}
	return fault.Unavailable.Wrap(err, "密码模块（PKCS#11）%s出错，错误码 0x%X", what, uint(code)).WithCode("key.module").WithHint("%s", hint)
}
