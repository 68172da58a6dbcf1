package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names in the directory of a demo.
const (
	credentialsFile = "credentials.json" // written last: a demo is whole once it stands there
	unfinishedFile  = "unfinished-demo"  // written first, and removed last
	lockFile        = "demo.lock"        // held by the program that uses the directory
	demoConfigFile  = "sidian.yaml"      // for the commands that take --config
)

// A demoDir is the directory of a demo, held by this program alone.
type demoDir struct {
	path string
	lock *os.File
}

// isDemo tells whether a directory is that of a demo.
func isDemo(path string) bool {
	for _, name := range []string{credentialsFile, demoConfigFile} {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

// holdDemo takes the directory, which it makes when absent. One that holds
// something else is refused and left as it is.
func holdDemo(path string) (*demoDir, error) {
	there, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, troubledData(path, Words{"数据目录建不了", "the data directory cannot be made"}, err)
		}
	case err != nil:
		return nil, troubledData(path, Words{"数据目录读不了", "the data directory cannot be read"}, err)
	case len(there) > 0 && !slices.ContainsFunc(there, func(e fs.DirEntry) bool {
		return slices.Contains([]string{credentialsFile, unfinishedFile, lockFile}, e.Name())
	}):
		return nil, troubledData(path, Words{"这个目录里是别的东西，不是样例县", "this directory holds something else, not a demo"}, nil)
	}
	f, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, troubledData(path, Words{"数据目录写不了", "the data directory cannot be written to"}, err)
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(troubledData(path, Words{"另一个程序正在使用这个目录", "another program uses this directory"}, nil), f.Close())
	}
	return &demoDir{path, f}, nil
}

func troubledData(path string, what Words, err error) error {
	return &Trouble{Part: "data", Where: path, What: what, Err: err, Do: Words{"请用 --data 换一个目录", "choose another directory with --data"}}
}

func (d *demoDir) at(name string) string { return filepath.Join(d.path, name) }

// close lets another program use the directory.
func (d *demoDir) close() error { return d.lock.Close() }

// whole tells whether the demo was made to its end.
func (d *demoDir) whole() bool {
	_, err := os.Stat(d.at(credentialsFile))
	return err == nil
}

// begin removes what an interrupted start left, which is ours to remove because
// the mark of an unfinished demo is put first.
func (d *demoDir) begin() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("app: looking into the demo's directory: %w", err)
	}
	for _, e := range entries {
		if e.Name() != lockFile && e.Name() != unfinishedFile && madeByDemo(e.Name()) {
			err = errors.Join(err, os.RemoveAll(d.at(e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("app: removing what an interrupted start left: %w", err)
	}
	return os.WriteFile(d.at(unfinishedFile), []byte("sidian demo\n"), 0o600)
}

func madeByDemo(name string) bool {
	return slices.Contains([]string{"blob", "master.key", demoConfigFile}, name) ||
		strings.HasPrefix(name, "sidian.db") || strings.HasPrefix(name, ".credentials-")
}

// finish makes the demo whole.
func (d *demoDir) finish(c *Credentials) error {
	if err := writeCredentials(d.at(credentialsFile), c); err != nil {
		return err
	}
	if err := os.Remove(d.at(unfinishedFile)); err != nil {
		return fmt.Errorf("app: finishing the demo: %w", err)
	}
	return nil
}
