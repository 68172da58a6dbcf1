package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// A browser is Chromium with the panes that nobody looks at any more. Opening
// one costs as much as visiting a dozen pages, so they are lent on.
type browser struct {
	ctx  context.Context
	mu   sync.Mutex
	idle []*pane
}

// spare is how many panes wait for the next story.
const spare = 6

// A pane is a browser context with its own cookies, and one tab in it. Whoever
// it is lent to hears what its console says.
type pane struct {
	ctx    context.Context
	cancel func()
	read   chan struct{} // closed when the console has ended
	silent chan struct{} // told when the console has said all that it had to say

	mu  sync.Mutex
	has *tab
}

// swept is what a pane says to itself, behind everything that it said before.
const swept = "the story is over"

// take gives a pane in which nobody is signed in.
func (b *browser) take(t *testing.T) *pane {
	t.Helper()
	b.mu.Lock()
	if n := len(b.idle); n > 0 {
		p := b.idle[n-1]
		b.idle = b.idle[:n-1]
		b.mu.Unlock()
		return p
	}
	b.mu.Unlock()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	p := &pane{ctx: ctx, cancel: cancel, read: make(chan struct{}), silent: make(chan struct{}, 1)}
	messages := chromedp.Console(ctx)
	go func() {
		defer close(p.read)
		for m, err := range messages {
			if err != nil {
				return
			}
			p.hear(m)
		}
	}()
	return p
}

func (p *pane) lend(tb *tab) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.has = tb
}

func (p *pane) hear(m chromedp.ConsoleMessage) {
	if m.Text == swept {
		p.silent <- struct{}{}
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.has != nil {
		p.has.hear(m)
	}
}

// put takes a pane back when its story has ended, and closes it unless it can
// be made like new.
func (b *browser) put(p *pane, good bool) {
	if good && p.clean() {
		b.mu.Lock()
		if len(b.idle) < spare {
			b.idle = append(b.idle, p)
			p = nil
		}
		b.mu.Unlock()
	}
	if p != nil {
		p.cancel()
		<-p.read
		p.lend(nil)
	}
}

// clean leaves the page, and waits until its console has been heard to the end.
func (p *pane) clean() bool {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	forget := func() error {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`try { sessionStorage.clear(); localStorage.clear() } catch {} true`)); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme"}}}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
			return err
		}
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`console.debug("`+swept+`"), true`))
		return err
	}
	if forget() != nil {
		return false
	}
	select {
	case <-p.silent:
		p.lend(nil)
		return true
	case <-p.read:
	case <-ctx.Done():
	}
	return false
}
