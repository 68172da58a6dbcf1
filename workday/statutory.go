package workday

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
)

//go:embed data/*.txt
var data embed.FS

// Embedded is the calendar of the notices known when this program was made.
func Embedded() *Calendar { return embedded().calendar }

// embedded reads the data files once. Their correctness is a test's business:
// a file that cannot be read would leave its years provisional.
var embedded = sync.OnceValue(func() (e struct {
	calendar *Calendar
	lunar    map[Date]string
	errs     []error
}) {
	e.calendar, e.lunar = New(), map[Date]string{}
	names, err := fs.Glob(data, "data/*.txt")
	if err != nil {
		e.errs = append(e.errs, err)
	}
	for _, name := range names {
		if err := load(name, &e.calendar, e.lunar); err != nil {
			e.errs = append(e.errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return e
})

func load(name string, calendar **Calendar, lunar map[Date]string) error {
	f, err := data.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if name != "data/lunar.txt" {
		y, err := ParseYear(f)
		if err == nil {
			*calendar = (*calendar).With(y)
		}
		return err
	}
	for scan := bufio.NewScanner(f); scan.Scan(); {
		if err := lunarLine(scan.Text(), lunar); err != nil {
			return err
		}
	}
	return nil
}

// lunarLine reads "2027 04-05 02-06 06-09 09-15".
func lunarLine(line string, lunar map[Date]string) error {
	f := strings.Fields(line)
	if len(f) == 0 || f[0] == "#" {
		return nil
	}
	if len(f) != 5 {
		return fmt.Errorf("line %q has %d fields", line, len(f))
	}
	for i, name := range []string{"清明节", "春节", "端午节", "中秋节"} {
		d, err := ParseDate(f[0] + "-" + f[i+1])
		if err != nil {
			return err
		}
		lunar[d] = name
		if name == "春节" { // New Year's Eve to the third day, since 2025
			lunar[d.AddDays(-1)], lunar[d.AddDays(1)], lunar[d.AddDays(2)] = name, name, name
		}
	}
	return nil
}

// statutory names the statutory holiday that d is, or "" (全国年节及纪念日放假
// 办法 §2, as amended by State Council decree 795).
func statutory(d Date) string {
	switch {
	case d.Month == time.January && d.Day == 1:
		return "元旦"
	case d.Month == time.May && d.Day <= 2:
		return "劳动节"
	case d.Month == time.October && d.Day <= 3:
		return "国庆节"
	}
	return embedded().lunar[d]
}
