// Command signing is a business system in small: it lays a document before
// people to be signed, is told by webhooks how far they are, and fetches the
// signed document with the evidence of how it was signed. It uses Sidian's API
// and the standard library, nothing else: copy from it what you need.
//
//	signing --credentials credentials.json --file agreement.ofd --signers signers.json
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := start(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "signing:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	Credentials, File, Signers string
	Title, Org, Item           string
	Listen, URL, Out           string
	Poll                       time.Duration // how often to ask beside being told; 0: the usual
}

func start(ctx context.Context, args []string, out io.Writer) error {
	var o options
	f := flag.NewFlagSet("signing", flag.ContinueOnError)
	f.StringVar(&o.Credentials, "credentials", "credentials.json", "base, client_id and client_secret, as sidian demo --credentials writes them")
	f.StringVar(&o.File, "file", "examples/signing/agreement.ofd", "the document, OFD or PDF")
	f.StringVar(&o.Signers, "signers", "examples/signing/signers.json", "who signs, and where: signers of POST /api/v1/signature-tasks")
	f.StringVar(&o.Title, "title", "样例协议", "what people are told that they sign")
	f.StringVar(&o.Org, "org", "", "the unit that asks; the client's own when empty")
	f.StringVar(&o.Item, "item", "", "code of the matter")
	f.StringVar(&o.Listen, "listen", "localhost:9191", "where webhooks come in")
	f.StringVar(&o.URL, "url", "", "how the platform reaches that; http://LISTEN/ when empty")
	f.StringVar(&o.Out, "out", ".", "directory for what was signed")
	if err := f.Parse(args); err != nil {
		return err
	}
	return sign(ctx, o, out)
}

// credentials are the part of the demo's file that a program needs.
type credentials struct {
	Base string `json:"base"`
	Apps []struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	} `json:"apps"`
}

// sign does it all, from the token to the files.
func sign(ctx context.Context, o options, out io.Writer) error {
	var c credentials
	if err := readJSON(o.Credentials, &c); err != nil {
		return err
	}
	if len(c.Apps) == 0 {
		return fmt.Errorf("%s names no client", o.Credentials)
	}
	a := &api{base: c.Base, id: c.Apps[0].ID, secret: c.Apps[0].Secret, http: &http.Client{Timeout: time.Minute}}
	t, err := a.begin(ctx, o)
	if err != nil {
		return err
	}
	events, end, err := a.listen(ctx, o, out)
	if err != nil {
		return err
	}
	defer end()
	for _, s := range t.Signers {
		l, err := a.link(ctx, t.ID, s.Number)
		if err != nil {
			return err
		}
		// Send it by your own means, to the person alone: whoever signs in there as
		// that person can sign.
		fmt.Fprintf(out, "%d %s: %s\n", s.Number, s.Name, l.URL)
	}
	if t, err = a.await(ctx, t.ID, events, o.poll(events), out); err != nil {
		return err
	}
	if t.State != "done" {
		return fmt.Errorf("the task ended as %s", t.State)
	}
	return a.fetch(ctx, t.ID, o.Out, out)
}

// poll is how often to ask for the state: webhooks are told at least once, but
// nobody should wait for ever for one that was lost with its receiver.
func (o options) poll(events <-chan event) time.Duration {
	switch {
	case o.Poll > 0:
		return o.Poll
	case events == nil:
		return 2 * time.Second
	}
	return 30 * time.Second
}

// begin makes the task.
func (a *api) begin(ctx context.Context, o options) (*task, error) {
	var signers []json.RawMessage
	if err := readJSON(o.Signers, &signers); err != nil {
		return nil, err
	}
	document, err := os.ReadFile(o.File)
	if err != nil {
		return nil, err
	}
	if o.Org == "" {
		if o.Org, err = a.org(ctx); err != nil {
			return nil, err
		}
	}
	return a.create(ctx, map[string]any{"org": o.Org, "title": o.Title, "item": o.Item, "signers": signers}, filepath.Base(o.File), document)
}

// listen subscribes and receives; end gives the subscription up. Where the
// platform may not call this machine there are no events, and it says why.
func (a *api) listen(ctx context.Context, o options, out io.Writer) (events <-chan event, end func(), err error) {
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, nil, err
	}
	if o.URL == "" {
		o.URL = "http://" + l.Addr().String() + "/"
	}
	s, err := a.subscribe(ctx, o.URL)
	if err != nil {
		fmt.Fprintf(out, "no webhooks, asking instead: %v\n", err)
		return nil, func() {}, l.Close()
	}
	r, err := newReceiver(s.Secret)
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // ends by Close
	return r.events, func() {
		_ = a.unsubscribe(context.WithoutCancel(ctx), s.ID) // who leaves is not told any more; a paused one remains otherwise
		_ = server.Close()
	}, nil
}

// await follows a task to its end.
func (a *api) await(ctx context.Context, id string, events <-chan event, every time.Duration, out io.Writer) (*task, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		why := "asked"
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case e := <-events:
			if e.Data.ID != id {
				continue
			}
			why = e.Type
		case <-tick.C:
		}
		t, err := a.task(ctx, id) // an event says that something happened; what is, the platform says
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "%s: %d of %d have signed\n", why, t.signed(), len(t.Signers))
		if t.State != "open" {
			return t, nil
		}
	}
}

// fetch keeps the signed document and its evidence, and has both verified.
func (a *api) fetch(ctx context.Context, id, dir string, out io.Writer) error {
	for name, path := range map[string]string{"signed.ofd": "/file", "evidence.ofd": "/evidence"} {
		data, err := a.file(ctx, "/api/v1/signature-tasks/"+id+path)
		if err != nil {
			return err
		}
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
		verdict, err := a.verify(ctx, data)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s\n", name, verdict)
		if verdict != "valid" {
			return fmt.Errorf("%s does not verify: %s", name, verdict)
		}
	}
	return nil
}

func readJSON(name string, into any) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}
