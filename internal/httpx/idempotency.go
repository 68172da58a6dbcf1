package httpx

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// Idempotency keeps the answers of writes, so that the same Idempotency-Key
// and content from the same caller get the same answer. Only answers of writes
// that succeeded are kept: one that was refused did nothing and may be tried
// again. Answers are stored encrypted and forgotten after Keep.
type Idempotency struct {
	DB   *db.DB
	Box  *keys.Box
	Keep time.Duration // 24 h when zero
	Wait time.Duration // how long a repetition waits for the first; 10 s when zero
	Hold time.Duration // after which a first that never answered is given up; 2 min when zero

	mu      sync.Mutex
	serving map[gm.Digest]chan struct{} // in this process; closed when done
	writes  batcher
}

// perform runs the handler, behind the idempotency where it applies.
func (m *mount) perform(w http.ResponseWriter, hr *http.Request) error {
	key := hr.Header.Get("Idempotency-Key")
	meta := MetaFrom(hr.Context())
	if key == "" || !m.writes() || m.noIdempotency || meta.Caller.ID == "" {
		return m.serve(w, hr)
	}
	if m.r.opts.Idempotency == nil || !keyForm(key) {
		return fault.Invalid.New("Idempotency-Key 不符合规则").WithCode("idempotency.key").WithHint("1 至 255 个可见 ASCII 字符，例如一个 UUID")
	}
	body, err := readAll(hr)
	if err != nil {
		return err
	}
	hr.Body = io.NopCloser(strings.NewReader(string(body)))
	id := gm.Sum([]byte("httpx.idempotency\x00" + meta.Caller.ID + "\x00" + key))
	meta.Idempotency = hex.EncodeToString(id[:])
	hr = hr.WithContext(WithMeta(hr.Context(), meta))
	return m.r.opts.Idempotency.do(w, hr, id, requestDigest(hr, body), m)
}

func keyForm(key string) bool {
	return len(key) <= 255 && strings.IndexFunc(key, func(r rune) bool { return r < '!' || r > '~' }) < 0
}

// requestDigest is what makes two requests the same. The boundary of a form is
// random and means nothing.
func requestDigest(hr *http.Request, body []byte) gm.Digest {
	media, params, err := mime.ParseMediaType(hr.Header.Get("Content-Type"))
	text := string(body)
	if b := params["boundary"]; err == nil && b != "" {
		text = strings.ReplaceAll(text, b, "")
	}
	return gm.Sum([]byte(strings.Join([]string{hr.Method, hr.URL.RequestURI(), media, text}, "\x00")))
}

