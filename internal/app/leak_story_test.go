package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"sidian/gbcode"
	"sidian/kinds"
)

// A story is what people of a county do, and what it leaves behind.
type story struct {
	w       *world
	left    places
	data    map[string]string // what must be found nowhere, by what it is
	planted []string          // where the canary must be found, and how written
	desks   map[string]*desk
}

// people are the data of the story's persons, each unlike anything else.
func people() map[string]string {
	area, _ := gbcode.ParseDivision("999999")
	id := func(born string, seq int) string {
		day, _ := time.Parse(time.DateOnly, born)
		c, _ := gbcode.NewCitizenID(area, day, seq)
		return c.String()
	}
	return map[string]string{
		"the father": "欧阳青岚样例", "the father's citizen ID": id("1987-11-03", 771), "the father's birth": "1987-11-03",
		"the mother": "上官䶮样例", "the mother's citizen ID": id("1989-02-17", 772), "their address": "青禾县隐庐巷77号望舒苑3幢",
		"the child": "欧阳小满样例", "the account holder": "司徒白露样例", "the account holder's citizen ID": id("1971-07-29", 773), "the account holder's phone": "19912345678",
		"the clerk": "慕容霜降样例", "the clerk's phone": "19987654321", "somebody of a table": "令狐惊蛰样例", "a phone of a table": "19955512345",
		"somebody of a refused row": "东方谷雨样例", "the person searched for": "独孤寒露样例", "the password": "Leak-Story-" + "20-67-Yz",
		"the words of a complaint": "谷雨那天铁门小窗口只认红泥章", "what was to be done": "霜降茶馆设立登记样例", "a number in a complaint": "青禾许〔2067〕第8842号", "the words of a unit": "当日值守人员误读旧规",
		"the words of an authority": "限三日内更换铁门告示", "a refused document": "拒收原件甲乙丙样例",
	}
}

// A desk is a browser, and a program, of one person.
type desk struct {
	s    *story
	http *http.Client
}

