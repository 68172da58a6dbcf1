package signing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/signature"
)

// A request is the form as it was filled in.
type request struct {
	Org, Title, Item, Message, Until, Order string
	Signers                                 []*row

	File string // its name
	data []byte
}

// A row is a signer as the form has them.
type row struct {
	Index                      int
	Name, Citizen, Username    string
	Role, Group, Way           string
	Where, Keyword, Page, X, Y string
	pos                        int // among those who are named
	account                    string
}

const (
	usualWord = "签字："
	mostRows  = 20
)

func freshRow(i int) *row {
	return &row{Index: i, Way: signature.Handwritten, Where: "keyword", Keyword: usualWord}
}

// Number is the signer's number.
func (x *row) Number() int { return x.Index + 1 }

// ID is the id of a control.
func (x *row) ID(field string) string { return "f-signers-" + strconv.Itoa(x.Index) + "-" + field }

// Field is the name of a control.
func (x *row) Field(field string) string { return fmt.Sprintf("signers[%d].%s", x.Index, field) }

// said is what package signature calls a field of the row.
func (x *row) said(field string) string { return fmt.Sprintf("signers[%d].%s", x.pos, field) }

// blank tells that nobody is named.
func (x *row) blank() bool { return x.Name == "" && x.Citizen == "" && x.Username == "" }

var rowKey = regexp.MustCompile(`^signers\[(\d{1,2})\]\.([a-z]+)$`)

// read reads the form.
func (s *Service) read(r *http.Request) (*request, error) {
	q := &request{}
	if err := r.ParseMultipartForm(signature.MaxFile + 1<<20); err != nil {
		*q = request{Order: "sequence", Signers: []*row{freshRow(0)}}
		return q, fault.TooLarge.Wrap(err, "文件超过 %d MB，或没有传完", signature.MaxFile>>20).WithCode("signature.size").WithHint("请压缩图片或拆分后重试").
			WithField("file", "too-large", "请选择不超过 20 MB 的文件")
	}
	defer r.MultipartForm.RemoveAll()
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	q.Org, q.Title, q.Item, q.Message, q.Until, q.Order = v("org"), v("title"), v("item"), v("message"), v("until"), v("order")
	n := 1
	for key := range r.MultipartForm.Value {
		if m := rowKey.FindStringSubmatch(key); m != nil {
			i, _ := strconv.Atoi(m[1]) // digits
			n = max(n, min(i+1, mostRows))
		}
	}
	for i := range n {
		x := &row{Index: i}
		for name, to := range map[string]*string{"name": &x.Name, "citizen": &x.Citizen, "username": &x.Username, "role": &x.Role, "group": &x.Group, "way": &x.Way,
			"where": &x.Where, "keyword": &x.Keyword, "page": &x.Page, "x": &x.X, "y": &x.Y} {
			*to = v(x.Field(name))
		}
		q.Signers = append(q.Signers, x)
	}
	return q, q.take(r)
}

// take takes the file, if there is one.
func (q *request) take(r *http.Request) error {
	f, h, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return nil
	}
	if err == nil {
		defer f.Close()
		q.File = h.Filename
		q.data, err = io.ReadAll(io.LimitReader(f, signature.MaxFile+1))
	}
	if err != nil || len(q.data) > signature.MaxFile {
		return fault.TooLarge.New("文件超过 %d MB，或没有传完", signature.MaxFile>>20).WithCode("signature.size").WithHint("请压缩图片或拆分后重试").
			WithField("file", "too-large", "请选择不超过 20 MB 的文件")
	}
	return nil
}

// until is the end of the term, as clocks here show it.
func (q *request) until() (time.Time, error) {
	if q.Until == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(form, q.Until, time.FixedZone("CST", 8*3600)); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fault.Invalid.New("截止时间不是有效的日期和时间").WithCode("signature.request").WithHint("例如 2026-03-01 18:00").WithField("until", "time", "应为日期和时间")
}

