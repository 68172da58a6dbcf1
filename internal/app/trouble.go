package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Words are one sentence in the two languages of the command line.
type Words struct{ Chinese, English string }

// In picks the reader's language.
func (w Words) In(chinese bool) string {
	if chinese {
		return w.Chinese
	}
	return w.English
}

// A Trouble is an error for whoever sits at the terminal: what went wrong,
// where, why, and what to do about it.
type Trouble struct {
	Part  string // the dependency: "config", "listen", "database", "keys", "documents", …
	What  Words
	Where string // file, address; never a secret
	Do    Words
	Err   error // may be nil
}

// Error is the English of it in one line, for logs.
func (t *Trouble) Error() string {
	s := "app: " + t.What.English
	if t.Where != "" {
		s += " (" + t.Where + ")"
	}
	if t.Err != nil {
		s += ": " + t.Err.Error()
	}
	return s
}

func (t *Trouble) Unwrap() error { return t.Err }

// Explain is what a person is told about an error, in their language: several
// lines, the first of which says what went wrong.
func Explain(err error, chinese bool) string {
	var t *Trouble
	if errors.As(err, &t) {
		return t.explain(chinese)
	}
	if f := fault.As(err); f != nil {
		return explainFault(f)
	}
	return err.Error()
}

func (t *Trouble) explain(chinese bool) string {
	var b strings.Builder
	b.WriteString(t.What.In(chinese))
	if t.Where != "" {
		fmt.Fprintf(&b, "%s%s", Words{"：", ": "}.In(chinese), t.Where)
	}
	if t.Err != nil {
		fmt.Fprintf(&b, "\n  %s%s", Words{"原因：", "why: "}.In(chinese), Explain(t.Err, chinese))
	}
	if do := t.Do.In(chinese); do != "" {
		fmt.Fprintf(&b, "\n  %s%s", Words{"怎么办：", "what to do: "}.In(chinese), do)
	}
	return b.String()
}

func explainFault(f *fault.Error) string {
	var b strings.Builder
	b.WriteString(f.Msg)
	for _, x := range f.Fields {
		fmt.Fprintf(&b, "\n  %s: %s", x.Name, x.Message)
	}
	if f.Hint != "" {
		b.WriteString("\n  " + f.Hint)
	}
	return b.String()
}

func troubledConfig(path string, err error) error {
	return &Trouble{Part: "config", Where: path, Err: err, What: Words{"配置不能使用", "the configuration cannot be used"},
		Do: Words{"改正该文件；全部配置项见 sidian init --config 新文件 --example", "correct the file; sidian init --config NEWFILE --example writes one with every key"}}
}

// NoInstance says that no configuration was named, and none stands in the usual
// places.
func NoInstance(looked []string) error {
	return &Trouble{Part: "config", Where: strings.Join(looked, ", "), What: Words{"没有指明实例，常用位置也没有配置文件", "no instance is named, and no configuration stands in the usual places"},
		Do: Words{"用 --config 指明配置文件；要试用，先运行 sidian demo", "name the configuration with --config; to try things out, run sidian demo first"}}
}

// byFlag and byKey are where an address to listen at is named.
func byFlag(name string) Words { return Words{" " + name + " ", name} }
func byKey(name string) Words  { return Words{"配置项 " + name + " ", "the key " + name} }

func troubledListen(address string, option Words, err error) error {
	t := &Trouble{Part: "listen", Where: address, Err: err, What: Words{"不能监听这个地址", "this address cannot be listened at"},
		Do: Words{"请用" + option.Chinese + "换一个地址", "choose another with " + option.English}}
	var opError *net.OpError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		t.What, t.Err = Words{"端口已被占用，可能另有一个程序在运行", "the port is in use; another program, perhaps this one, is running"}, nil
		t.Do = Words{"请先结束那个程序，或用" + option.Chinese + "换一个端口", "end that program, or choose another port with " + option.English}
	case errors.Is(err, fs.ErrPermission):
		t.Do = Words{"1024 以下的端口需要特权；请用" + option.Chinese + "换一个端口", "ports below 1024 need privileges; choose another with " + option.English}
	case errors.As(err, &opError):
		t.Err = opError.Err
	}
	return t
}