func (s *story) desk(t *testing.T) *desk {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{s, &http.Client{Jar: jar, Transport: s.w.http.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// user is somebody of the demo, who signs in once.
func (s *story) user(t *testing.T, username string) *desk {
	t.Helper()
	if d := s.desks[username]; d != nil {
		return d
	}
	d := s.desk(t)
	s.desks[username] = d
	for _, u := range s.w.creds.Users {
		if u.Username == username {
			s.data["the password of "+username], s.data["the one-time code key of "+username] = u.Password, u.TOTP
			d.form(t, 303, "/login", url.Values{"username": {username}, "password": {u.Password}})
			return d
		}
	}
	t.Fatalf("nobody is called %s", username)
	return nil
}

// send sends a request. An address that a person mistyped is not kept: what is
// said of it is.
func (d *desk) send(t *testing.T, want int, method, path, media string, body []byte, careless bool) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.s.w.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := d.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if want != 0 && res.StatusCode != want {
		t.Fatalf("%s %s: %d, want %d: %.1500s", method, path, res.StatusCode, want, b)
	}
	if !careless {
		d.s.keep("address", "", []byte(path))
	}
	for name, values := range res.Header {
		if name == "Set-Cookie" {
			continue // how a session comes to the browser
		}
		v := strings.Join(values, " ")
		if careless { // the way back to where one is
			v = strings.NewReplacer(url.QueryEscape(path), "", path, "").Replace(v)
		}
		d.s.keep("address", "", []byte(name+": "+v))
	}
	for _, c := range res.Cookies() {
		if len(c.Value) > 20 {
			d.s.data[fmt.Sprintf("a session (%.4s…)", c.Value)] = c.Value
		}
	}
	if res.StatusCode >= 400 {
		d.s.keep("refusal", res.Header.Get("Content-Type"), b)
	}
	return b
}

func (d *desk) get(t *testing.T, want int, path string) []byte {
	t.Helper()
	return d.send(t, want, "GET", path, "", nil, false)
}

func (d *desk) post(t *testing.T, want int, path string, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return d.send(t, want, "POST", path, "application/json", body, false)
}

func (d *desk) form(t *testing.T, want int, path string, v url.Values) []byte {
	t.Helper()
	return d.send(t, want, "POST", path, "application/x-www-form-urlencoded", []byte(v.Encode()), false)
}

func (d *desk) file(t *testing.T, want int, path, name string, data []byte, fields map[string]string) []byte {
	t.Helper()
	return d.upload(t, want, path, "file", name, data, fields)
}

// upload sends a form with a file in a field of some name.
func (d *desk) upload(t *testing.T, want int, path, field, name string, data []byte, fields map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := m.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	f, err := m.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return d.send(t, want, "POST", path, m.FormDataContentType(), b.Bytes(), false)
}

// idOf reads one value of an answer.
func idOf(t *testing.T, b []byte, key string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil || v[key] == nil {
		t.Fatalf("no %s in %.500s (%v)", key, b, err)
	}
	return fmt.Sprint(v[key])
}

func (s *story) tell(t *testing.T) {
	t.Helper()
	clerk := s.newClerk(t)
	s.newHolder(t)
	id, code, document := s.birth(t)
	s.look(t, clerk, id)
	s.complain(t)
	s.verify(t, code, document)
	s.mistakes(t, id)
	s.emergency(t, id)
	s.table(t)
	s.lookBack(t, id)
	s.orderly(t)
}

// newClerk is how somebody comes to work: account, role by two persons, link,
// first sign-in.
func (s *story) newClerk(t *testing.T) *desk {
	t.Helper()
	system, security := s.user(t, "system"), s.user(t, "security")
	account := idOf(t, system.post(t, 201, "/api/v1/accounts", map[string]any{
		"username": "frost", "kind": "staff", "name": s.data["the clerk"], "phone": s.data["the clerk's phone"], "org": "hospital",
	}), "id")
	for _, role := range []string{"clerk", "issuer"} {
		grant := idOf(t, system.post(t, 201, "/api/v1/grants", map[string]any{"account": account, "role": role, "org": "hospital", "reason": "到岗"}), "id")
		security.get(t, 200, "/console/admin/grants/"+grant)
		security.post(t, 204, "/api/v1/grants/"+grant+"/actions/approve", map[string]any{"reason": "与任职文件相符"})
	}
	link := system.post(t, 201, "/api/v1/accounts/"+account+"/links", map[string]any{"purpose": "first", "reason": "到岗"})
	path := idOf(t, link, "path")
	s.data["the one-time link"] = idOf(t, link, "token")
	d := s.desk(t)
	page := d.send(t, 200, "GET", path, "", nil, true) // a link is in an address: it serves once
	key := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(regexp.MustCompile(`<code id="key"[^>]*>(.*?)</code>`).FindSubmatch(page)[1]), "")
	s.data["the one-time code key of the clerk"] = key
	body := url.Values{"next": {s.data["the password"]}, "again": {s.data["the password"]}, "code": {codeOf(t, key, 0)}}
	d.send(t, 303, "POST", path, "application/x-www-form-urlencoded", []byte(body.Encode()), true)
	d.send(t, 404, "GET", path, "", nil, true)
	d.form(t, 303, "/login", url.Values{"username": {"frost"}, "password": {s.data["the password"]}})
	d.form(t, 303, "/login/second", url.Values{"code": {codeOf(t, key, 1)}})
	d.get(t, 200, "/me")
	d.get(t, 200, "/api/v1/me")
	return d
}

func codeOf(t *testing.T, key string, later int64) string {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, uint64(time.Now().Unix()/30+later)) // a hash takes everything
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// newHolder opens a citizen's account, and finds it by what only the full value
// finds.
func (s *story) newHolder(t *testing.T) {
	t.Helper()
	system := s.user(t, "system")
	account := idOf(t, system.post(t, 201, "/api/v1/accounts", map[string]any{
		"username": "dew", "kind": "holder", "name": s.data["the account holder"], "citizen": s.data["the account holder's citizen ID"], "phone": s.data["the account holder's phone"],
	}), "id")
	for key, what := range map[string]string{"name": "the account holder", "citizen": "the account holder's citizen ID", "phone": "the account holder's phone"} {
		if b := system.post(t, 200, "/api/v1/accounts/find", map[string]any{key: s.data[what]}); !bytes.Contains(b, []byte(account)) {
			t.Errorf("not found by %s: %s", key, b)
		}
		system.form(t, 0, "/console/admin/people", url.Values{key: {s.data[what]}})
	}
	system.get(t, 200, "/console/admin/people/"+account)
	s.user(t, "land").post(t, 403, "/api/v1/accounts/find", map[string]any{"citizen": s.data["the account holder's citizen ID"]})
}

// birth issues a certificate about three people.
func (s *story) birth(t *testing.T) (id, code string, document []byte) {
	t.Helper()
	d := s.user(t, "county")
	file, err := kinds.FS.ReadFile("birth/example.json")
	if err != nil {
		t.Fatal(err)
	}
	var q map[string]any
	if err := json.Unmarshal(file, &q); err != nil {
		t.Fatal(err)
	}
	q["holders"] = []any{map[string]any{"type": "person", "id_type": "999", "name": s.data["the child"]}}
	f := q["fields"].(map[string]any)
	for who, name := range map[string]string{"father": "the father", "mother": "the mother"} {
		f[who+"Name"], f[who+"IdCardNumber"], f[who+"Address"] = s.data[name], s.data[name+"'s citizen ID"], s.data["their address"]
	}
	q["case_no"], q["issuer"] = "YL-LEAK-1", "hospital"
	made := d.post(t, 201, "/api/v1/certificates", q)
	id, code = idOf(t, made, "id"), idOf(t, made, "code")
	document = d.get(t, 200, "/api/v1/certificates/"+id+"/file?purpose=issue&reason=YL-LEAK-1")
	if len(document) < 1000 {
		t.Fatalf("a document of %d bytes", len(document))
	}
	f["fatherIdCardNumber"] = s.data["the father's citizen ID"][:17] + "?"
	d.post(t, 422, "/api/v1/certificates", q)
	f["fatherIdCardNumber"], f[s.data["the mother"]] = s.data["the father's citizen ID"], s.data["their address"]
	d.post(t, 422, "/api/v1/certificates", q)
	d.send(t, 400, "POST", "/api/v1/certificates", "application/json", []byte(`{"kind":"birth","holders":"`+s.data["the child"]), false)
	return id, code, document
}

// look is reading, masked and in full, by who may and who may not.
func (s *story) look(t *testing.T, clerk *desk, id string) {
	t.Helper()
	record, page := "/api/v1/certificates/"+id, "/console/certificates/"+id
	for _, path := range []string{record, record + "/trace", page, page + "/face", page + "/file?format=ofd", record + "/file?format=svg", record + "/file?format=png", record + "/file?format=pdf"} {
		b := clerk.get(t, 200, path)
		if strings.HasSuffix(path, "/trace") {
			s.left.add("evidence", b)
		}
	}
	keys := []string{"holder", "fatherName", "fatherIdCardNumber", "motherAddress"}
	shown := clerk.post(t, 200, record+"/reveal", map[string]any{"keys": keys, "purpose": "issue", "reason": "办件 YL-LEAK-1"})
	if !bytes.Contains(shown, []byte(s.data["the father's citizen ID"])) {
		t.Errorf("not revealed: %s", shown)
	}
	clerk.form(t, 200, page+"/reveal", url.Values{"key": keys, "purpose": {"issue"}, "reason": {"办件 YL-LEAK-1"}})
	clerk.post(t, 422, record+"/reveal", map[string]any{"keys": keys, "purpose": "issue", "reason": "为" + s.data["the father's citizen ID"] + "办理"})
	clerk.post(t, 422, record+"/reveal", map[string]any{"keys": keys, "purpose": "issue", "reason": "为" + s.data["the child"] + "办理"})
	clerk.post(t, 422, record+"/reveal", map[string]any{"keys": []string{s.data["the mother"]}, "purpose": "issue", "reason": "办件 YL-LEAK-1"})
	for _, u := range []string{"land", "clerk", "system", "audit"} {
		d := s.user(t, u)
		d.get(t, 403, record)
		d.get(t, 403, page)
		d.post(t, 403, record+"/reveal", map[string]any{"keys": keys, "purpose": "issue", "reason": "办件 YL-LEAK-1"})
	}
	found := clerk.form(t, 200, "/console", url.Values{"holder": {s.data["the child"]}})
	if !bytes.Contains(found, []byte(id)) {
		t.Error("not found by its holder")
	}
	clerk.form(t, 200, "/console", url.Values{"holder": {s.data["the father's citizen ID"]}})
}

// verify is what anyone does with a document or a code.
func (s *story) verify(t *testing.T, code string, document []byte) {
	t.Helper()
	d := s.desk(t)
	d.file(t, 200, "/api/v1/verify", s.data["the child"]+".ofd", document, nil)
	d.file(t, 200, "/verify", s.data["the child"]+".ofd", document, nil)
	d.get(t, 200, "/v/"+code)
	d.get(t, 303, "/verify?q="+code)
	broken := bytes.Clone(document)
	broken[len(broken)/2] ^= 1
	d.file(t, 0, "/api/v1/verify", s.data["the child"]+".ofd", broken, nil)
	d.file(t, 0, "/verify", s.data["the child"]+".ofd", []byte(s.data["the child"]), nil)
}

// mistakes are those that people make: a citizen ID for a user name, a name in
// an address, a password in the wrong place.
func (s *story) mistakes(t *testing.T, id string) {
	t.Helper()
	d, county := s.desk(t), s.user(t, "county")
	for _, what := range []string{"the father's citizen ID", "the account holder", "the account holder's phone", "the clerk's phone", "the password", "the clerk"} {
		v := s.data[what]
		for range 2 {
			d.form(t, 0, "/login", url.Values{"username": {v}, "password": {s.data["the password"]}})
			d.post(t, 0, "/login/session", map[string]any{"username": v, "password": v})
		}
		d.form(t, 0, "/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {v}, "client_secret": {s.data["the password"]}})
		for _, path := range []string{"/api/v1/certificates/", "/console/certificates/", "/v/", "/"} {
			for _, who := range []*desk{d, county} {
				who.send(t, 0, "GET", path+url.PathEscape(v), "", nil, true)
			}
		}
		county.send(t, 200, "POST", "/api/v1/certificates/find", "application/json", fmt.Appendf(nil, `{"holder":%q}`, v), false)
		county.send(t, 0, "GET", "/api/v1/certificates?issuer="+url.QueryEscape(v), "", nil, true)
		county.send(t, 0, "GET", "/console?number="+url.QueryEscape(v), "", nil, true)
	}
	for range 6 {
		d.form(t, 0, "/login", url.Values{"username": {"dew"}, "password": {"wrong"}})
	}
	county.send(t, 0, "GET", "/api/v1/certificates/"+id+"/file?purpose=oversight&reason="+url.QueryEscape(s.data["the father's citizen ID"]), "", nil, true)
}

// emergency is breaking the glass, and looking into it.
func (s *story) emergency(t *testing.T, id string) {
	t.Helper()
	system, security := s.user(t, "system"), s.user(t, "security")
	glass := idOf(t, system.post(t, 201, "/api/v1/glasses", map[string]any{"org": "hospital", "object": "cert/" + id, "reason": "窗口系统故障，持证人等候核对"}), "id")
	system.get(t, 200, "/console/certificates/"+id)
	system.get(t, 0, "/api/v1/certificates/"+id+"/file?purpose=emergency&reason="+url.QueryEscape("窗口系统故障，须核对"))
	system.post(t, 0, "/api/v1/glasses", map[string]any{"org": "hospital", "object": s.data["the father"], "reason": "窗口系统故障，持证人等候核对"})
	system.post(t, 0, "/api/v1/glasses/"+glass+"/close", map[string]any{})
	security.get(t, 200, "/console/admin/glasses")
	security.get(t, 200, "/console/alarms")
	security.post(t, 0, "/api/v1/glasses/"+glass+"/review", map[string]any{"verdict": "proper", "note": "已向窗口核实"})
}

// table brings in people out of a table, one row of which is refused.
func (s *story) table(t *testing.T) {
	t.Helper()
	system := s.user(t, "system")
	template := system.get(t, 200, "/api/v1/onboarding/template?kind=people")
	head := headOf(t, template)
	row := func(values map[string]string) string {
		cells := make([]string, len(head))
		for i, name := range head {
			for key, v := range values {
				if strings.HasPrefix(name, key) {
					cells[i] = v
				}
			}
		}
		return strings.Join(cells, ",") + "\n"
	}
	csv := strings.Join(head, ",") + "\n" +
		row(map[string]string{"姓名": s.data["somebody of a table"], "用户名": "thunder", "手机": s.data["a phone of a table"], "所属单位": "青禾县人民医院"}) +
		row(map[string]string{"姓名": s.data["somebody of a refused row"], "用户名": "Rain!" + s.data["somebody of a refused row"], "手机": "1" + s.data["a phone of a table"], "所属单位": "青禾县人民医院"})
	checked := system.file(t, 0, "/api/v1/onboarding/checks", "people.csv", []byte(csv), map[string]string{"kind": "people"})
	s.left.add("table check", checked)
	run := system.file(t, 0, "/api/v1/onboarding/runs", "people.csv", []byte(csv), map[string]string{"kind": "people", "reason": "新成立科室"})
	id := idOf(t, run, "id")
	eventually(t, "the table has come in", func() bool {
		b := system.get(t, 200, "/api/v1/onboarding/runs/"+id)
		return strings.Contains(string(b), `"finished"`)
	})
	s.left.add("table problems", system.get(t, 200, "/api/v1/onboarding/runs/"+id+"/problems"))
	s.left.add("table report", system.get(t, 0, "/api/v1/onboarding/runs/"+id+"/report"))
	if b := system.post(t, 200, "/api/v1/accounts/find", map[string]any{"name": s.data["somebody of a table"]}); !bytes.Contains(b, []byte("thunder")) {
		t.Errorf("nobody came in: %s %s", b, checked)
	}
}

// headOf are the headings of a template's first sheet.
func headOf(t *testing.T, sheet []byte) (head []string) {
	t.Helper()
	parts := unpacked(sheet)
	cells := regexp.MustCompile(`(?s)<row r="1".*?</row>`).Find(parts["xl/worksheets/sheet1.xml"])
	words := regexp.MustCompile(`(?s)<si>.*?<t[^>]*>(.*?)</t>.*?</si>`).FindAllSubmatch(parts["xl/sharedStrings.xml"], -1)
	for _, m := range regexp.MustCompile(`(?s)<c r="[A-Z]+1"[^>]*?(?:t="s"[^>]*><v>(\d+)</v>|t="inlineStr"[^>]*><is>.*?<t[^>]*>(.*?)</t>)`).FindAllSubmatch(cells, -1) {
		if len(m[2]) > 0 {
			head = append(head, string(m[2]))
			continue
		}
		n := 0
		if _, err := fmt.Sscan(string(m[1]), &n); err != nil || n >= len(words) {
			t.Fatalf("the template's headings: %s", cells)
		}
		head = append(head, string(words[n][1]))
	}
	if len(head) < 4 {
		t.Fatalf("the template's headings: %q in %s", head, cells)
	}
	return head
}

// lookBack is the auditor's work.
func (s *story) lookBack(t *testing.T, id string) {
	t.Helper()
	d := s.user(t, "audit")
	for _, path := range []string{
		"/api/v1/audit/lookback?object=cert/" + id, "/api/v1/audit/timeline?object=cert/" + id, "/api/v1/alarms",
		"/console/audit?span=7d", "/console/audit/lookback?object=cert/" + id, "/console/audit/objects?object=cert/" + id,
	} {
		d.get(t, 200, path)
	}
	d.form(t, 0, "/console/audit", url.Values{"person": {s.data["the person searched for"]}})
	d.form(t, 0, "/console/audit", url.Values{"person": {s.data["the person searched for"]}, "text": {"YL-LEAK-1"}})
	for _, what := range []string{"the child", "the father's citizen ID"} {
		d.form(t, 0, "/console/audit/find", url.Values{"what": {s.data[what]}})
		d.form(t, 0, "/console/audit", url.Values{"text": {s.data[what]}})
		d.send(t, 0, "GET", "/api/v1/audit?text="+url.QueryEscape(s.data[what]), "", nil, true)
		d.send(t, 0, "GET", "/api/v1/audit?result="+url.QueryEscape(s.data[what]), "", nil, true)
	}
}

// orderly is what goes on by itself: everything is encrypted again, and links
// are made, before anybody looks.
func (s *story) orderly(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(s.w.Conf.MasterKeyFile); err != nil {
		t.Fatal(err)
	}
	if _, err := s.w.rotate(t.Context(), RotateRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := s.w.IAM.Patrol(t.Context()); err != nil {
		t.Fatal(err)
	}
}
