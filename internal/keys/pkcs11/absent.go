//go:build !pkcs11 || !cgo

package pkcs11

import "sidian/internal/keys"

// Open refuses: this program was built without PKCS#11.
func Open(Options) (keys.Module, error) {
	return nil, keys.NotBuilt(" PKCS#11 模块的支持", "pkcs11")
}
