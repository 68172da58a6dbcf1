//go:build sdf

package sdf

import (
	"errors"
	"fmt"

	"sidian/internal/fault"
)

// A code is what a function of SDF returned (GM/T 0018-2012 annex A).
type code uint32

const base = 0x01000000

// Codes that decide something here.
const (
	codeCommunication = code(base + 0x03)
	codeHardware      = code(base + 0x04)
	codeOpenDevice    = code(base + 0x05)
	codeOpenSession   = code(base + 0x06)
	codeNoRight       = code(base + 0x07)
	codeNoKey         = code(base + 0x08)
	codeStep          = code(base + 0x10)
	codeKey           = code(base + 0x15)
	codeCiphertext    = code(base + 0x16)
	codePassword      = code(base + 0x18)
)

func (c code) Error() string { return fmt.Sprintf("sdf: code 0x%08X", uint32(c)) }

// words say what a code means, and what an operator can do.
var words = map[code][2]string{
	base + 0x01:       {"未知错误", "请查看密码机的日志"},
	base + 0x02:       {"不支持的接口", "请核对密码机的型号和库的版本"},
	codeCommunication: {"与设备通信失败", "请检查网络、电源和密码机的服务状态"},
	codeHardware:      {"运算模块无响应", "请检查密码机的硬件状态，必要时重启或切换备机"},
	codeOpenDevice:    {"打开设备失败", "请检查库的配置文件中密码机的地址，以及密码机是否接通"},
	codeOpenSession:   {"创建会话失败", "请调小配置 keys.sdf.sessions，或减少共用该设备的程序"},
	codeNoRight:       {"没有私钥使用权限", "请核对私钥访问控制码（配置 keys.sdf.pin_file）"},
	codeNoKey:         {"不存在的密钥", "请核对配置 keys.sdf 中的密钥索引，并确认密码机是原来的或其完整备份"},
	base + 0x09:       {"不支持的算法", "请确认密码机支持 SM2、SM4"},
	base + 0x0A:       {"不支持的算法模式", "请确认密码机支持 SM4 的 ECB、CBC 模式"},
	base + 0x0B:       {"公钥运算失败", "请查看密码机的日志"},
	base + 0x0C:       {"私钥运算失败", "请查看密码机的日志"},
	base + 0x0D:       {"签名运算失败", "请查看密码机的日志"},
	base + 0x0F:       {"对称算法运算失败", "请查看密码机的日志"},
	codeStep:          {"多步运算步骤错误", "请查看密码机的日志"},
	base + 0x14:       {"密钥类型错误", "请确认所配置的索引是 SM2 签名密钥"},
	codeKey:           {"密钥错误", "请确认密码机的密钥加密密钥（KEK）是原来的"},
	codeCiphertext:    {"密文数据错误", "请确认密码机的密钥加密密钥（KEK）是原来的"},
	base + 0x17:       {"随机数产生失败", "请检查密码机的随机数自检结果"},
	codePassword:      {"私钥使用权限获取失败", "请核对私钥访问控制码（配置 keys.sdf.pin_file）"},
	base + 0x1C:       {"设备内存不足", "请重启密码机或减少并发"},
	base + 0x1D:       {"输入参数错误", "请核对库的版本是否符合 GM/T 0018"},
	base + 0x1E:       {"输出参数错误", "请核对库的版本是否符合 GM/T 0018"},
}

// trouble makes a code one that an operator can read; nil for success.
func trouble(function string, returned uint32) error {
	if returned == 0 {
		return nil
	}
	c := code(returned)
	w, ok := words[c]
	if !ok {
		w = [2]string{"厂商自定义错误", "错误码的含义见厂商手册"}
	}
	return fault.Unavailable.Wrap(fmt.Errorf("sdf: %s: %w", function, c), "密码设备 %s：%s（0x%08X）", function, w[0], returned).
		WithCode("key.module").WithHint("%s", w[1])
}

func is(err error, want ...code) bool {
	var c code
	if !errors.As(err, &c) {
		return false
	}
	for _, w := range want {
		if c == w {
			return true
		}
	}
	return false
}
