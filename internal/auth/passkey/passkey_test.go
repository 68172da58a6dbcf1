package passkey_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	vw "github.com/descope/virtualwebauthn"

	"sidian/internal/auth/passkey"
	"sidian/internal/fault"
)

const (
	host = "zhengwu.example"
	base = "https://zhengwu.example:8443"
)

var (
	noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	li   = passkey.User{Handle: []byte("acc_01HX2LI"), Name: "li.ming", Display: "李明"}
	wang = passkey.User{Handle: []byte("acc_01HX3WANG"), Name: "wang.fang"}
)

func site(t testing.TB) *passkey.Relying {
	t.Helper()
	c, err := passkey.FromBase(base, "四电")
	if err != nil {
		t.Fatal(err)
	}
	r, err := passkey.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// device is an independent authenticator with the browser around it.
type device struct {
	rp   vw.RelyingParty
	auth vw.Authenticator
	cred vw.Credential
}

func newDevice(kind vw.KeyType, u passkey.User) *device {
	d := &device{rp: vw.RelyingParty{ID: host, Name: "四电", Origin: base}, auth: vw.NewAuthenticator(), cred: vw.NewCredential(kind)}
	// This authenticator writes coordinates without leading zeros; RFC 9053 §7.1.1 wants all 32 octets of both.
	for kind == vw.KeyTypeEC2 && bytes.Count(d.cred.Key.AttestationData(), []byte("\x58\x20")) < 2 {
		d.cred = vw.NewCredential(kind)
	}
	d.auth.Options.UserHandle = u.Handle
	return d
}

func (d *device) create(t testing.TB, options []byte) []byte {
	t.Helper()
	o, err := vw.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(vw.CreateAttestationResponse(d.rp, d.auth, d.cred, *o))
}

func (d *device) get(t testing.TB, options []byte) []byte {
	t.Helper()
	o, err := vw.ParseAssertionOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	d.cred.Counter++
	return []byte(vw.CreateAssertionResponse(d.rp, d.auth, d.cred, *o))
}

func enrolled(t testing.TB, r *passkey.Relying, u passkey.User, d *device) passkey.Credential {
	t.Helper()
	options, state, err := r.BeginEnrol(u, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.FinishEnrol(u, state, d.create(t, options), noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refusedAs(t testing.TB, err error, code string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code {
		t.Fatalf("got %v (%+v), want %s", err, f, code)
	}
	if f.Msg == "" || f.Hint == "" || f.Kind == "" {
		t.Errorf("the refusal says no rule or no way out: %+v", f)
	}
	if strings.Contains(err.Error(), "李明") || strings.Contains(err.Error(), "li.ming") {
		t.Errorf("the refusal names a person: %v", err)
	}
}

func TestEnrolAndProve(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]vw.KeyType{"ES256": vw.KeyTypeEC2, "RS256": vw.KeyTypeRSA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, d := site(t), newDevice(kind, li)
			d.auth.Options.BackupEligible = true
			c := enrolled(t, r, li, d)
			if !bytes.Equal(c.ID, d.cred.ID) || c.Since != noon.Add(time.Minute) || !c.Syncable || c.Synced || !c.Used.IsZero() {
				t.Errorf("%+v", c)
			}
			for i := range 3 {
				options, state, err := r.BeginProve(li, []passkey.Credential{c}, noon)
				if err != nil {
					t.Fatal(err)
				}
				d.auth.Options.BackupState = i > 0
				used, err := r.FinishProve(li, []passkey.Credential{c}, state, d.get(t, options), noon.Add(time.Second))
				if err != nil {
					t.Fatal(err)
				}
				if used.Count != uint32(i+1) || used.Synced != (i > 0) || used.Used != noon.Add(time.Second) {
					t.Errorf("%+v", used)
				}
				b, err := used.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				c = passkey.Credential{}
				if err := c.UnmarshalBinary(b); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestOptions: what the browser is told is what the package promises.
func TestOptions(t *testing.T) {
	t.Parallel()
	r, d := site(t), newDevice(vw.KeyTypeEC2, li)
	c := enrolled(t, r, li, d)
	options, _, err := r.BeginEnrol(li, []passkey.Credential{c}, noon)
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		PublicKey struct {
			RP                 struct{ ID, Name string }
			User               struct{ ID, Name, DisplayName string }
			Attestation        string
			PubKeyCredParams   []struct{ Alg int }
			ExcludeCredentials []struct{ ID string }
			Selection          struct{ UserVerification, ResidentKey string } `json:"authenticatorSelection"`
		}
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	p := o.PublicKey
	if p.RP.ID != host || p.Attestation != "none" || p.Selection.UserVerification != "required" || p.User.DisplayName != "李明" ||
		p.User.ID != base64.RawURLEncoding.EncodeToString(li.Handle) || len(p.ExcludeCredentials) != 1 ||
		p.ExcludeCredentials[0].ID != base64.RawURLEncoding.EncodeToString(c.ID) {
		t.Errorf("%s", options)
	}
	var algs []int
	for _, a := range p.PubKeyCredParams {
		algs = append(algs, a.Alg)
	}
	if len(algs) != 3 || algs[0] != -7 || algs[1] != -8 || algs[2] != -257 {
		t.Errorf("algorithms %v", algs)
	}
	options, _, err = r.BeginProve(li, []passkey.Credential{c}, noon)
	if err != nil || !bytes.Contains(options, []byte(`"userVerification":"required"`)) {
		t.Errorf("%v: %s", err, options)
	}
}

// TestProveRefused: each attack is refused for its own reason.
func TestProveRefused(t *testing.T) {
	t.Parallel()
	r := site(t)
	mine, other := newDevice(vw.KeyTypeEC2, li), newDevice(vw.KeyTypeEC2, wang)
	ofLi, ofWang := enrolled(t, r, li, mine), enrolled(t, r, wang, other)
	ofLi.Count = 7
	for name, tc := range map[string]struct {
		code    string
		user    passkey.User
		creds   []passkey.Credential
		after   time.Duration
		device  func(d *device)
		state   func(good []byte) []byte
		respond func(good []byte) []byte
	}{
		"good":              {},
		"counter equal":     {code: "passkey.cloned", device: func(d *device) { d.cred.Counter = 6 }},
		"counter back":      {code: "passkey.cloned", device: func(d *device) { d.cred.Counter = 2 }},
		"counter gone":      {code: "passkey.cloned", device: func(d *device) { d.cred.Counter = ^uint32(0) }},
		"other origin":      {code: "passkey.origin", device: func(d *device) { d.rp.Origin = "https://zhengwu.example.evil.example" }},
		"other port":        {code: "passkey.origin", device: func(d *device) { d.rp.Origin = "https://zhengwu.example:9443" }},
		"plain http":        {code: "passkey.origin", device: func(d *device) { d.rp.Origin = "http://zhengwu.example:8443" }},
		"no origin":         {code: "passkey.origin", device: func(d *device) { d.rp.Origin = "" }},
		"other site":        {code: "passkey.site", device: func(d *device) { d.rp.ID = "evil.example" }},
		"not verified":      {code: "passkey.unverified", device: func(d *device) { d.auth.Options.UserNotVerified = true }},
		"not present":       {code: "passkey.unverified", device: func(d *device) { d.auth.Options.UserNotPresent = true }},
		"other key":         {code: "passkey.signature", device: func(d *device) { d.cred.Key = newDevice(vw.KeyTypeEC2, li).cred.Key }},
		"other handle":      {code: "passkey.refused", device: func(d *device) { d.auth.Options.UserHandle = wang.Handle }},
		"became syncable":   {code: "passkey.refused", device: func(d *device) { d.auth.Options.BackupEligible = true }},
		"other passkey":     {code: "passkey.unknown", device: func(d *device) { d.cred.ID, d.cred.Key = other.cred.ID, other.cred.Key }},
		"removed meanwhile": {code: "passkey.unknown", creds: []passkey.Credential{ofWang}},
		"other user":        {code: "passkey.state", user: wang, creds: []passkey.Credential{ofWang}},
		"too late":          {code: "passkey.expired", after: passkey.Lifetime + time.Second},
		"clock set back":    {code: "passkey.expired", after: -time.Second},
		"state of nothing":  {code: "passkey.state", state: func([]byte) []byte { return nil }},
		"state not ours":    {code: "passkey.state", state: func([]byte) []byte { return []byte(`{"v":1,"for":"prove"}`) }},
		"large state":       {code: "passkey.state", state: func(b []byte) []byte { return append(b, make([]byte, 65<<10)...) }},
		"state to enrol":    {code: "passkey.state", state: func(b []byte) []byte { return bytes.Replace(b, []byte(`"prove"`), []byte(`"enrol"`), 1) }},
		"state without UV": {code: "passkey.unverified", device: func(d *device) { d.auth.Options.UserNotVerified = true }, state: func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"userVerification":"required"`), []byte(`"userVerification":"discouraged"`), 1)
		}},
		"empty":      {code: "passkey.response", respond: func([]byte) []byte { return nil }},
		"not JSON":   {code: "passkey.response", respond: func(b []byte) []byte { return b[1:] }},
		"two values": {code: "passkey.response", respond: func(b []byte) []byte { return append(b, b...) }},
		"too large":  {code: "passkey.too-large", respond: func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 33<<10)...) }},
		"bent signature": {code: "passkey.signature", respond: func(b []byte) []byte {
			return changed(b, "signature", func(v []byte) []byte { v[len(v)-1] ^= 1; return v })
		}},
		"bent counter": {code: "passkey.signature", respond: func(b []byte) []byte {
			return changed(b, "authenticatorData", func(v []byte) []byte { v[36]++; return v })
		}},
		"flag added": {code: "passkey.signature", device: func(d *device) { d.auth.Options.UserNotVerified = true }, respond: func(b []byte) []byte {
			return changed(b, "authenticatorData", func(v []byte) []byte { v[32] |= 4; return v })
		}},
		"create for get": {code: "passkey.refused", respond: func(b []byte) []byte {
			return changed(b, "clientDataJSON", func(v []byte) []byte {
				return bytes.Replace(v, []byte("webauthn.get"), []byte("webauthn.create"), 1)
			})
		}},
		"in a frame": {code: "passkey.origin", respond: func(b []byte) []byte {
			return changed(b, "clientDataJSON", func(v []byte) []byte {
				return append(v[:len(v)-1], `,"crossOrigin":true,"topOrigin":"https://evil.example"}`...)
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, key := *mine, *mine.cred.Key // the device's key writes to itself when it signs
			d.cred.Key, d.cred.Counter = &key, 7
			if tc.device != nil {
				tc.device(&d)
			}
			options, state, err := r.BeginProve(li, []passkey.Credential{ofLi}, noon)
			if err != nil {
				t.Fatal(err)
			}
			response := d.get(t, options)
			if tc.respond != nil {
				response = tc.respond(response)
			}
			if tc.state != nil {
				state = tc.state(state)
			}
			user, creds := li, []passkey.Credential{ofLi}
			if tc.user.Handle != nil {
				user = tc.user
			}
			if tc.creds != nil {
				creds = tc.creds
			}
			used, err := r.FinishProve(user, creds, state, response, noon.Add(tc.after))
			if tc.code == "" {
				if err != nil || used.Count != 8 {
					t.Fatalf("%+v, %v", used, err)
				}
				return
			}
			refusedAs(t, err, tc.code)
		})
	}
}

// changed decodes a member of the response, changes it and puts it back.
func changed(response []byte, member string, change func([]byte) []byte) []byte {
	var m map[string]any
	if err := json.Unmarshal(response, &m); err != nil {
		return nil
	}
	inner, _ := m["response"].(map[string]any)
	text, _ := inner[member].(string)
	v, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	inner[member] = base64.RawURLEncoding.EncodeToString(change(v))
	out, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return out
}

// TestReplay: a response serves once, for its own challenge.
func TestReplay(t *testing.T) {
	t.Parallel()
	r, d := site(t), newDevice(vw.KeyTypeEC2, li)
	c := enrolled(t, r, li, d)
	options, state, err := r.BeginProve(li, []passkey.Credential{c}, noon)
	if err != nil {
		t.Fatal(err)
	}
	response := d.get(t, options)
	used, err := r.FinishProve(li, []passkey.Credential{c}, state, response, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.FinishProve(li, []passkey.Credential{used}, state, response, noon)
	refusedAs(t, err, "passkey.cloned") // a state that its keeper forgot to delete
	_, next, err := r.BeginProve(li, []passkey.Credential{used}, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.FinishProve(li, []passkey.Credential{used}, next, response, noon)
	refusedAs(t, err, "passkey.challenge")
}

// TestLaterPasskey: one that was enrolled after the ceremony began waits for the
// next; one that was removed does not spoil the others.
func TestLaterPasskey(t *testing.T) {
	t.Parallel()
	r, a, b := site(t), newDevice(vw.KeyTypeEC2, li), newDevice(vw.KeyTypeEC2, li)
	first, second := enrolled(t, r, li, a), enrolled(t, r, li, b)
	options, state, err := r.BeginProve(li, []passkey.Credential{first}, noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.FinishProve(li, []passkey.Credential{first, second}, state, b.get(t, options), noon)
	refusedAs(t, err, "passkey.unknown")
	options, state, err = r.BeginProve(li, []passkey.Credential{first, second}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.FinishProve(li, []passkey.Credential{second}, state, b.get(t, options), noon); err != nil {
		t.Error(err)
	}
}

func TestEnrolRefused(t *testing.T) {
	t.Parallel()
	r := site(t)
	for name, tc := range map[string]struct {
		code     string
		device   func(d *device)
		existing bool
		user     passkey.User
		after    time.Duration
		respond  func([]byte) []byte
	}{
		"good":         {},
		"other origin": {code: "passkey.origin", device: func(d *device) { d.rp.Origin = "https://evil.example" }},
		"other site":   {code: "passkey.site", device: func(d *device) { d.rp.ID = "evil.example" }},
		"not verified": {code: "passkey.unverified", device: func(d *device) { d.auth.Options.UserNotVerified = true }},
		"synced alone": {code: "passkey.refused", device: func(d *device) { d.auth.Options.BackupState = true }},
		"known":        {code: "passkey.exists", existing: true},
		"other user":   {code: "passkey.state", user: wang},
		"too late":     {code: "passkey.expired", after: passkey.Lifetime + 1},
		"too large":    {code: "passkey.too-large", respond: func(b []byte) []byte { return append(b, bytes.Repeat([]byte(" "), 33<<10)...) }},
		"not JSON":     {code: "passkey.response", respond: func(b []byte) []byte { return b[2:] }},
		"other challenge": {code: "passkey.challenge", respond: func(b []byte) []byte {
			return changed(b, "clientDataJSON", func(v []byte) []byte {
				return bytes.Replace(v, []byte(`"challenge":"`), []byte(`"challenge":"A`), 1)
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDevice(vw.KeyTypeEC2, li)
			if tc.device != nil {
				tc.device(d)
			}
			var existing []passkey.Credential
			if tc.existing {
				existing = append(existing, passkey.Credential{ID: d.cred.ID, Key: []byte{1}})
			}
			options, state, err := r.BeginEnrol(li, existing, noon)
			if err != nil {
				t.Fatal(err)
			}
			response := d.create(t, options)
			if tc.respond != nil {
				response = tc.respond(response)
			}
			user := li
			if tc.user.Handle != nil {
				user = tc.user
			}
			_, err = r.FinishEnrol(user, state, response, noon.Add(tc.after))
			if tc.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			refusedAs(t, err, tc.code)
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r := site(t)
	_, _, err := r.BeginEnrol(li, make([]passkey.Credential, passkey.MaxCredentials), noon)
	refusedAs(t, err, "passkey.too-many")
	_, _, err = r.BeginProve(li, nil, noon)
	refusedAs(t, err, "passkey.none")
	if _, _, err := r.BeginEnrol(passkey.User{Name: "x"}, nil, noon); err == nil {
		t.Error("a user without a handle is enrolled")
	}
	// The longest identifiers of the most passkeys fit into a state.
	var many []passkey.Credential
	for i := range passkey.MaxCredentials {
		many = append(many, passkey.Credential{ID: bytes.Repeat([]byte{byte(i)}, 1023), Key: []byte{1}})
	}
	options, state, err := r.BeginProve(li, many, noon)
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(vw.KeyTypeEC2, li)
	_, err = r.FinishProve(li, many, state, d.get(t, options), noon)
	refusedAs(t, err, "passkey.unknown")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		base, id, origin string
		want             error
		bad              bool
	}{
		"https":          {base: "https://Zhengwu.Example/", id: "zhengwu.example", origin: "https://zhengwu.example"},
		"port":           {base: "https://zw.example:8443", id: "zw.example", origin: "https://zw.example:8443"},
		"localhost":      {base: "http://localhost:8080", id: "localhost", origin: "http://localhost:8080"},
		"loopback":       {base: "http://127.0.0.1:8080", want: passkey.ErrNoName, bad: true},
		"IPv6":           {base: "https://[::1]:8443", want: passkey.ErrNoName, bad: true},
		"plain http":     {base: "http://zw.example", bad: true},
		"no scheme":      {base: "zw.example", bad: true},
		"other scheme":   {base: "ftp://zw.example", bad: true},
		"credentials":    {base: "https://u:p@zw.example", bad: true},
		"broken":         {base: "https://%zz", bad: true},
		"name of spaces": {base: "https://zw example", bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := passkey.FromBase(tc.base, "四电")
			if (err != nil) != tc.bad || tc.want != nil && !errors.Is(err, tc.want) {
				t.Fatalf("%+v, %v", c, err)
			}
			if !tc.bad && (c.ID != tc.id || len(c.Origins) != 1 || c.Origins[0] != tc.origin) {
				t.Errorf("%+v", c)
			}
		})
	}
	for name, c := range map[string]passkey.Config{
		"no origin":        {ID: "a.example", Name: "x"},
		"foreign origin":   {ID: "a.example", Name: "x", Origins: []string{"https://b.example"}},
		"suffix of letter": {ID: "a.example", Name: "x", Origins: []string{"https://evila.example"}},
		"path":             {ID: "a.example", Name: "x", Origins: []string{"https://a.example/"}},
		"numbers":          {ID: "10.0.0.1", Name: "x", Origins: []string{"https://10.0.0.1"}},
		"no name":          {ID: "a.example", Origins: []string{"https://a.example"}},
	} {
		if _, err := passkey.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestStored(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]string{
		"empty": "", "not JSON": "x", "other version": `{"v":2,"id":"AA==","key":"AA=="}`, "no key": `{"v":1,"id":"AA=="}`,
		"large": `{"v":1,"id":"AA==","key":"AA==","x":"` + strings.Repeat("x", 17<<10) + `"}`,
	} {
		if err := new(passkey.Credential).UnmarshalBinary([]byte(b)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if _, err := (passkey.Credential{ID: make([]byte, 17<<10)}).MarshalBinary(); err == nil {
		t.Error("a credential beyond the limit is written")
	}
}

// FuzzFinish: whatever a browser sends is refused as a fault, never an internal
// error and never a passkey.
func FuzzFinish(f *testing.F) {
	r, d := site(f), newDevice(vw.KeyTypeEC2, li)
	c := enrolled(f, r, li, d)
	options, enrolState, err := r.BeginEnrol(li, nil, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d.create(f, options)[:200])
	_, proveState, err := r.BeginProve(li, []passkey.Credential{c}, noon)
	if err != nil {
		f.Fatal(err)
	}
	stale, _, err := r.BeginProve(li, []passkey.Credential{c}, noon)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d.get(f, stale))
	f.Fuzz(func(t *testing.T, response []byte) {
		if _, err := r.FinishEnrol(li, enrolState, response, noon); fault.As(err) == nil {
			t.Errorf("enrol: %v", err)
		}
		if _, err := r.FinishProve(li, []passkey.Credential{c}, proveState, response, noon); fault.As(err) == nil {
			t.Errorf("prove: %v", err)
		}
	})
}
