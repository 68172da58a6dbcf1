package oidc

import "sidian/internal/fault"

const (
	again = "请回到登录页面重新开始"
	other = "请改用其他登录方式，并告知安全管理员"
)

var (
	errAttempt     = fault.Conflict.New("没有正在进行的统一身份认证登录").WithCode("oidc.attempt").WithHint(again)
	errExpired     = fault.Conflict.New("统一身份认证登录须在 10 分钟内完成，现已超时").WithCode("oidc.expired").WithHint(again)
	errState       = fault.Unauthorized.New("返回的登录请求不是由当前浏览器发起的").WithCode("oidc.state").WithHint(again)
	errIssuer      = fault.Unauthorized.New("登录结果不是由所选的身份认证平台签发的").WithCode("oidc.issuer").WithHint(other)
	errDenied      = fault.Unauthorized.New("您在身份认证平台上取消了登录，或该平台拒绝了登录").WithCode("oidc.denied").WithHint(again)
	errProvider    = fault.Unauthorized.New("身份认证平台没有完成登录").WithCode("oidc.provider").WithHint(again)
	errCode        = fault.Unauthorized.New("身份认证平台返回的授权码已使用或已过期").WithCode("oidc.code").WithHint(again)
	errClient      = fault.Unavailable.New("身份认证平台不认可本平台的客户端标识或密钥").WithCode("oidc.client").WithHint(other)
	errUnavailable = fault.Unavailable.New("身份认证平台暂时没有响应，或其配置无法使用").WithCode("oidc.unavailable").WithHint("请稍后再试，或改用其他登录方式")
	errToken       = fault.Unauthorized.New("身份认证平台返回的身份令牌格式不正确").WithCode("oidc.token").WithHint(other)
	errAlgorithm   = fault.Unauthorized.New("身份令牌的签名算法不被接受").WithCode("oidc.algorithm").WithHint(other)
	errKey         = fault.Unauthorized.New("身份令牌指向的签名公钥不在身份认证平台公布的公钥之中").WithCode("oidc.key").WithHint(other)
	errWeak        = fault.Unauthorized.New("身份认证平台的签名公钥强度不足").WithCode("oidc.weak-key").WithHint(other)
	errSignature   = fault.Unauthorized.New("身份令牌的签名不正确").WithCode("oidc.signature").WithHint(other)
	errAudience    = fault.Unauthorized.New("身份令牌不是签发给本平台的").WithCode("oidc.audience").WithHint(other)
	errNonce       = fault.Unauthorized.New("身份令牌不是针对本次登录签发的").WithCode("oidc.nonce").WithHint(again)
	errTime        = fault.Unauthorized.New("身份令牌已过期、尚未生效，或不是本次登录期间签发的").WithCode("oidc.time").WithHint("请核对本机与服务器的时间后重新登录")
	errSubject     = fault.Unauthorized.New("身份令牌没有说明登录者的标识").WithCode("oidc.subject").WithHint(other)
	errClaims      = fault.Unauthorized.New("身份令牌中的身份信息不符合约定的格式").WithCode("oidc.claims").WithHint(other)
)

// because returns a copy of f with a cause for the log, free of what the
// provider said of a person.
func because(f *fault.Error, err error) error {
	c := *f
	c.Err = err
	return &c
}
