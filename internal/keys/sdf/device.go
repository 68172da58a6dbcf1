//go:build sdf

package sdf

import (
	"sync/atomic"

	"sidian/internal/keys/session"
)

// device is the driver of the pool.
type device struct {
	l      *library
	pin    session.Pin
	handle atomic.Uintptr
}

func (d *device) open() error {
	var h uintptr
	if err := trouble("SDF_OpenDevice", d.l.openDevice(&h)); err != nil {
		return err
	}
	d.handle.Store(h)
	return nil
}

func (d *device) close() {
	if h := d.handle.Swap(0); h != 0 {
		d.l.closeDevice(h) // it may be gone already
	}
}

// Begin opens a session; the right to a private key is got when it is used.
func (d *device) Begin() (uintptr, error) {
	h := d.handle.Load()
	if h == 0 { // a restart failed before
		return 0, trouble("SDF_OpenSession", uint32(codeOpenDevice))
	}
	var s uintptr
	err := trouble("SDF_OpenSession", d.l.openSession(h, &s))
	return s, err
}

func (d *device) End(s uintptr) { d.l.closeSession(s) } // it may be gone already

// Lost tells which errors opening the device again may heal: after a reset a
// device knows neither its sessions nor the rights got in them.
func (d *device) Lost(err error) bool {
	return is(err, codeCommunication, codeHardware, codeOpenDevice, codeOpenSession, codeNoRight, codeStep)
}

func (d *device) Restart() error {
	d.close()
	return d.open()
}
