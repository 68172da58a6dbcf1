package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// shows waits until a server shows the digital certificate of a name, to
// somebody who trusts a file alone: shows HOST:PORT NAME TRUST-FILE. What the
// server says of itself at /readyz goes to the standard output, header by header.
func shows(ts *testscript.TestScript, _ bool, args []string) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(ts.ReadFile(args[2]))) {
		ts.Fatalf("%s holds no digital certificate", args[2])
	}
	shown := ""
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{RootCAs: roots}}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			shown = c.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
		}
		return c, err
	}}}
	await(ts, args[0]+" shows "+args[1], func() bool {
		res, err := client.Get("https://" + args[0] + "/readyz")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		if shown != args[1] || res.StatusCode != http.StatusOK {
			return false
		}
		for name, values := range res.Header {
			fmt.Fprintf(ts.Stdout(), "%s: %s\n", name, values)
		}
		return true
	})
}
