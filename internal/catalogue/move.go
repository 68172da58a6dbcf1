package catalogue

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// A Move asks that a kind be moved to what the country published of it.
type Move struct {
	Name   string `path:"name" json:"-" maxLength:"64" doc:"证照类型的目录名"`
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"签发单位"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// MoveToStandard begins an entry that gives a kind the code and the standard that
// the country published newest, and leaves all else as it is; what the standard says
// of face and data is worked into the draft before it is submitted. Its difference
// to the version in force shows what changes ([Service.Diff]).
func (s *Service) MoveToStandard(ctx context.Context, m Move) (*Entry, error) {
	reason, err := reasonOf(m.Reason)
	if err != nil {
		return nil, err
	}
	if _, err = person(ctx); err == nil {
		err = iam.Allow(ctx, permManage, m.Org)
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "catalogue.propose", Object: objectOf(clip(m.Name, 64)), Reason: reason}, err)
	}
	k, err := s.Get(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	var n *Standard
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		n, err = newestStandard(tx, k.Title)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		return nil, fault.Conflict.New("还没有登记国家为“%s”公布的标准", k.Title).WithCode("catalogue.no-standard").WithHint("请目录管理员在“国家标准对照”里登记后再换版")
	case !k.behind(n):
		return nil, fault.Conflict.New("“%s”已用国家代码和最新标准", k.Title).WithCode("catalogue.current").WithHint("不需要换版")
	}
	files, err := k.movedTo(n)
	if err != nil {
		return nil, err
	}
	return s.Propose(ctx, Proposal{Org: m.Org, Name: k.Name, Files: files, Reason: reason})
}

// behind tells whether the country published another code or standard of the kind.
func (k *Kind) behind(n *Standard) bool {
	return n != nil && (n.Code != k.Code.String() || n.Standard != k.Standard)
}

// movedTo are the files of the kind with another code and standard; their comments
// stay.
func (k *Kind) movedTo(n *Standard) (map[string][]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(k.source[kindFile], &doc); err != nil || len(doc.Content) != 1 {
		return nil, fmt.Errorf("catalogue: moving kind %s: %w", k.Name, err)
	}
	for _, set := range [][2]string{{"code", n.Code}, {"code_origin", string(National)}, {"standard", n.Standard}} {
		put(doc.Content[0], set[0], set[1])
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return nil, fmt.Errorf("catalogue: moving kind %s: %w", k.Name, err)
	}
	files := maps.Clone(k.source)
	delete(files, goldenFile)
	files[kindFile] = b.Bytes()
	files[exampleFile] = bytes.Replace(files[exampleFile], []byte(`"`+k.Code.String()+`"`), []byte(`"`+n.Code+`"`), 1) // it may name its kind by the code
	return files, nil
}

// put sets a key of a mapping, in its place when it is there.
func put(m *yaml.Node, key, value string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if v := m.Content[i+1]; m.Content[i].Value == key {
			*v = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, HeadComment: v.HeadComment, LineComment: v.LineComment, FootComment: v.FootComment}
			return
		}
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value})
}

// fallen are the kinds in force that a standard leaves behind, each with the units
// that issue it.
func (s *Service) fallen(ctx context.Context, n *Standard) (map[string][]string, error) {
	kinds, err := s.Published(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, k := range kinds {
		if k.Title != n.Title || !k.behind(n) {
			continue
		}
		var units []string
		if s.Issuers != nil {
			if units, err = s.Issuers(ctx, k.Name); err != nil {
				return nil, err
			}
		}
		found[k.Name] = units
	}
	return found, nil
}

// tellFallenTx tells each unit that has to do with a kind which fell behind, once: who
// defined it and who issues it, that a new version is due; who manages it, that one
// will come.
func (s *Service) tellFallenTx(tx *db.Tx, n *Standard, fallen map[string][]string) error {
	if s.Notices == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(fallen)) {
		last, err := newest(tx, name)
		if err != nil || last == nil {
			return err
		}
		units := append([]string{last.Org}, fallen[name]...)
		slices.Sort(units)
		for _, org := range slices.Compact(units) {
			if org == "" {
				continue
			}
			if err := s.tellBehindTx(tx, n, name, org, permManage, "请模板设计员起草新版本，换用国家公布的代码和标准。"); err != nil {
				return err
			}
		}
		if last.Manager != "" && !slices.Contains(units, last.Manager) {
			if err := s.tellBehindTx(tx, n, name, last.Manager, permAgree, "签发单位起草新版本后，请会签。"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) tellBehindTx(tx *db.Tx, n *Standard, name, org, permission, what string) error {
	return s.Notices.PutTx(tx, notice.Notice{ID: "catalogue.standard/" + n.Code + "/" + n.Since + "/" + name + "/" + org, Org: org, Permission: permission,
		Topic: "catalogue.standard", Title: "证照类型应换新标准", Text: "国家公布了“" + n.Title + "”的标准 " + n.Standard + "，类型代码 " + n.Code + "。" + what, Link: "/console/kinds/" + name})
}
