package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Credentials are how to sign in to a demo: random for its data directory, and
// kept there so that a restart tells them again.
type Credentials struct {
	Base  string     `json:"base"`
	Users []DemoUser `json:"users"`
	Apps  []DemoApp  `json:"apps"`
}

// A DemoUser signs in to pages.
type DemoUser struct {
	Username string   `json:"username"`
	Password string   `json:"password"`
	TOTP     string   `json:"totp"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`
	Org      string   `json:"org"`
}

// A DemoApp calls the API.
type DemoApp struct {
	Name         string   `json:"name"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Scopes       []string `json:"scopes"`
}

func readCredentials(path string) (*Credentials, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("app: reading the demo's credentials: %w", err)
	}
	c := &Credentials{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("app: reading the demo's credentials: %w", err)
	}
	if len(c.Users) == 0 || len(c.Apps) == 0 {
		return nil, fmt.Errorf("app: %s holds no credentials of a demo", path)
	}
	return c, nil
}

// writeCredentials replaces the file at once, mode 0600: a reader sees it whole
// or not at all, also after a loss of power.
func writeCredentials(path string, c *Credentials) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("app: writing the credentials: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".credentials-*") // mode 0600
	if err != nil {
		return fmt.Errorf("app: writing the credentials: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("app: writing the credentials: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
