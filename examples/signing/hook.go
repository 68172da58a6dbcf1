package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An event is what a webhook says: that something happened, and to what.
type event struct {
	ID   string    `json:"id"`
	Type string    `json:"type"`
	At   time.Time `json:"at"`
	Data struct {
		ID      string `json:"id"`
		State   string `json:"state"`
		Signed  int    `json:"signed"`
		Signers int    `json:"signers"`
	} `json:"data"`
}

// A receiver takes webhooks (Standard Webhooks): signed, fresh, each once.
type receiver struct {
	secret []byte
	events chan event

	mu   sync.Mutex
	seen map[string]time.Time // id → when; a real one keeps them where a restart finds them
}

const (
	tolerance = 5 * time.Minute // how old a call may be
	maxBody   = 64 << 10
)

// newReceiver takes the secret as the platform told it: whsec_ and base64.
func newReceiver(secret string) (*receiver, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil, errors.New("the secret of the subscription is malformed")
	}
	return &receiver{secret: key, events: make(chan event, 64), seen: map[string]time.Time{}}, nil
}

// ServeHTTP takes a call. 2xx tells the platform not to call again; what it must
// not believe it answers with 401, and the platform tries again for two days.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil || q.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id, now := q.Header.Get("webhook-id"), time.Now()
	if err := r.check(id, q.Header.Get("webhook-timestamp"), q.Header.Get("webhook-signature"), body, now); err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID != id {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !r.first(id, now) { // known: taken before, so it is not wanted again
		w.WriteHeader(http.StatusNoContent)
		return
	}
	select {
	case r.events <- e:
		w.WriteHeader(http.StatusNoContent)
	default: // full: come again
		r.forget(id)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// check tells why a call is not to be believed: HMAC-SHA256 over id.timestamp.body
// stands in the header as v1,<base64>, beside others. While a secret is being
// replaced, there are several.
func (r *receiver) check(id, stamp, signatures string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" {
		return errors.New("no id or no time")
	}
	if d := now.Sub(time.Unix(seconds, 0)); d > tolerance || d < -tolerance {
		return errors.New("too old or from the future: perhaps a replay")
	}
	want := []byte(mac(r.secret, id, stamp, body))
	for _, s := range strings.Fields(signatures) {
		if kind, value, _ := strings.Cut(s, ","); kind == "v1" && hmac.Equal([]byte(value), want) {
			return nil
		}
	}
	return errors.New("the signature is wrong")
}

func mac(secret []byte, id, stamp string, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(id + "." + stamp + "."))
	h.Write(body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// first remembers an id, and tells whether it is new. The platform itself sends
// an event again, under the same id, when it heard no answer or was asked to.
func (r *receiver) first(id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.seen[id]
	r.seen[id] = now
	return !known
}

func (r *receiver) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, id)
}
