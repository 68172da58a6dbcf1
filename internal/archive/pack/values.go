package pack

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What is asked of values, of those written as of those read: each function
// answers with findings that name the metadata, never their values, which may
// be personal data.

// lengths finds values that are too long (1-2-3).
func (r *record) lengths() (found []string) {
	for i := range fields {
		if n := utf8.RuneCountInString(r.values[fields[i].name]); n > fields[i].most {
			found = append(found, fmt.Sprintf("“%s”有 %d 个字符，最多 %d 个", fields[i].title, n, fields[i].most))
		}
	}
	for i := range r.files {
		for _, v := range r.files[i].texts() {
			if utf8.RuneCountInString(v.text) > v.most {
				found = append(found, fmt.Sprintf("第 %d 个文件的“%s”超过 %d 个字符", i+1, v.title, v.most))
			}
		}
	}
	return found
}

type titled struct {
	title, text string
	most        int
}

func (f *fileRecord) texts() []titled {
	return []titled{
		{"文件编号", f.Code, short}, {"文件名称", f.Title, 500}, {"原文件名", f.Origin, 500}, {"格式信息", f.Format, 128},
		{"计算机文件名", f.Name, medium}, {"计算机文件大小", f.Size, 20}, {"形成时间", f.CreatedAt, 32},
		{"辅助信息", f.Auxiliary, long}, {"共享", f.Shared, short}, {"共享条件", f.Terms, long},
	}
}

// forms finds values of another type than theirs (1-2-4).
func (r *record) forms() (found []string) {
	for i := range fields {
		f := &fields[i]
		if v := strings.TrimSpace(r.values[f.name]); v != "" && f.form != nil && !f.form(v) {
			found = append(found, "“"+f.title+"”不是规定的类型或格式")
		}
	}
	for i := range r.files {
		f := &r.files[i]
		if _, err := strconv.ParseUint(strings.TrimSpace(f.Size), 10, 63); err != nil {
			found = append(found, fmt.Sprintf("第 %d 个文件的“计算机文件大小”不是字节数", i+1))
		}
		if v := strings.TrimSpace(f.CreatedAt); v != "" && !moment(v) {
			found = append(found, fmt.Sprintf("第 %d 个文件的“形成时间”不是日期时间", i+1))
		}
	}
	return found
}

// domains finds values that are none of those allowed (1-2-5).
func (r *record) domains() (found []string) {
	for i := range fields {
		f := &fields[i]
		if v := strings.TrimSpace(r.values[f.name]); v != "" && f.oneOf != nil && !slices.Contains(f.oneOf, v) {
			found = append(found, "“"+f.title+"”只能是："+strings.Join(f.oneOf, "、"))
		}
	}
	return found
}

// missing finds required values that are not there (2-2-1).
func (r *record) missing() (found []string) {
	for i := range fields {
		if fields[i].required && strings.TrimSpace(r.values[fields[i].name]) == "" {
			found = append(found, "缺少“"+fields[i].title+"”")
		}
	}
	for i := range r.files {
		for _, v := range []titled{{title: "文件编号", text: r.files[i].Code}, {title: "文件名称", text: r.files[i].Title}, {title: "计算机文件名", text: r.files[i].Name}} {
			if strings.TrimSpace(v.text) == "" {
				found = append(found, fmt.Sprintf("第 %d 个文件缺少“%s”", i+1, v.title))
			}
		}
	}
	return found
}

// duplicates finds codes and paths that stand there twice (1-2-2).
func (r *record) duplicates() (found []string) {
	for _, name := range r.twice {
		found = append(found, "元数据项 "+shown(name)+" 重复")
	}
	codes, paths := map[string]bool{}, map[string]bool{}
	for i := range r.files {
		f := &r.files[i]
		if code := strings.TrimSpace(f.Code); code != "" {
			if codes[code] {
				found = append(found, "文件编号 "+shown(code)+" 重复")
			}
			codes[code] = true
		}
		if paths[f.path()] {
			found = append(found, "文件 "+shown(f.path())+" 著录了两次")
		}
		paths[f.path()] = true
	}
	return found
}

