//go:build !sdf

package sdf

import "sidian/internal/keys"

// Open refuses: this program was built without SDF.
func Open(Options) (keys.Module, error) {
	return nil, keys.NotBuilt(" SDF 密码设备（GM/T 0018）的支持", "sdf")
}
