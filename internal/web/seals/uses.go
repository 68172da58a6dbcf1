package seals

import (
	"net/http"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// usesAtOnce is how many uses a page shows.
const usesAtOnce = 50

// A use is one use of a seal as the record shows it.
type use struct {
	ID       string
	At       string
	What     string // sort of object
	Object   string
	Href     string
	Who      string // who used the seal
	By       string // who allowed it
	How      string // by what the approver proved to be there, and where
	Basis    string
	Chip     page.Chip
	Document string // digests, hexadecimal
	Content  string
	Attempts int64
}

type usesPage struct {
	sealHead
	Uses     []use
	Pager    page.Pager
	Timeline string
	Empty    page.Empty
}

func (s *Service) getUses(w http.ResponseWriter, r *http.Request) error {
	h, err := s.head(r, usesView, "每一次用印：何时、何人、为何文件、经谁批准、在什么设备上，以及文件的摘要。记录不能修改，也不能删除。")
	if err != nil {
		return err
	}
	ctx, x := r.Context(), h.X
	found, err := s.Seal.Uses(ctx, x.ID, usesAtOnce, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	var who []string
	for _, u := range found.Items {
		who = append(who, u.Account, u.Operator)
		if u.Approved != nil {
			who = append(who, u.Approved.Operator, u.Approved.Approver)
		}
	}
	if h.n, err = page.Named(ctx, s.IAM, who...); err != nil {
		return err
	}
	p := &usesPage{sealHead: *h, Empty: page.Empty{Title: "还没有用过", Text: "用印后，每一次都会记在这里。"}}
	readsCerts := iam.May(ctx, "cert.read", "")
	for _, u := range found.Items {
		p.Uses = append(p.Uses, useOf(h.n, &u, readsCerts))
	}
	if found.Next != "" {
		p.Pager = page.Pager{Next: page.Asking(page.At(Home, x.ID, "uses"), "cursor", found.Next), NextWord: "更早的"}
	}
	if r.URL.Query().Get("cursor") != "" {
		p.Pager.First = page.At(Home, x.ID, "uses")
	}
	if iam.May(ctx, "audit.read", x.Org) {
		p.Timeline = page.Asking("/console/audit/objects", "object", "seal/"+x.ID)
	}
	return s.set.Show(w, http.StatusOK, "uses", p)
}

// objects are what seals are put on, by how the record names it.
var objects = map[string]string{"cert": "证照", "sealing": "文件", "sealing-batch": "批量文件", "signature": "签署文件", "material": "材料"}

// factors are by what approvers proved to be there.
var factors = map[string]string{
	"totp": "一次性口令", "password": "登录密码", "recent": "重新登录", "passkey": "通行密钥", "certificate": "数字证书", "session": "双因素登录",
}

func useOf(n *page.Names, u *seal.UseRecord, readsCerts bool) use {
	sort, id, _ := strings.Cut(u.Object, "/")
	out := use{ID: u.ID, At: page.Moment(u.CreatedAt), What: labelWord(objects, sort), Object: id, Who: n.Person(u.Account), Document: u.DocumentDigest, Content: u.ContentDigest, Attempts: u.Attempts, Chip: useChip(u.State)}
	if sort == "cert" && readsCerts {
		out.Href = page.At("/console/certificates", id)
	}
	if u.Account == "" {
		out.Who = "平台"
	}
	if u.App != "" {
		out.Who = "应用 " + u.App
	}
	switch a := u.Approved; {
	case a != nil:
		if a.Operator != "" {
			out.Who = n.Person(a.Operator)
		}
		out.By, out.Basis = n.Person(a.Approver), a.Basis
		how := []string{}
		if a.Factor != "" {
			how = append(how, labelWord(factors, a.Factor))
		}
		if a.Device != "" {
			how = append(how, a.Device)
		}
		out.How = strings.Join(how, "，")
	case u.Policy != "":
		out.By = "常备用印授权"
	}
	return out
}

func labelWord(words map[string]string, key string) string {
	if w := words[key]; w != "" {
		return w
	}
	return key
}

func useChip(state string) page.Chip {
	switch state {
	case seal.Done:
		return page.Chip{Class: page.Good, Word: "已用印"}
	case seal.Withdrawn:
		return page.Chip{Class: page.Plain, Word: "未完成"}
	}
	return page.Chip{Class: page.Care, Word: "办理中"}
}
