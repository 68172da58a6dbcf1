package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/fault"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	c := conf.Default()
	c.Database.URL, c.MasterKeyFile, c.Blob.Dir = "sqlite:/x/sidian.db", "/x/master.key", "/x/blob"
	busy := &net.OpError{Op: "listen", Err: fmt.Errorf("bind: %w", syscall.EADDRINUSE)}
	for name, tc := range map[string]struct {
		err              error
		chinese, english []string
	}{
		"absent":       {troubledDatabase(c, db.ErrAbsent), []string{"还没有建立", c.Database.URL, "sidian init"}, []string{"not been created", c.Database.URL, "sidian init"}},
		"exists":       {troubledDatabase(c, db.ErrExists), []string{"建立过", "sidian serve"}, []string{"created already", "sidian serve"}},
		"older":        {troubledDatabase(c, fmt.Errorf("%w: x", db.ErrOlder)), []string{"比程序旧", "sidian migrate"}, []string{"older", "sidian migrate"}},
		"newer":        {troubledDatabase(c, db.ErrNewer), []string{"比程序新", "不能降级"}, []string{"newer", "no way back"}},
		"altered":      {troubledDatabase(c, db.ErrAltered), []string{"升级脚本"}, []string{"other migrations"}},
		"unreachable":  {troubledDatabase(c, errors.New("refused")), []string{"打不开", "refused"}, []string{"cannot be opened", "refused"}},
		"no master":    {troubledKeys(c, fmt.Errorf("a: %w", fs.ErrNotExist)), []string{"主密钥文件不在", "/x/master.key", "安全保管处"}, []string{"missing", "/x/master.key", "bring it back"}},
		"other master": {troubledKeys(c, errors.New("x")), []string{"密钥库打不开", "建立本实例时"}, []string{"keys cannot be opened", "created with"}},
		"documents":    {troubledDocuments(c, errors.New("x")), []string{"文件库打不开", "/x/blob", "挂载"}, []string{"store of documents", "/x/blob", "mounted"}},
		"unfinished":   {errUnfinished(c), []string{"没有建完", "/x/blob", "/x/master.key"}, []string{"not complete", "/x/blob", "/x/master.key"}},
		"port in use":  {troubledListen("h:1", byFlag("--listen"), busy), []string{"已被占用", "h:1", "--listen"}, []string{"in use", "h:1", "--listen"}},
		"wrapped":      {fmt.Errorf("a: %w", errors.Join(troubledDatabase(c, db.ErrAbsent))), []string{"还没有建立"}, []string{"not been created"}},
		"of a context": {fmt.Errorf("a: %w", fault.Invalid.New("填错了").WithField("name", "required", "必填").WithHint("请填")), []string{"填错了", "name: 必填", "请填"}, []string{"填错了"}},
		"plain":        {errors.New("plain"), []string{"plain"}, []string{"plain"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for chinese, words := range map[bool][]string{true: tc.chinese, false: tc.english} {
				text := Explain(tc.err, chinese)
				for _, word := range words {
					if !strings.Contains(text, word) {
						t.Errorf("chinese %v: %q is missing in: %s", chinese, word, text)
					}
				}
			}
			if tc.err.Error() == "" {
				t.Error("the error has no text for logs")
			}
		})
	}
}
