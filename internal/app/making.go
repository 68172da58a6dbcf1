package app

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"sidian/internal/conf"
	"sidian/internal/db"
)

// making remembers which files of an instance were absent before it was
// created: those, and no others, go when the creation fails.
type making struct{ absent []string }

// newMaking refuses places in which something stands already.
func newMaking(c conf.Config) (*making, error) {
	m := &making{}
	places := []string{c.MasterKeyFile}
	if path, ok := strings.CutPrefix(c.Database.URL, "sqlite:"); ok {
		if _, err := os.Stat(path); err == nil {
			return nil, troubledDatabase(c, db.ErrExists)
		}
		places = append(places, path, path+"-wal", path+"-shm")
	}
	if c.Blob.S3.Endpoint == "" {
		there, err := os.ReadDir(c.Blob.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(there) > 0 {
			return nil, &Trouble{Part: "documents", Where: c.Blob.Dir, Err: err, What: Words{"文件目录不是空的", "the directory of documents is not empty"},
				Do: Words{"请用 blob.dir 指定一个空目录；已有实例请用 sidian serve", "name an empty directory with blob.dir; serve an existing instance with sidian serve"}}
		}
		places = append(places, c.Blob.Dir)
	}
	for _, p := range places {
		if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
			m.absent = append(m.absent, p)
		}
	}
	return m, nil
}

// undo removes what was made. A database server keeps its schema, which is said.
func (m *making) undo() (err error) {
	for _, p := range m.absent {
		err = errors.Join(err, os.RemoveAll(p))
	}
	return err
}
