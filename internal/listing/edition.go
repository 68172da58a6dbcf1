package listing

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"sidian/internal/db"
)

// An Entry is one certificate or material of a published list.
type Entry struct {
	Name  string   `json:"name"`
	Code  string   `json:"code,omitempty"`
	Kind  string   `json:"kind,omitempty" doc:"证照类型的目录名"`
	Units []Issuer `json:"units" doc:"核发单位"`
	Items []string `json:"items,omitempty" doc:"办出它的事项的实施编码"`
	Basis string   `json:"basis,omitempty"`
	Note  string   `json:"note,omitempty"`
}

// An Issuer is a unit that issues what an entry names.
type Issuer struct {
	Unit string `json:"unit"`
	Name string `json:"name"`
}

// A Without is a unit that did not report, and why the list went on without it.
type Without struct {
	Unit   string `json:"unit"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

type content struct {
	Entries []Entry   `json:"entries"`
	Without []Without `json:"without,omitempty"`
}

// An Edition is a published version of a list.
type Edition struct {
	ID       string    `json:"id"`
	List     string    `json:"list" enum:"issue,material"`
	ListName string    `json:"list_name"`
	Org      string    `json:"org" doc:"编制单位"`
	OrgName  string    `json:"org_name"`
	Version  int       `json:"version"`
	Title    string    `json:"title"`
	Reason   string    `json:"reason" doc:"公布的依据"`
	At       time.Time `json:"published_at"`
	Count    int       `json:"count" doc:"项数"`
	Digest   string    `json:"digest,omitempty" doc:"内容的 SM3 摘要，十六进制；列表不含"`
	Entries  []Entry   `json:"entries,omitempty" doc:"列表不含"`
	Without  []Without `json:"without,omitempty" doc:"未报送的单位和说明；列表不含"`
	Diff     *Diff     `json:"diff,omitempty" doc:"与上一版的差别；第一版和列表不含"`
	Versions []Version `json:"versions,omitempty" doc:"各版本，新的在前；列表不含"`
}

// A Version names a version of a list.
type Version struct {
	ID      string    `json:"id"`
	Version int       `json:"version"`
	At      time.Time `json:"published_at"`
	Count   int       `json:"count"`
	Reason  string    `json:"reason"`
}

// A Diff is what a version changed.
type Diff struct {
	From    int      `json:"from" doc:"与哪一版比较"`
	Added   []string `json:"added" doc:"新增的名称"`
	Removed []string `json:"removed" doc:"删去的名称"`
	Changed []string `json:"changed" doc:"有改动的名称"`
}

// Editions are the newest versions of all lists, for anybody.
type Editions struct {
	Items []Edition `json:"items"`
}

func editionView(e *editionRow, names map[string]string) Edition {
	return Edition{ID: e.id, List: e.list, ListName: ListName(e.list), Org: e.org, OrgName: names[e.org], Version: int(e.version), Title: e.title, Reason: e.reason, At: moment(e.at), Count: int(e.entries)}
}

func (e *editionRow) read() (c content, err error) {
	if err = json.Unmarshal([]byte(e.content), &c); err != nil {
		err = fmt.Errorf("listing: reading edition %s: %w", e.id, err)
	}
	return c, err
}

// Published are the newest versions of all lists. Anybody may read them.
func (s *Service) Published(ctx context.Context) (*Editions, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	v := &Editions{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		v.Items = []Edition{}
		list, err := newestEditions(tx)
		for _, e := range list {
			v.Items = append(v.Items, editionView(e, names))
		}
		return err
	})
	return v, err
}

// Edition is a version of a list, whole. Anybody may read it.
func (s *Service) Edition(ctx context.Context, id string) (*Edition, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	var v Edition
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		e, err := editionByID(tx, id)
		if err != nil {
			return err
		}
		v = editionView(e, names)
		c, err := e.read()
		if err != nil {
			return err
		}
		v.Entries, v.Without, v.Digest = c.Entries, c.Without, hex.EncodeToString(e.digest[:])
		heads, err := editionHeads(tx, e.list, e.org)
		if err != nil {
			return err
		}
		for _, h := range heads {
			v.Versions = append(v.Versions, Version{h.id, int(h.version), moment(h.at), int(h.entries), h.reason})
		}
		before, err := editionBefore(tx, e)
		if err != nil || before == nil {
			return err
		}
		old, err := before.read()
		v.Diff = diff(old.Entries, c.Entries)
		v.Diff.From = int(before.version)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// diff compares entries by code, or by name where there is none.
func diff(old, now []Entry) *Diff {
	key := func(e *Entry) string {
		if e.Code != "" {
			return "code " + fold(e.Code)
		}
		return "name " + fold(e.Name)
	}
	d := &Diff{Added: []string{}, Removed: []string{}, Changed: []string{}}
	was := map[string]*Entry{}
	for i := range old {
		was[key(&old[i])] = &old[i]
	}
	for i := range now {
		before, known := was[key(&now[i])]
		switch {
		case !known:
			d.Added = append(d.Added, now[i].Name)
		case !reflect.DeepEqual(*before, now[i]):
			d.Changed = append(d.Changed, now[i].Name)
		}
		delete(was, key(&now[i]))
	}
	for i := range old {
		if was[key(&old[i])] != nil {
			d.Removed = append(d.Removed, old[i].Name)
		}
	}
	return d
}

// CSV is a version as a table for spreadsheets, in UTF-8 with its mark.
func (e *Edition) CSV() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	rows := [][]string{{"序号", "名称", "代码", "核发单位", "事项实施编码", "依据", "说明"}}
	for i, x := range e.Entries {
		var units []string
		for _, u := range x.Units {
			units = append(units, u.Name)
		}
		rows = append(rows, []string{fmt.Sprint(i + 1), tame(x.Name), tame(x.Code), tame(strings.Join(units, "、")), tame(strings.Join(x.Items, " ")), tame(x.Basis), tame(x.Note)})
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// tame keeps a spreadsheet from taking a text for a formula.
func tame(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
