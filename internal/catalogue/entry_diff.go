package catalogue

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"sidian/internal/db"
)

func (s *Service) diff(ctx context.Context, id string) (list []Change, err error) {
	var r *entryRow
	var old *Kind
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if r, err = s.seenTx(ctx, tx, id); err != nil || r.base == 0 {
			return err
		}
		old, err = s.VersionTx(tx, r.name, r.base)
		return err
	})
	if err != nil || old == nil {
		return nil, err
	}
	return DiffFiles(old, r.files), nil
}

// DiffKinds says what two versions of a kind differ in.
func (s *Service) DiffKinds(ctx context.Context, name string, before, after int) ([]Change, error) {
	a, err := s.Version(ctx, name, before)
	if err != nil {
		return nil, err
	}
	b, err := s.Version(ctx, name, after)
	if err != nil {
		return nil, err
	}
	return DiffFiles(a, b.Files()), nil
}

// DiffFiles says what a folder changes of a kind. A folder that cannot be read as a
// kind differs by its files.
func DiffFiles(old *Kind, files map[string][]byte) (list []Change) {
	d := differ{}
	now, err := parseLoosely(old.Name, files)
	if err == nil {
		d.kinds(old, now)
	} else if !bytes.Equal(old.source[kindFile], files[kindFile]) {
		d.add("类型定义 "+kindFile, "changed", "", "暂时读不懂")
	}
	for _, name := range fileNames(old.source, files) {
		a, was := old.source[name]
		b, is := files[name]
		switch {
		case name == kindFile && err == nil, name == goldenFile, was && is && bytes.Equal(a, b):
		case !was:
			d.add(fileWord(name), "added", "", size(b))
		case !is:
			d.add(fileWord(name), "removed", size(a), "")
		case name == templateFile && d.faces(old, now, a, b):
		case name == templateFile:
			d.lines(fileWord(name), string(a), string(b))
		default:
			d.add(fileWord(name), "changed", size(a), size(b))
		}
	}
	return d
}

// parseLoosely reads what a folder says without asking whether it obeys the rules.
func parseLoosely(name string, files map[string][]byte) (*Kind, error) {
	k := &Kind{Name: name}
	p := problems{}
	p.decode(kindFile, files[kindFile], k)
	return k, p.err("读不懂")
}

func fileNames(a, b map[string][]byte) (names []string) {
	for _, m := range []map[string][]byte{a, b} {
		for name := range m {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func fileWord(name string) string {
	switch name {
	case kindFile:
		return "类型定义"
	case templateFile:
		return "照面模板"
	case exampleFile:
		return "样例"
	}
	return "图片 " + name
}

func size(b []byte) string { return fmt.Sprintf("%d 字节", len(b)) }

type differ []Change

func (d *differ) add(where, what, before, after string) {
	*d = append(*d, Change{where, what, clip(before, 300), clip(after, 300)})
}

// pair compares what is said of one thing.
func (d *differ) pair(where, before, after string) {
	switch {
	case before == after:
	case before == "":
		d.add(where, "added", "", after)
	case after == "":
		d.add(where, "removed", before, "")
	default:
		d.add(where, "changed", before, after)
	}
}

// lines counts what a text lost and won.
func (d *differ) lines(where, before, after string) {
	left := map[string]int{}
	for l := range strings.Lines(before) {
		left[strings.TrimSpace(l)]++
	}
	var won, lost []string
	for l := range strings.Lines(after) {
		if l = strings.TrimSpace(l); left[l] > 0 {
			left[l]--
		} else if l != "" {
			won = append(won, l)
		}
	}
	for l := range strings.Lines(before) {
		if l = strings.TrimSpace(l); l != "" && left[l] > 0 {
			left[l]--
			lost = append(lost, l)
		}
	}
	d.add(where, "changed", strings.Join(lost, "\n"), strings.Join(won, "\n"))
}

func (d *differ) kinds(a, b *Kind) {
	for _, x := range []struct{ where, before, after string }{
		{"证照类型名称", a.Title, b.Title}, {"证照类型代码", a.Code.String(), b.Code.String()}, {"代码来源", string(a.Origin), string(b.Origin)},
		{"所依据的标准", a.Standard, b.Standard}, {"证照定义机构", text(a.Definer), text(b.Definer)}, {"类别", string(a.Category), string(b.Category)},
		{"颁发机构级别", strings.Join(a.Levels, "、"), strings.Join(b.Levels, "、")}, {"关联事项", text(a.Items), text(b.Items)}, {"持证主体", text(a.Holders), text(b.Holders)},
		{"编号规则", text(a.Number), text(b.Number)}, {"有效期", text(a.Validity), text(b.Validity)}, {"共享属性", string(a.Sharing), string(b.Sharing)},
		{"限制共享的依据", a.Limit, b.Limit}, {"使用要求", a.Use, b.Use}, {"设定依据", strings.Join(a.Basis, "；"), strings.Join(b.Basis, "；")}, {"式样", a.Pattern, b.Pattern},
		{"法定例外", text(a.Excluded), text(b.Excluded)}, {"法律效力例外", text(a.Effect), text(b.Effect)}, {"元数据", text(a.Metadata), text(b.Metadata)},
	} {
		d.pair(x.where, x.before, x.after)
	}
	for i := range a.Fields {
		f := &a.Fields[i]
		if g := find(b.Fields, f.Key); g == nil {
			d.add("数据项 "+f.Label, "removed", sayAll(fieldWords, f), "")
		} else if before, after := sayDiff(fieldWords, f, g); before != after {
			d.add("数据项 "+f.Label, "changed", before, after)
		}
	}
	for i := range b.Fields {
		if f := &b.Fields[i]; find(a.Fields, f.Key) == nil {
			d.add("数据项 "+f.Label, "added", "", sayAll(fieldWords, f))
		}
	}
	d.seals(a.Seals, b.Seals)
}

// seals compares the places of seals: those of one role in their order.
func (d *differ) seals(a, b []SealSlot) {
	left := slices.Clone(b)
	for i := range a {
		where := "印章 " + cmp.Or(roleWords[a[i].Role], a[i].Role)
		j := slices.IndexFunc(left, func(x SealSlot) bool { return x.Role == a[i].Role })
		if j < 0 {
			d.add(where, "removed", sayAll(sealWords, a[i]), "")
			continue
		}
		if before, after := sayDiff(sealWords, a[i], left[j]); before != after {
			d.add(where, "changed", before, after)
		}
		left = slices.Delete(left, j, j+1)
	}
	for i := range left {
		d.add("印章 "+cmp.Or(roleWords[left[i].Role], left[i].Role), "added", "", sayAll(sealWords, left[i]))
	}
}

func find(fields []Field, key string) *Field {
	if i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// text is what is said of one thing, in the words of its folder; what says nothing
// is left out.
func text(v any) string {
	raw, err := yaml.Marshal(v)
	if err != nil {
		return "" // these are plain structures: they marshal
	}
	var said []string
	for l := range strings.Lines(string(raw)) {
		l = strings.TrimRight(l, "\n ")
		if _, value, ok := strings.Cut(l, ": "); ok && slices.Contains([]string{`""`, "0", "false", "[]", "{}", "null"}, value) {
			continue
		}
		said = append(said, strings.TrimSpace(l))
	}
	if s := strings.Join(said, "；"); s != "[]" && s != "{}" && s != "null" {
		return s
	}
	return ""
}