// ask makes of the form what package signature is asked for.
func (s *Service) ask(ctx context.Context, q *request) (out signature.TaskRequest, data []byte, err error) {
	out = signature.TaskRequest{Org: q.Org, Title: q.Title, Item: q.Item, Message: q.Message}
	if out.Until, err = q.until(); err != nil {
		return out, nil, err
	}
	if q.Org == "" {
		return out, nil, fault.Invalid.New("没有选择发起单位").WithCode("signature.request").WithHint("请选择以哪个单位的名义发起").WithField("org", "required", "请选择发起单位")
	}
	list := q.named()
	if err := s.accounts(ctx, list); err != nil {
		return out, nil, err
	}
	d, data, err := s.open(q)
	if err != nil {
		return out, nil, err
	}
	f := fault.Invalid.New("签名位置有误").WithCode("signature.place").WithHint("请核对每位签署人的签名位置")
	for i, p := range lay(d, list) {
		x := list[i]
		party := signature.Party{Account: x.account, Role: x.Role, Way: x.Way, Group: q.group(x)}
		if x.account == "" {
			party.Name, party.Citizen = x.Name, x.Citizen
		}
		if x.Way != signature.Plain {
			if p.err != nil {
				f = f.WithField(x.said("where"), "place", fault.As(p.err).Msg)
			}
			party.Places = []signature.Place{p.Place}
		}
		out.Signers = append(out.Signers, party)
	}
	return out, data, f.OrNil()
}

// group is a signer's group, by the order that was chosen.
func (q *request) group(x *row) int {
	switch q.Order {
	case "any":
		return 1
	case "groups":
		n, err := strconv.Atoi(x.Group)
		if err != nil {
			return -1 // refused there, at its control
		}
		return n
	}
	return 0
}

// named are the rows in which somebody is named; the first, if nobody is.
func (q *request) named() (list []*row) {
	for _, x := range q.Signers {
		if !x.blank() {
			x.pos = len(list)
			list = append(list, x)
		}
	}
	if len(list) == 0 {
		return q.Signers[:1]
	}
	return list
}

// accounts finds those who are named by user name.
func (s *Service) accounts(ctx context.Context, list []*row) error {
	f := fault.Invalid.New("有签署人找不到").WithCode("signature.account").WithHint("请核对用户名；不是本平台工作人员的，填写真实姓名和公民身份号码")
	for _, x := range list {
		if x.Username == "" || s.Find == nil {
			continue
		}
		account, err := s.Find(ctx, x.Username)
		switch {
		case errors.Is(err, fault.NotFound):
			f = f.WithField(x.said("username"), "unknown", "没有这个用户名的工作人员")
		case err != nil:
			return err
		case x.Name != "" || x.Citizen != "":
			f = f.WithField(x.said("username"), "either", "填了用户名的，姓名和公民身份号码不填")
		}
		x.account = account
	}
	return f.OrNil()
}

// controls are the ids of the form's controls by the names that refusals give
// them, and what the controls are called.
func (q *request) controls() (ids, labels map[string]string) {
	ids = map[string]string{"file": "file", "title": "title", "item": "item", "message": "message", "until": "until", "org": "org", "signers": "order"}
	labels = map[string]string{"file": "待签文件", "title": "标题", "item": "事项代码", "message": "给签署人的说明", "until": "截止时间", "org": "发起单位", "order": "签署顺序"}
	words := map[string]string{"name": "姓名", "citizen": "公民身份号码", "username": "用户名", "role": "身份", "group": "第几组", "way": "签署方式", "where": "签名位置", "keyword": "词", "page": "第几页", "x": "距左边", "y": "距上边"}
	for _, x := range q.named() {
		whole := fmt.Sprintf("signers[%d]", x.pos)
		for field, word := range words {
			ids[x.said(field)] = x.ID(field)
			labels[x.ID(field)] = fmt.Sprintf("签署人 %d %s", x.Number(), word)
		}
		ids[whole], ids[whole+".account"] = x.ID("name"), x.ID("username")
		ids[whole+".places"], ids[whole+".places[0]"] = x.ID("where"), x.ID("where")
	}
	return ids, labels
}
