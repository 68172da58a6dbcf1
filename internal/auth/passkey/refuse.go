package passkey

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"sidian/internal/fault"
)

const again = "请回到上一步，重新开始"

var (
	errState     = fault.Conflict.New("这一次通行密钥操作已经结束，或者不是由当前账号发起的").WithCode("passkey.state").WithHint(again)
	errExpired   = fault.Conflict.New("通行密钥操作须在 10 分钟内完成，现已超时").WithCode("passkey.expired").WithHint(again)
	errTooLarge  = fault.TooLarge.New("浏览器返回的通行密钥应答超过 32 KB").WithCode("passkey.too-large").WithHint("请更换浏览器或验证设备后再试")
	errResponse  = fault.Invalid.New("浏览器返回的通行密钥应答无法识别").WithCode("passkey.response").WithHint("请更新浏览器后再试，或改用其他验证方式")
	errChallenge = fault.Unauthorized.New("通行密钥应答不是针对本次请求的").WithCode("passkey.challenge").WithHint(again)
	errOrigin    = fault.Unauthorized.New("通行密钥应答来自其他网站的页面").WithCode("passkey.origin").WithHint("请核对浏览器地址栏中的网址，从本平台的官方网址进入")
	errSite      = fault.Unauthorized.New("通行密钥不属于本平台").WithCode("passkey.site").WithHint("请选择在本平台登记的通行密钥")
	errUnseen    = fault.Unauthorized.New("验证设备没有核验使用者本人（PIN、指纹或人脸）").WithCode("passkey.unverified").WithHint("请为验证设备设置 PIN、指纹或人脸后再试")
	errUnknown   = fault.Unauthorized.New("该通行密钥没有登记在当前账号下").WithCode("passkey.unknown").WithHint("请选择登记在本账号下的通行密钥，或改用其他验证方式")
	errSignature = fault.Unauthorized.New("通行密钥的签名不正确").WithCode("passkey.signature").WithHint("请再试一次；仍不成功时改用其他验证方式，并联系安全管理员")
	errCloned    = fault.Unauthorized.New("通行密钥的使用计数没有增加，它可能已被复制").WithCode("passkey.cloned").WithHint("请改用其他验证方式登录，删除这一通行密钥，并联系安全管理员")
	errExists    = fault.Conflict.New("该通行密钥已经登记").WithCode("passkey.exists").WithHint("请使用另一个验证设备")
	errNone      = fault.Conflict.New("当前账号没有登记通行密钥").WithCode("passkey.none").WithHint("请改用其他验证方式，登录后在“我的安全”中登记")
	errTooMany   = fault.Conflict.New("一个账号最多登记 %d 个通行密钥", MaxCredentials).WithCode("passkey.too-many").WithHint("请先删除不再使用的通行密钥")
	errRefused   = fault.Unauthorized.New("通行密钥未通过核验").WithCode("passkey.refused").WithHint("请再试一次，或改用其他验证方式")
)

// because returns a copy of f with the library's words for the log. They name
// what did not match, never whose it is.
func because(f *fault.Error, err error) error {
	c := *f
	var e *protocol.Error
	if errors.As(err, &e) {
		c.Err = errors.New("webauthn: " + e.Type + ": " + e.Details)
	}
	return &c
}

// name says in our words why the library refused. The library is the judge: a
// response that it accepts never comes here.
func name(err error, s webauthn.SessionData, rpID string, origins []string, c protocol.CollectedClientData, a protocol.AuthenticatorData) error {
	site := sha256.Sum256([]byte(rpID))
	var pe *protocol.Error
	switch {
	case subtle.ConstantTimeCompare([]byte(c.Challenge), []byte(s.Challenge)) != 1:
		return because(errChallenge, err)
	case c.CrossOrigin || !has(origins, c.Origin):
		return because(errOrigin, err)
	case !bytes.Equal(a.RPIDHash, site[:]):
		return because(errSite, err)
	case !a.Flags.HasUserVerified() || !a.Flags.HasUserPresent():
		return because(errUnseen, err)
	case errors.As(err, &pe) && pe.Type == protocol.ErrAssertionSignature.Type:
		return because(errSignature, err)
	}
	return because(errRefused, err)
}

func has(origins []string, o string) bool {
	for _, x := range origins {
		if strings.EqualFold(x, o) {
			return true
		}
	}
	return false
}
