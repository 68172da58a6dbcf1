package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/conf"
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
	Name    string `json:"name"`
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

// Doctor checks everything that an instance depends on, each by name. The error
// is that of a configuration that cannot be read.
func Doctor(ctx context.Context, config string) ([]DoctorFinding, error) {
	c, err := conf.Load(config, os.Environ())
	if err != nil {
		return nil, err
	}
	var out []DoctorFinding
	add := func(name string, err error, message string) {
		f := DoctorFinding{name, Good, message}
		if err != nil {
			f.Result, f.Message = Bad, err.Error()
		}
		out = append(out, f)
	}
	add("crypto", gm.SelfTest(), "SM2、SM3、SM4 自检通过")
	out = append(out, calendar(time.Now()))
	a, err := Open(ctx, c, Options{})
	add("open", err, "配置、数据库、密钥和文件库可以打开")
	if err != nil {
		return out, nil
	}
	defer a.Close()
	for _, r := range a.Health.Run(ctx).Checks {
		f := DoctorFinding{r.Name, Good, r.Detail}
		if !r.OK {
			f.Result, f.Message = Bad, "没有响应"
		}
		out = append(out, f)
	}
	return append(out, a.certificates(ctx)...), nil
}

// calendar warns from 1 December when next year's holidays are not known yet.
func calendar(now time.Time) DoctorFinding {
	missing := workday.Embedded().Missing(now)
	if len(missing) == 0 {
		return DoctorFinding{"workdays", Good, "工作日历齐全"}
	}
	years := make([]string, len(missing))
	for i, y := range missing {
		years[i] = fmt.Sprint(y)
	}
	return DoctorFinding{"workdays", Care, "缺少 " + strings.Join(years, "、") + " 年的放假安排：期限暂按周末和法定节日推算，公布后请升级"}
}

// certificates warns of authorities that end soon.
func (a *App) certificates(ctx context.Context) (out []DoctorFinding) {
	all, err := a.PKI.Authorities(ctx)
	if err != nil {
		return []DoctorFinding{{"authorities", Bad, err.Error()}}
	}
	for _, x := range all {
		f := DoctorFinding{"pki." + x.ID, Good, "有效期至 " + x.Certificate.NotAfter.Format(time.DateOnly)}
		switch left := x.Certificate.NotAfter.Sub(a.DB.Now()); {
		case left < 0:
			f.Result = Bad
		case left < 180*24*time.Hour:
			f.Result = Care
		}
		out = append(out, f)
	}
	return out
}
