package notice_test

import (
	"net/url"
	"strings"
	"testing"

	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
)

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.New(t, "sqlite"))
	issuer := o.People["issuer"].ID
	for name, tc := range map[string]struct {
		change func(*notice.Notice)
		code   string // empty: it is told
	}{
		"good":                  {func(n *notice.Notice) {}, ""},
		"words":                 {func(n *notice.Notice) { n.Text, n.Link = "第一行\r\n第二行\t完", "/seals/01?from=inbox#use" }, ""},
		"longest":               {func(n *notice.Notice) { n.Title, n.Text = strings.Repeat("印", 200), strings.Repeat("章", 1000) }, ""},
		"a case number":         {func(n *notice.Notice) { n.Text = "办件编号 202611220000012345678" }, ""},
		"nobody":                {func(n *notice.Notice) { n.Account = "" }, "notice.invalid"},
		"both":                  {func(n *notice.Notice) { n.Permission, n.Org = permission, iamtest.Market }, "notice.invalid"},
		"a permission anywhere": {func(n *notice.Notice) { n.Account, n.Permission = "", permission }, "notice.invalid"},
		"a long account":        {func(n *notice.Notice) { n.Account = strings.Repeat("a", 101) }, "notice.invalid"},
		"a long occasion":       {func(n *notice.Notice) { n.ID = strings.Repeat("a", 101) }, "notice.invalid"},
		"no title":              {func(n *notice.Notice) { n.Title = " " }, "notice.invalid"},
		"a long title":          {func(n *notice.Notice) { n.Title = strings.Repeat("印", 201) }, "notice.invalid"},
		"a title of two lines":  {func(n *notice.Notice) { n.Title = "a\nb" }, "notice.invalid"},
		"a long text":           {func(n *notice.Notice) { n.Text = strings.Repeat("章", 1001) }, "notice.invalid"},
		"a control":             {func(n *notice.Notice) { n.Text = "a\x00b" }, "notice.invalid"},
		"turned words":          {func(n *notice.Notice) { n.Title = "a\u202eb" }, "notice.invalid"},
		"no characters":         {func(n *notice.Notice) { n.Title = "a\xff" }, "notice.invalid"},
		"a topic in words":      {func(n *notice.Notice) { n.Topic = "印章冻结" }, "notice.invalid"},
		"a topic of one word":   {func(n *notice.Notice) { n.Topic = "seal" }, "notice.invalid"},
		"a phone in the title":  {func(n *notice.Notice) { n.Title = "请致电 13800138000" }, "notice.personal"},
		"a phone in the text":   {func(n *notice.Notice) { n.Text = "13800138000" }, "notice.personal"},
		"a citizen in the text": {func(n *notice.Notice) { n.Text = "持证人" + iamtest.HolderCitizen }, "notice.personal"},
		"a citizen in the link": {func(n *notice.Notice) { n.Link = "/people?id=" + iamtest.HolderCitizen }, "notice.personal"},
		"another site":          {func(n *notice.Notice) { n.Link = "https://evil.example/" }, "notice.invalid"},
		"another host":          {func(n *notice.Notice) { n.Link = "//evil.example/" }, "notice.invalid"},
		"another host, turned":  {func(n *notice.Notice) { n.Link = `/\evil.example/` }, "notice.invalid"},
		"another host, coded":   {func(n *notice.Notice) { n.Link = "/%2fevil.example/" }, "notice.invalid"},
		"a way around":          {func(n *notice.Notice) { n.Link = "/.//evil.example" }, "notice.invalid"},
		"a tab in the link":     {func(n *notice.Notice) { n.Link = "/\t/evil.example" }, "notice.invalid"},
		"a script":              {func(n *notice.Notice) { n.Link = "javascript:alert(1)" }, "notice.invalid"},
		"a relative link":       {func(n *notice.Notice) { n.Link = "seals/01" }, "notice.invalid"},
		"a broken link":         {func(n *notice.Notice) { n.Link = "/%zz" }, "notice.invalid"},
		"a long link":           {func(n *notice.Notice) { n.Link = "/" + strings.Repeat("a", 300) }, "notice.invalid"},
	} {
		n := notice.Notice{Account: issuer, Topic: "seal.frozen", Title: "印章已冻结"}
		tc.change(&n)
		err := o.try(n)
		if tc.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if f := fault.As(err); f == nil || f.Kind != fault.Invalid || f.Code != tc.code || f.Hint == "" || len(f.Fields) == 0 {
			t.Errorf("%s: got %v, want %s", name, err, tc.code)
		}
	}
	if n, err := o.Unread(o.Ctx(t, "issuer")); err != nil || n != 4 {
		t.Errorf("%d are told, want 4: %v", n, err)
	}
}

// Whatever link is let through, a browser that follows it stays here.
func FuzzLink(f *testing.F) {
	for _, link := range []string{"/seals/01?a=b#c", "//evil.example", `/\evil.example`, "/%2fevil.example", "/a/../../b", "/.//", "/;//x", "/?//x", "javascript:x", "/\t/x"} {
		f.Add(link)
	}
	here, err := url.Parse("https://here.example/inbox")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, link string) {
		if !notice.Local(link) {
			return
		}
		to, err := here.Parse(link)
		if err != nil || to.Scheme != "https" || to.Host != "here.example" || to.User != nil {
			t.Errorf("%q leads to %v (%v)", link, to, err)
		}
		// Browsers take \ for / and pass over tabs and line ends.
		if strings.ContainsAny(link, "\\\t\r\n") || strings.HasPrefix(to.Path, "//") {
			t.Errorf("%q may be read in two ways", link)
		}
	})
}