// troubledDatabase says of a database why it is refused. Its address holds no
// password: package conf refuses one.
func troubledDatabase(c conf.Config, err error) error {
	t := &Trouble{Part: "database", Where: c.Database.URL, Err: err, What: Words{"数据库打不开", "the database cannot be opened"},
		Do: Words{"请检查数据库服务是否运行、database.url 和 database.password_file 是否正确", "see that the server runs and that database.url and database.password_file are right"}}
	switch {
	case errors.Is(err, db.ErrAbsent):
		t.What = Words{"数据库还没有建立", "the database has not been created"}
		t.Do = Words{"新实例请先运行 sidian init；已有实例请核对 database.url 和磁盘挂载", "for a new instance run sidian init; for an existing one check database.url and whether its disk is mounted"}
	case errors.Is(err, db.ErrExists):
		t.What = Words{"数据库已经建立过", "the database has been created already"}
		t.Do = Words{"已有实例请用 sidian serve；要另建实例请换一个空的数据库", "serve an existing instance with sidian serve; for another one name an empty database"}
	case errors.Is(err, db.ErrOlder):
		t.What = Words{"数据库结构比程序旧", "the database's schema is older than this program"}
		t.Do = Words{"请先备份，再运行 sidian migrate", "back up, then run sidian migrate"}
	case errors.Is(err, db.ErrNewer):
		t.What = Words{"数据库结构比程序新", "the database's schema is newer than this program"}
		t.Do = Words{"请换用升级过该数据库的程序版本，或更新的版本；不能降级", "use the program that upgraded it, or a later one; there is no way back"}
	case errors.Is(err, db.ErrAltered):
		t.What = Words{"数据库所用的升级脚本与程序自带的不一致", "the database was made by other migrations than this program's"}
		t.Do = Words{"请换回原来的程序版本，并查明来源", "go back to the program that made it, and find out where this one comes from"}
	}
	return t
}

func troubledKeys(c conf.Config, err error) error {
	t := &Trouble{Part: "keys", Where: c.MasterKeyFile, Err: err, What: Words{"密钥库打不开", "the keys cannot be opened"},
		Do: Words{"请核对 master_key_file：它必须是建立本实例时的主密钥文件，权限 0600", "see that master_key_file names the master key that this instance was created with, mode 0600"}}
	if errors.Is(err, fs.ErrNotExist) {
		t.What = Words{"主密钥文件不在", "the master key file is missing"}
		t.Do = Words{"请从安全保管处取回该文件；没有它，密钥和文件都无法打开，重新生成没有用", "bring it back from where it is kept safe; without it neither keys nor documents can be opened, and a new one is of no use"}
	}
	return t
}

func troubledDocuments(c conf.Config, err error) error {
	where := c.Blob.Dir
	if c.Blob.S3.Endpoint != "" {
		where = c.Blob.S3.Endpoint + "/" + c.Blob.S3.Bucket
	}
	return &Trouble{Part: "documents", Where: where, Err: err, What: Words{"文件库打不开", "the store of documents cannot be opened"},
		Do: Words{"请检查磁盘是否挂载、blob 各项配置是否正确；不要新建空目录代替", "see that the disk is mounted and that the blob keys are right; do not put an empty directory in its place"}}
}

// troubledPart wraps what has no advice of its own.
func troubledPart(part string, what Words, err error) error {
	return &Trouble{Part: part, What: what, Err: err}
}

// errUnfinished refuses an instance whose creation was interrupted.
func errUnfinished(c conf.Config) error {
	return &Trouble{Part: "instance", Where: c.Database.URL, What: Words{"这个实例没有建完：建立时被中断过", "this instance is not complete: its creation was interrupted"},
		Do: Words{
			"其中还没有任何业务数据。请删除数据库、" + c.Blob.Dir + " 和 " + c.MasterKeyFile + "，再运行 sidian init",
			"nothing was issued in it. Remove the database, " + c.Blob.Dir + " and " + c.MasterKeyFile + ", then run sidian init again",
		}}
}
