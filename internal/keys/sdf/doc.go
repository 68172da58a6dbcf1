// Package sdf keeps the wrapping key, and signing keys, in a cryptographic device
// that is reached by the interface of GM/T 0018 (SDF): a server cryptographic
// machine or card. It is built with the build tag sdf and needs no cgo; without
// the tag Open says so.
//
// The wrapping key is an internal KEK by its index: each value is encrypted by a
// key of its own that the device makes and gives out only under the KEK
// (SDF_GenerateKeyWithKEK). Signing keys are internal ECC key pairs, which the
// device's administrator made: the standard has no call that makes one. The
// configuration names the indexes that are ours; each is allotted once.
package sdf

import "sidian/internal/keys"

// Options say which device, and what in it is ours.
type Options struct {
	Library string // path of the vendor's library (.so)
	PinFile string // access password of the private keys, mode 0600; empty: no key signs
	// Label names the KEK in the database, beside its index: it must be another
	// when the KEK is.
	Label    string
	KEK      uint // index of the KEK
	First    uint // indexes of the signing key pairs that are ours,
	Last     uint // both included; 0: none
	Sessions int  // at once; 0: 8
	// Purposes are those whose signing keys are allotted in the device; nil: all
	// but personal ones, of which there may be more than a device holds.
	Purposes []keys.Purpose
}