func (i *Idempotency) do(w http.ResponseWriter, hr *http.Request, id, request gm.Digest, m *mount) error {
	ctx := hr.Context()
	deadline := time.NewTimer(or64(i.Wait, 10*time.Second))
	defer deadline.Stop()
	for {
		first, other := i.enter(id)
		if !first {
			select {
			case <-other:
				continue
			case <-deadline.C:
				return errServing
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		r, err := i.reserve(ctx, id, request)
		switch {
		case err != nil:
			i.leave(id)
			return err
		case r.fresh:
			defer i.leave(id)
			return i.first(w, hr, id, m)
		case r.answer != nil:
			i.leave(id)
			return i.replay(w, id, r.answer)
		}
		i.leave(id) // another process serves the first
		select {
		case <-time.After(50 * time.Millisecond):
		case <-deadline.C:
			return errServing
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func or64(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

var errServing = &tooSoon{fault.Conflict.New("同一个 Idempotency-Key 的请求正在处理").WithCode("idempotency.busy").WithHint("请稍后用同一个键重试"), 2}

// enter makes the caller the one who serves id in this process, or returns
// what is closed when the one who does is done.
func (i *Idempotency) enter(id gm.Digest) (first bool, other <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c, busy := i.serving[id]; busy {
		return false, c
	}
	if i.serving == nil {
		i.serving = map[gm.Digest]chan struct{}{}
	}
	i.serving[id] = make(chan struct{})
	return true, nil
}

func (i *Idempotency) leave(id gm.Digest) {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.serving[id])
	delete(i.serving, id)
}

// first serves the request and keeps its answer before it is sent.
func (i *Idempotency) first(w http.ResponseWriter, hr *http.Request, id gm.Digest, m *mount) error {
	// What follows the handler must happen although the client may be gone.
	after := context.WithoutCancel(hr.Context())
	c, kept := &capture{header: w.Header().Clone()}, false
	defer func() {
		if !kept { // refused, failed or panicked
			if err := i.release(after, id); err != nil {
				m.r.opts.Log.ErrorContext(after, "idempotency key stays held", "err", err)
			}
		}
	}()
	if err := m.serve(c, hr); err != nil {
		return err
	}
	c.WriteHeader(http.StatusOK)
	if c.status < 400 {
		kept = true
		if err := i.keep(after, id, c); err != nil {
			m.r.opts.Log.ErrorContext(after, "idempotent answer not kept", "err", err)
		}
	}
	send(w, c.header, c.status, c.body.Bytes())
	return nil
}

func send(w http.ResponseWriter, h http.Header, status int, body []byte) {
	maps.Copy(w.Header(), h)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client went away: nobody is left to tell
}

// kept is an answer as it is stored, before encryption. Cookies are not: a
// repetition must not hand out a session again.
type kept struct {
	Status int               `json:"s"`
	Header map[string]string `json:"h"`
	Body   []byte            `json:"b"`
}

var keptHeaders = []string{"Content-Type", "Location", "Etag", "Content-Disposition"}

func (i *Idempotency) keep(ctx context.Context, id gm.Digest, c *capture) error {
	k := kept{Status: c.status, Header: map[string]string{}, Body: c.body.Bytes()}
	for _, name := range keptHeaders {
		if v := c.header.Get(name); v != "" {
			k.Header[name] = v
		}
	}
	plain, err := json.Marshal(k)
	if err != nil {
		return err
	}
	sealed, err := i.Box.Seal(answerCell(id), plain)
	if err != nil {
		return err
	}
	return i.writes.do(ctx, i.DB, func(tx *db.Tx) error {
		return storeAnswer(tx, id, sealed, or64(i.Keep, 24*time.Hour))
	})
}

func answerCell(id gm.Digest) keys.Cell {
	return keys.Cell{Table: "httpx_idempotency", Column: "answer", Row: hex.EncodeToString(id[:])}
}

func (i *Idempotency) replay(w http.ResponseWriter, id gm.Digest, sealed []byte) error {
	plain, err := i.Box.Open(answerCell(id), sealed)
	if err != nil {
		return err
	}
	var k kept
	if err := json.Unmarshal(plain, &k); err != nil {
		return err
	}
	h := http.Header{"Idempotency-Replayed": {"true"}}
	for name, v := range k.Header {
		h.Set(name, v)
	}
	send(w, h, k.Status, k.Body)
	return nil
}

// reservation is what a request finds under its key: nothing (fresh), the
// first's answer, or neither: the first is still being served elsewhere.
type reservation struct {
	fresh  bool
	answer []byte
}

func (i *Idempotency) reserve(ctx context.Context, id, request gm.Digest) (r reservation, err error) {
	err = i.writes.do(ctx, i.DB, func(tx *db.Tx) (err error) {
		r, err = reserveTx(tx, id, request, or64(i.Hold, 2*time.Minute), or64(i.Keep, 24*time.Hour))
		return err
	})
	return r, err
}

func (i *Idempotency) release(ctx context.Context, id gm.Digest) error {
	return i.writes.do(ctx, i.DB, func(tx *db.Tx) error { return deleteHeld(tx, id) })
}

// Sweep forgets answers whose time is over, and reports how many.
func (i *Idempotency) Sweep(ctx context.Context) (n int64, err error) {
	err = i.DB.Write(ctx, func(tx *db.Tx) error { n, err = deleteExpired(tx); return err })
	return n, err
}
