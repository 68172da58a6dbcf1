package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/workday"
)

// Results of a check of the doctor.
const (
	Good = "ok"
	Care = "warn"
	Bad  = "fail"
)

// A DoctorFinding is what one check found.
type DoctorFinding struct {
	Name    string `json:"name"` // of the dependency
	Result  string `json:"result"`
	Message string `json:"message"`
}

// Failing tells whether any finding is bad.
func Failing(all []DoctorFinding) bool {
	for _, f := range all {
		if f.Result == Bad {
			return true
		}
	}
	return false
}

// soon is how long before the end of a digital certificate the doctor warns.
const soon = 180 * 24 * time.Hour

// doctor collects findings in the reader's language.
type doctor struct {
	c        conf.Config
	chinese  bool
	findings []DoctorFinding
}

func (d *doctor) say(name, result string, w Words) {
	d.findings = append(d.findings, DoctorFinding{name, result, w.In(d.chinese)})
}

// ask notes good words, or why not.
func (d *doctor) ask(name string, err error, good Words) bool {
	if err != nil {
		d.findings = append(d.findings, DoctorFinding{name, Bad, Explain(err, d.chinese)})
		return false
	}
	d.say(name, Good, good)
	return true
}

// Doctor checks everything that an instance depends on, each by name, and goes
// on after one that fails. The error is that of a configuration that cannot be
// read.
func Doctor(ctx context.Context, config string, chinese bool) ([]DoctorFinding, error) {
	c, err := loadConfig(config)
	if err != nil {
		return nil, err
	}
	d := &doctor{c: c, chinese: chinese}
	d.ask("crypto", selfTest(), Words{"SM2、SM3、SM4 自检通过", "SM2, SM3 and SM4 passed the self-test"})
	d.calendar(time.Now())
	d.files()
	database, err := openDatabase(ctx, c, db.Open)
	if d.ask("database", err, Words{"可以打开，结构是本程序的", "opens, and has this program's schema"}) {
		_, err := openKeys(ctx, database, c)
		if err != nil {
			err = troubledKeys(c, err)
		}
		d.ask("keys", err, Words{"主密钥与数据库相符", "the master key is this database's"})
		if err := database.Close(); err != nil {
			d.ask("database", err, Words{})
		}
	}
	if _, err := openBlobs(ctx, c); err != nil {
		d.ask("documents", troubledDocuments(c, err), Words{})
	}
	if !Failing(d.findings) {
		d.running(ctx)
	}
	return d.findings, nil
}

// calendar warns from 1 December when next year's holidays are not known yet.
func (d *doctor) calendar(now time.Time) {
	missing := workday.Embedded().Missing(now)
	if len(missing) == 0 {
		d.say("workdays", Good, Words{"工作日历齐全", "the calendar is complete"})
		return
	}
	years := make([]string, len(missing))
	for i, y := range missing {
		years[i] = fmt.Sprint(y)
	}
	d.say("workdays", Care, Words{
		"缺少 " + strings.Join(years, "、") + " 年的放假安排：期限暂按周末和法定节日推算；国务院办公厅的通知公布后，请换用含有它的程序版本",
		"the notice of holidays of " + strings.Join(years, ", ") + " is missing: deadlines are reckoned by weekends and statutory holidays; take the version of this program that has it once it is published",
	})
}

// files warns of what others of the machine may read.
func (d *doctor) files() {
	info, err := os.Stat(d.c.DataDir)
	switch {
	case err != nil:
		d.ask("data", troubledPart("data", Words{"数据目录不在：" + d.c.DataDir, "the data directory is missing: " + d.c.DataDir}, ignoreAbsent(err)), Words{})
	case info.Mode().Perm()&0o077 != 0:
		d.say("data", Care, Words{
			fmt.Sprintf("数据目录 %s 的权限是 %04o，本机其他用户可以查看；请改为 0700", d.c.DataDir, info.Mode().Perm()),
			fmt.Sprintf("the data directory %s has mode %04o, open to other users of this machine; make it 0700", d.c.DataDir, info.Mode().Perm()),
		})
	default:
		d.say("data", Good, Words{"数据目录只有本用户可以查看", "the data directory is closed to other users"})
	}
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// running opens the whole instance and asks what /readyz asks, and more.
func (d *doctor) running(ctx context.Context) {
	a, err := openInstance(ctx, d.c, io.Discard)
	if !d.ask("instance", err, Words{"可以运行", "can be served"}) {
		return
	}
	defer func() {
		if err := a.Close(); err != nil {
			d.ask("database", troubledDatabase(d.c, err), Words{})
		}
	}()
	for _, r := range a.Health.Run(ctx).Checks {
		if r.Name == "database" { // opened before
			continue
		}
		if r.Err != nil {
			r.Err = troubledPart(r.Name, Words{"没有响应", "does not answer"}, r.Err)
		}
		d.ask(r.Name, r.Err, Words{"有响应", "answers"})
	}
	if _, err := a.PKI.TimeStamp(ctx, []byte("sidian doctor")); err != nil {
		d.ask("timestamp", troubledPart("timestamp", Words{"得不到时间戳，不能用印", "no time stamp is given, so nothing can be sealed"}, err), Words{})
	} else {
		d.say("timestamp", Good, Words{"可以取得时间戳", "gives time stamps"})
	}
	d.authorities(ctx, a)
	d.seals(ctx, a)
	d.access(ctx, a)
	d.server()
}

// authorities warns of digital certificates that end soon.
func (d *doctor) authorities(ctx context.Context, a *App) {
	all, err := a.PKI.Authorities(ctx)
	if err != nil {
		d.ask("authority", err, Words{})
		return
	}
	for _, x := range all {
		d.expiry("pki."+x.ID, x.Certificate.NotAfter, a.DB.Now())
	}
	suites, err := a.PKI.SuiteAuthorities(ctx)
	if err != nil {
		d.ask("authority", err, Words{})
		return
	}
	for _, x := range suites { // for proof that outlives SM3; the root is rolled with it
		d.expiry("pki.timestamp."+x.Suite, x.Timestamp.NotAfter, a.DB.Now())
	}
}

func (d *doctor) expiry(name string, end, now time.Time) {
	day := end.Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left < 0:
		d.say(name, Bad, Words{"数字证书已于 " + day + " 过期，请更换", "the digital certificate ended on " + day + "; replace it"})
	case left < soon:
		d.say(name, Care, Words{"数字证书有效期至 " + day + "，请准备更换", "the digital certificate ends on " + day + "; prepare to replace it"})
	default:
		d.say(name, Good, Words{"数字证书有效期至 " + day, "the digital certificate is valid until " + day})
	}
}
