package archive

import (
	"fmt"
	"regexp"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// DefaultPattern is how archival codes are usually written (DA/T 13, DA/T 22).
const DefaultPattern = "{fonds}-{category}·{year}-{term}-{agency}-{number}"

// maxNumber is the last that four digits hold.
const maxNumber = 9999

var (
	fondsForm    = regexp.MustCompile(`^[A-Z0-9]{1,8}$`)
	categoryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	agencyForm   = regexp.MustCompile(`^[\p{Han}A-Za-z0-9]{1,16}$`)
	placeholder  = regexp.MustCompile(`\{[a-z]*\}`)
)

// placeholders are what a pattern may hold; needed are those without which two
// documents could have one code.
var (
	placeholders = []string{"{fonds}", "{category}", "{year}", "{term}", "{agency}", "{number}"}
	separators   = regexp.MustCompile(`^[-·.\p{Han}A-Za-z0-9]*$`)
)

// Check refuses settings by which no archival code could be made.
func (u *Unit) check() error {
	f := fault.Invalid.New("立档单位设置不完整或不正确").WithCode("archive.unit").WithHint("请按每一项的说明更正后重试")
	if !fondsForm.MatchString(u.Fonds) {
		f = f.WithField("fonds", "form", "应为 1 到 8 位大写字母或数字，由档案馆给定")
	}
	if !categoryForm.MatchString(u.Category) {
		f = f.WithField("category", "form", "应为两位大写字母，如文书 WS")
	}
	if !agencyForm.MatchString(u.Agency) {
		f = f.WithField("agency", "form", "应为 1 到 16 个汉字、字母或数字")
	}
	f = words(f, "archives", "档案馆名称", u.Archives, 100)
	if len(u.ArchivesCode) > 40 || strings.ContainsFunc(u.ArchivesCode, control) || audit.Personal(u.ArchivesCode) {
		f = f.WithField("archives_code", "form", "至多 40 个字符，不能含证件号码")
	}
	if u.Pattern == "" {
		u.Pattern = DefaultPattern
	}
	if why := patternTrouble(u.Pattern); why != "" {
		f = f.WithField("pattern", "form", why)
	}
	return f.OrNil()
}

// patternTrouble says what is wrong with a pattern, or "".
func patternTrouble(pattern string) string {
	if len(pattern) > 200 {
		return "至多 200 个字符"
	}
	for _, p := range placeholders {
		if strings.Count(pattern, p) != 1 {
			return "应恰好包含一次 " + p
		}
	}
	rest := pattern
	for _, p := range placeholders {
		rest = strings.Replace(rest, p, "", 1)
	}
	if placeholder.MatchString(rest) || !separators.MatchString(rest) {
		return "除代号外只能有汉字、字母、数字、“-”、“·”和“.”"
	}
	if adjacent.MatchString(pattern) {
		return "两个代号之间须有分隔符，否则不同的文件可能同号"
	}
	return ""
}

var adjacent = regexp.MustCompile(`\}\{`)

// series names the run of numbers that an item is in.
func (u *Unit) series(it *Item) string {
	return fmt.Sprintf("%s-%s-%d-%s-%s", u.Fonds, u.Category, it.Year, it.Term, it.Agency)
}

// code writes an archival code.
func (u *Unit) code(it *Item, number int64) string {
	return strings.NewReplacer("{fonds}", u.Fonds, "{category}", u.Category, "{year}", fmt.Sprintf("%04d", it.Year), "{term}", it.Term,
		"{agency}", it.Agency, "{number}", fmt.Sprintf("%04d", number)).Replace(u.Pattern)
}

// matcher is the pattern as an expression, for the check of a package.
func (u *Unit) matcher() (*regexp.Regexp, error) {
	expr := regexp.QuoteMeta(u.Pattern)
	for place, form := range map[string]string{
		"{fonds}": `[A-Z0-9]{1,8}`, "{category}": `[A-Z]{2}`, "{year}": `[0-9]{4}`, "{term}": `(Y|D30|D10)`, "{agency}": `[\p{Han}A-Za-z0-9]{1,16}`, "{number}": `[0-9]{4}`,
	} {
		expr = strings.Replace(expr, regexp.QuoteMeta(place), form, 1)
	}
	return regexp.Compile("^" + expr + "$")
}

// allot gives an item the code that it has, or the first free one of its series:
// a number that was given back before a new one, so that no gap stays.
func (u *Unit) allot(tx *db.Tx, it *Item) error {
	series := u.series(it)
	if it.series == series && it.Code != "" {
		return nil
	}
	if err := giveBack(tx, it); err != nil {
		return err
	}
	number, err := takeNumber(tx, series)
	if err != nil {
		return err
	}
	if number > maxNumber {
		return fault.Conflict.New("这一年度、保管期限和机构下的件号已用完").WithCode("archive.series-full").WithHint("请换用更细的机构或问题")
	}
	it.series, it.number, it.Code = series, number, u.code(it, number)
	return setCode(tx, it)
}

// giveBack frees the number of an item that leaves its series.
func giveBack(tx *db.Tx, it *Item) error {
	if it.series == "" {
		return nil
	}
	if err := freeNumber(tx, it.series, it.number); err != nil {
		return err
	}
	it.series, it.number, it.Code = "", 0, ""
	return setCode(tx, it)
}
