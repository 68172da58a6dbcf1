//go:build sdf

package sdf

import (
	"fmt"

	"github.com/ebitengine/purego"

	"sidian/internal/fault"
)

// maxLen is ECCref_MAX_LEN: the octets of a coordinate (GM/T 0018-2012 §5.5).
// SM2's 32 stand at its end.
const maxLen = 64

// eccPublicKey is ECCrefPublicKey.
type eccPublicKey struct {
	Bits uint32
	X, Y [maxLen]byte
}

// eccSignature is ECCSignature.
type eccSignature struct{ R, S [maxLen]byte }

// deviceInfo is DEVICEINFO.
type deviceInfo struct {
	IssuerName      [40]byte
	DeviceName      [16]byte
	DeviceSerial    [16]byte
	DeviceVersion   uint32
	StandardVersion uint32
	AsymAlgAbility  [2]uint32
	SymAlgAbility   uint32
	HashAlgAbility  uint32
	BufferSize      uint32
}

// Algorithms (GM/T 0006).
const (
	sm4ECB = 0x00000401
	sm4CBC = 0x00000402
)

// library is the functions of GM/T 0018-2012 §6 that are used. Handles are
// pointers in C, and numbers here: they are the device's.
type library struct {
	openDevice     func(device *uintptr) uint32
	closeDevice    func(device uintptr) uint32
	openSession    func(device uintptr, session *uintptr) uint32
	closeSession   func(session uintptr) uint32
	getDeviceInfo  func(session uintptr, info *deviceInfo) uint32
	generateRandom func(session uintptr, length uint32, out *byte) uint32

	getAccess     func(session uintptr, index uint32, password *byte, length uint32) uint32
	releaseAccess func(session uintptr, index uint32) uint32
	exportPublic  func(session uintptr, index uint32, key *eccPublicKey) uint32
	internalSign  func(session uintptr, index uint32, data *byte, length uint32, sig *eccSignature) uint32

	generateWithKEK func(session uintptr, bits, alg, kek uint32, key *byte, length *uint32, handle *uintptr) uint32
	importWithKEK   func(session uintptr, alg, kek uint32, key *byte, length uint32, handle *uintptr) uint32
	destroyKey      func(session, handle uintptr) uint32
	encrypt         func(session, handle uintptr, alg uint32, iv, data *byte, length uint32, out *byte, outLength *uint32) uint32
	decrypt         func(session, handle uintptr, alg uint32, iv, data *byte, length uint32, out *byte, outLength *uint32) uint32
}

// load binds the vendor's library.
func load(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fault.Unavailable.Wrap(fmt.Errorf("sdf: %w", err), "不能装入 SDF 库 %s", path).WithCode("key.module").
			WithHint("请核对路径，并确认它与本机的处理器一致、所依赖的库齐全")
	}
	l := &library{}
	for name, fn := range map[string]any{
		"SDF_OpenDevice": &l.openDevice, "SDF_CloseDevice": &l.closeDevice,
		"SDF_OpenSession": &l.openSession, "SDF_CloseSession": &l.closeSession,
		"SDF_GetDeviceInfo": &l.getDeviceInfo, "SDF_GenerateRandom": &l.generateRandom,
		"SDF_GetPrivateKeyAccessRight": &l.getAccess, "SDF_ReleasePrivateKeyAccessRight": &l.releaseAccess,
		"SDF_ExportSignPublicKey_ECC": &l.exportPublic, "SDF_InternalSign_ECC": &l.internalSign,
		"SDF_GenerateKeyWithKEK": &l.generateWithKEK, "SDF_ImportKeyWithKEK": &l.importWithKEK, "SDF_DestroyKey": &l.destroyKey,
		"SDF_Encrypt": &l.encrypt, "SDF_Decrypt": &l.decrypt,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fault.Unavailable.Wrap(fmt.Errorf("sdf: %w", err), "SDF 库 %s 缺少函数 %s", path, name).WithCode("key.module").
				WithHint("请向厂商索取符合 GM/T 0018 的库")
		}
		purego.RegisterFunc(fn, symbol)
	}
	return l, nil
}
