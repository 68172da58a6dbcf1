package workday

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Year is what a notice says about one year: the days that differ from the
// plain week.
type Year struct {
	Number int
	Notice string // which notice it follows
	days   map[Date]special
}

type special struct {
	work bool
	name string
}

// ParseYear reads a file of lines "2006-01-02 holiday|workday 名称" after the
// lines "year N" and "notice …". Lines that begin with # are comments. A day
// of another year, a day named twice, or a working day that the plain week has
// anyway is an error: such a file was made wrongly.
func ParseYear(r io.Reader) (*Year, error) {
	y := &Year{days: map[Date]special{}}
	scan := bufio.NewScanner(r)
	for n := 1; scan.Scan(); n++ {
		line := strings.TrimSpace(scan.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := y.line(line); err != nil {
			return nil, fmt.Errorf("workday: line %d: %w", n, err)
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("workday: reading a year: %w", err)
	}
	if y.Number == 0 || len(y.days) == 0 {
		return nil, fmt.Errorf("workday: a year's file needs its year and its days")
	}
	return y, nil
}

func (y *Year) line(line string) error {
	key, rest, _ := strings.Cut(line, " ")
	switch key {
	case "year":
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1950 || n > 9999 || y.Number != 0 {
			return fmt.Errorf("year %q", rest)
		}
		y.Number = n
		return nil
	case "notice":
		y.Notice = rest
		return nil
	}
	d, err := ParseDate(key)
	if err != nil {
		return err
	}
	kind, name, _ := strings.Cut(rest, " ")
	if kind != "holiday" && kind != "workday" || name == "" {
		return fmt.Errorf("%s is neither holiday nor workday with a name", d)
	}
	if d.Year != y.Number {
		return fmt.Errorf("%s is not of the year %d", d, y.Number)
	}
	if _, twice := y.days[d]; twice {
		return fmt.Errorf("%s stands twice", d)
	}
	if kind == "workday" && !weekend(d) {
		return fmt.Errorf("%s is a working day anyway", d)
	}
	y.days[d] = special{work: kind == "workday", name: name}
	return nil
}
