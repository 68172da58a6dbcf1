package passkey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ceremony is what a state is for; one never serves the other.
type ceremony string

const (
	enrol ceremony = "enrol"
	prove ceremony = "prove"
)

// maxState bounds a state: twenty identifiers of 1023 octets, in base64.
const maxState = 64 << 10

// state is what the server remembers between the halves.
type state struct {
	V       int                  `json:"v"`
	For     ceremony             `json:"for"`
	Until   time.Time            `json:"until"`
	Known   [][]byte             `json:"known,omitempty"` // of enrol: the passkeys that the user has
	Session webauthn.SessionData `json:"session"`
}

func begun(f ceremony, s *webauthn.SessionData, known []Credential, options any, now time.Time) (o, st []byte, err error) {
	out := state{V: 1, For: f, Until: now.Add(Lifetime).UTC(), Session: *s}
	for _, c := range known {
		out.Known = append(out.Known, c.ID)
	}
	if st, err = json.Marshal(out); err != nil {
		return nil, nil, fmt.Errorf("passkey: writing the state: %w", err)
	}
	if o, err = json.Marshal(options); err != nil {
		return nil, nil, fmt.Errorf("passkey: writing the options: %w", err)
	}
	return o, st, nil
}

// resume reads a state and holds it to its ceremony, its user and its time.
// What the package promises (verification of the user, no clock of the
// library's own) is said again here rather than read from what was stored.
func resume(f ceremony, u User, b []byte, now time.Time) (state, error) {
	var s state
	if len(b) > maxState || json.Unmarshal(b, &s) != nil || s.V != 1 || s.For != f ||
		len(u.Handle) == 0 || !bytes.Equal(s.Session.UserID, u.Handle) {
		return state{}, errState
	}
	if now.After(s.Until) || now.Before(s.Until.Add(-Lifetime)) {
		return state{}, errExpired
	}
	s.Session.UserVerification = protocol.VerificationRequired
	s.Session.Expires = time.Time{}
	s.Session.CredParams = algorithms()
	s.Session.AuthorizeUVInitialization = false
	return s, nil
}