// implausible finds times that cannot be (1-2-6). now may be zero.
func (r *record) implausible(now time.Time) (found []string) {
	at := func(name string) time.Time { t, _ := parseTime(r.values[name]); return t }
	received, done, archived := at("receive_time"), at("transact_time"), at("archive_time")
	for _, pair := range []struct {
		early, late time.Time
		say         string
	}{
		{received, done, "办结时间早于受理时间"}, {done, archived, "归档时间早于办结时间"}, {received, archived, "归档时间早于受理时间"},
		{archived, now, "归档时间晚于现在"},
	} {
		if !pair.early.IsZero() && !pair.late.IsZero() && pair.early.After(pair.late) {
			found = append(found, pair.say)
		}
	}
	for i := range r.files {
		made, _ := parseTime(r.files[i].CreatedAt)
		if !made.IsZero() && !archived.IsZero() && made.After(archived) {
			found = append(found, fmt.Sprintf("第 %d 个文件的形成时间晚于归档时间", i+1))
		}
	}
	return found
}

// implausibleEvents: in their order, and none after the archiving.
func (r *record) implausibleEvents(list []eventRecord) (found []string) {
	archived, _ := parseTime(r.values["archive_time"])
	var last time.Time
	for i := range list {
		at, ok := parseTime(list[i].At)
		switch {
		case !ok:
			found = append(found, fmt.Sprintf("第 %d 个业务环节没有时间", i+1))
		case at.Before(last):
			found = append(found, fmt.Sprintf("第 %d 个业务环节早于前一环节", i+1))
		case !archived.IsZero() && at.After(archived):
			found = append(found, fmt.Sprintf("第 %d 个业务环节晚于归档时间", i+1))
		}
		last = at
	}
	return found
}

// special finds characters that do not belong into a text (1-2-7). Private use
// is only named: rare characters of names are written so in old systems.
func (r *record) special() (bad, odd []string) {
	look := func(title, text string) {
		for _, c := range text {
			switch {
			case unicode.Is(unicode.Co, c):
				odd = append(odd, title+"含有自造字，换机后可能显示不出")
				return
			case c == utf8.RuneError, unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t', slices.Contains(invisible, c), c&0xFFFE == 0xFFFE:
				bad = append(bad, fmt.Sprintf("%s含有特殊字符 U+%04X", title, c))
				return
			}
		}
		if text != strings.TrimSpace(text) {
			odd = append(odd, title+"首尾有空白")
		}
	}
	for i := range fields {
		look("“"+fields[i].title+"”", r.values[fields[i].name])
	}
	for i := range r.files {
		for _, v := range r.files[i].texts() {
			look(fmt.Sprintf("第 %d 个文件的“%s”", i+1, v.title), v.text)
		}
	}
	return bad, odd
}

// invisible characters make a text look like another: zero-width space, marks
// that turn the direction of writing, a byte order mark. Joiners and marks of
// direction proper stay: some of the scripts of the country need them.
var invisible = []rune{0x200B, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF}

var defaultPattern = regexp.MustCompile(DefaultPattern)

// retentions are the codes of 保管期限 in a 档号 (DA/T 13).
var retentions = map[string]string{"永久": "Y", "Y": "Y", "定期30年": "D30", "30年": "D30", "D30": "D30", "定期10年": "D10", "10年": "D10", "D10": "D10"}

// archivalCode checks the 档号 (1-2-1) by a pattern, nil for the usual one,
// whose parts are compared with the metadata too.
func (r *record) archivalCode(pattern *regexp.Regexp) (found []string) {
	code := strings.TrimSpace(r.values[codeName])
	if pattern != nil {
		if !pattern.MatchString(code) {
			found = append(found, "档号不符合本馆的编制规则")
		}
		return found
	}
	if !defaultPattern.MatchString(code) {
		return []string{"档号不是“全宗号-门类代码·年度-保管期限代码-机构(问题)-件号”的形式"}
	}
	parts := strings.Split(code, "-")
	if fonds := strings.TrimSpace(r.values["fonds_identifier"]); fonds != "" && fonds != parts[0] {
		found = append(found, "档号中的全宗号与元数据不一致")
	}
	if want, known := retentions[strings.TrimSpace(r.values["retention_period"])]; known && want != parts[2] {
		found = append(found, "档号中的保管期限与元数据不一致")
	}
	return found
}

// shown makes a name of a stranger fit for a sentence.
func shown(name string) string {
	const most = 80
	var b strings.Builder
	n := 0
	for _, c := range name {
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			fmt.Fprintf(&b, "<%04X>", c)
			continue
		}
		b.WriteRune(c)
	}
	return "“" + b.String() + "”"
}
