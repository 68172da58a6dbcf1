package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A Dir is an engine on a directory: 256 folders named after the first two
// digits of the objects in them. A file is written beside its place, so that
// the rename touches one folder only, which the file system commits fastest.
type Dir struct {
	root    string
	folders [256]folder
}

const (
	marker  = "SIDIAN-DOCUMENTS" // its presence tells a directory of ours from any other
	writing = ".writing-"        // begins the name of a file that is being written
)

// CreateDir makes a directory for documents; the path is absent or an empty
// directory.
func CreateDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("blob: making the directory: %w", err)
	}
	there, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("blob: looking into the directory: %w", err)
	}
	if len(there) > 0 {
		return nil, fmt.Errorf("blob: the directory %s is not empty", path)
	}
	d := newDir(path)
	for i := range d.folders {
		if err := os.Mkdir(d.folders[i].path, 0o700); err != nil {
			return nil, fmt.Errorf("blob: making a folder: %w", err)
		}
	}
	// The marker comes last: a directory that is half made is not opened.
	if err := writeSynced(filepath.Join(path, marker), []byte("1\n")); err != nil {
		return nil, fmt.Errorf("blob: marking the directory: %w", err)
	}
	return d, errors.Join(syncFolder(path), syncFolder(filepath.Dir(path)))
}

// OpenDir opens a directory that CreateDir made. It creates nothing: an
// unmounted disk must not look like an empty store.
func OpenDir(path string) (*Dir, error) {
	b, err := os.ReadFile(filepath.Join(path, marker))
	if err != nil {
		return nil, fmt.Errorf("blob: %s is not a directory of documents (is its disk mounted?): %w", path, err)
	}
	if string(b) != "1\n" {
		return nil, fmt.Errorf("blob: the directory of documents %s is of a form this program does not know", path)
	}
	return newDir(path), nil
}

func newDir(path string) *Dir {
	d := &Dir{root: path}
	for i := range d.folders {
		f := &d.folders[i]
		f.path = filepath.Join(path, fmt.Sprintf("%02x", i))
		f.cond.L = &f.mu
	}
	return d
}

// at returns the folder of name, and the path of its file.
func (d *Dir) at(name string) (*folder, string, error) {
	if len(name) != 64 {
		return nil, "", fmt.Errorf("blob: %q is no name of an object", name)
	}
	hi, lo := digit(name[0]), digit(name[1])
	for i := range len(name) {
		if digit(name[i]) < 0 {
			return nil, "", fmt.Errorf("blob: %q is no name of an object", name)
		}
	}
	f := &d.folders[hi<<4|lo]
	return f, filepath.Join(f.path, name), nil
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// Put writes a file aside, syncs it, renames it into place and syncs the
// folder.
func (d *Dir) Put(ctx context.Context, name string, data []byte) error {
	f, path, err := d.at(name)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	temp := filepath.Join(f.path, writing+rand.Text())
	if err := writeSynced(temp, data); err != nil {
		return errors.Join(err, ignoreAbsent(os.Remove(temp)))
	}
	f.sweep.RLock()
	err = os.Rename(temp, path)
	f.sweep.RUnlock()
	if err != nil {
		return errors.Join(err, ignoreAbsent(os.Remove(temp)))
	}
	return f.sync()
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Get reads a file.
func (d *Dir) Get(_ context.Context, name string) ([]byte, error) {
	_, path, err := d.at(name)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, d.absent()
	}
	return b, err
}

// absent tells a missing document from a missing disk.
func (d *Dir) absent() error {
	if _, err := os.Stat(filepath.Join(d.root, marker)); err != nil {
		return fmt.Errorf("blob: the directory of documents is gone: %w", err)
	}
	return notFound()
}

// Head reads the start of a file.
func (d *Dir) Head(_ context.Context, name string, n int) ([]byte, error) {
	_, path, err := d.at(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, d.absent()
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(n)))
}

// Has looks for a file.
func (d *Dir) Has(_ context.Context, name string) (bool, error) {
	_, path, err := d.at(name)
	if err != nil {
		return false, err
	}
	if _, err = os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(d.root, marker)); err != nil {
			return false, err
		}
		return false, nil
	}
	return err == nil, err
}

// Each looks through the folders, and clears away what writers that died left.
func (d *Dir) Each(ctx context.Context, before time.Time, fn func(name string) error) error {
	for i := range d.folders {
		entries, err := os.ReadDir(d.folders[i].path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := d.visit(&d.folders[i], e, before, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// visit calls fn for an object that is old, removes what is left of a writing
// that is old, and passes over everything else.
func (d *Dir) visit(f *folder, e fs.DirEntry, before time.Time, fn func(name string) error) error {
	old, err := older(e, before)
	if err != nil || !old {
		return err
	}
	if strings.HasPrefix(e.Name(), writing) {
		return ignoreAbsent(os.Remove(filepath.Join(f.path, e.Name())))
	}
	if home, _, err := d.at(e.Name()); err != nil || home != f {
		return nil
	}
	return fn(e.Name())
}

func older(e fs.DirEntry, before time.Time) (bool, error) {
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.ModTime().Before(before), err
}

// Remove deletes a file while no Put of this process renames into its folder.
func (d *Dir) Remove(_ context.Context, name string, before time.Time) error {
	f, path, err := d.at(name)
	if err != nil {
		return err
	}
	f.sweep.Lock()
	defer f.sweep.Unlock()
	info, err := os.Stat(path)
	if err != nil {
		return ignoreAbsent(err)
	}
	if !info.ModTime().Before(before) {
		return nil
	}
	return ignoreAbsent(os.Remove(path))
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// A folder makes renames into it durable. One sync serves all who began to wait
// before it began.
type folder struct {
	path  string
	sweep sync.RWMutex // held exclusively to remove, shared to rename into

	mu       sync.Mutex
	cond     sync.Cond
	busy     bool
	begun    uint64 // syncs that have begun
	finished uint64 // of these, how many have ended
	failed   uint64 // the last that failed
	err      error
}

// sync returns when a sync that began after the call has ended.
func (f *folder) sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := f.begun + 1
	for f.finished < mine {
		if f.busy {
			f.cond.Wait()
			continue
		}
		f.busy = true
		f.begun++
		n := f.begun
		f.mu.Unlock()
		err := syncFolder(f.path)
		f.mu.Lock()
		f.busy = false
		f.finished = n
		if err != nil {
			f.failed, f.err = n, err
		}
		f.cond.Broadcast()
	}
	if f.failed >= mine {
		return f.err
	}
	return nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
