package ukey

import "sidian/internal/fault"

const again = "请刷新登录页面，对新的登录确认内容重新签名"

var (
	errChallenge = fault.Conflict.New("没有等待签名的登录确认内容").WithCode("ukey.challenge").WithHint(again)
	errExpired   = fault.Conflict.New("登录确认内容须在 5 分钟内签名，现已超时").WithCode("ukey.expired").WithHint(again)
	errTooLarge  = fault.TooLarge.New("签名结果超过 64 KB").WithCode("ukey.too-large").WithHint("请只提交签名结果本身，不要附加其他文件")
	errForm      = fault.Invalid.New("签名结果不是 GB/T 35275 格式的签名数据").WithCode("ukey.form").WithHint("请提交 PKCS#7 签名消息（DER、Base64 或 PEM），并核对是否复制完整")
	errBare      = fault.Invalid.New("签名结果中没有签名者的数字证书").WithCode("ukey.bare").WithHint("请使用“消息签名”（SignedData）并附上签名证书，不要只提交签名值")
	errContent   = fault.Unauthorized.New("签名的内容与登录确认内容不一致").WithCode("ukey.content").WithHint("请原样签名本页显示的全部文字：UTF-8 编码，换行为 LF，不增减空格；" + again)
	errSignature = fault.Unauthorized.New("签名值不正确").WithCode("ukey.signature").WithHint(again + "；仍不成功时请检查 UKey 驱动是否按 SM2、SM3 签名")
	errAlgorithm = fault.Unauthorized.New("登录只接受 SM2 数字证书及 SM3 摘要").WithCode("ukey.algorithm").WithHint("请选择 UKey 中的 SM2 签名证书")
	errSigner    = fault.Unauthorized.New("签名结果中的签名者标识与所附数字证书不一致").WithCode("ukey.signer").WithHint("请更新 UKey 驱动后再试，或联系发证机构")
	errUsage     = fault.Unauthorized.New("该数字证书的用途不含身份认证所需的数字签名").WithCode("ukey.usage").WithHint("请选择签名证书，不要选择加密证书、服务器证书或机构的签发证书")
	errUntrusted = fault.Unauthorized.New("该数字证书不是由本平台信任的机构签发的").WithCode("ukey.untrusted").WithHint("请使用本单位统一配发的 UKey；需要信任新的发证机构时请联系安全管理员")
	errNotYet    = fault.Unauthorized.New("该数字证书或其签发证书尚未生效").WithCode("ukey.not-yet-valid").WithHint("请在生效之后使用，或联系发证机构")
	errEnded     = fault.Unauthorized.New("该数字证书或其签发证书已过有效期").WithCode("ukey.ended").WithHint("请到发证机构办理更新，再由管理员重新绑定")
	errRevoked   = fault.Unauthorized.New("该数字证书或其签发证书已被吊销").WithCode("ukey.revoked").WithHint("请联系发证机构；如非本人申请，请立即告知安全管理员")
	errUnknown   = fault.Unavailable.New("无法确认该数字证书是否已被吊销：没有当前有效的吊销列表").WithCode("ukey.revocation-unknown").WithHint("请稍后再试，或请安全管理员更新发证机构的吊销列表")
)

// because returns a copy of f with gm's words for the log. They speak of
// structure, not of persons.
func because(f *fault.Error, err error) error {
	c := *f
	c.Err = err
	return &c
}
