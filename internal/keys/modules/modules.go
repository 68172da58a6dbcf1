// Package modules opens the module that the configuration names.
package modules

import (
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/pkcs11"
	"sidian/internal/keys/sdf"
)

// Options are the configuration of keys.
type Options struct {
	Module     string // soft, pkcs11 or sdf; empty: soft
	MasterFile string
	PKCS11     pkcs11.Options
	SDF        sdf.Options
	// Others are modules that still keep signing keys of before.
	Others []string
}

// Open opens the module that wraps the keys, and the others.
func Open(o Options) (m keys.Module, others []keys.Module, err error) {
	if m, err = o.open(o.Module); err != nil {
		return nil, nil, err
	}
	for _, name := range o.Others {
		if name == m.Name() || name == keys.SoftModule {
			continue // it is open, or keeps nothing
		}
		other, err := o.open(name)
		if err != nil {
			Close(m, others)
			return nil, nil, err
		}
		others = append(others, other)
	}
	return m, others, nil
}

func (o Options) open(name string) (keys.Module, error) {
	switch name {
	case "", keys.SoftModule:
		return keys.Soft(o.MasterFile)
	case keys.PKCS11Module:
		return pkcs11.Open(o.PKCS11)
	case keys.SDFModule:
		return sdf.Open(o.SDF)
	}
	return nil, fault.Invalid.New("没有名为 %s 的密码模块", name).WithCode("key.module").WithHint("配置 keys.module 可选 soft、pkcs11、sdf")
}

// Close closes what Open opened.
func Close(m keys.Module, others []keys.Module) {
	for _, x := range append(others, m) {
		_ = x.Close() // the process ends, or never began
	}
}
