package httpx

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"sidian/internal/fault"
)

// An Exposure is an address at which the platform would answer the world
// without TLS.
type Exposure struct {
	Listen string
	// Everyone: trusted_proxies names all addresses, which is to name nobody.
	Everyone bool
}

// Words say the rule and the two ways out, in Chinese and in English.
func (e *Exposure) Words() (chinese, english string) {
	if e.Everyone {
		return "trusted_proxies 写了全部地址（/0），等于谁都可以冒充代理。请只写前置代理自己的地址",
			"trusted_proxies names every address (/0), so that anyone could pose as the proxy; name the proxy's own addresses only"
	}
	return fmt.Sprintf("监听地址 %s 对外开放，却没有 TLS。两个办法：在 tls.cert_file 和 tls.key_file 配置服务器数字证书；或者放在提供 HTTPS 的前置代理之后，并在 trusted_proxies 写明代理的地址", e.Listen),
		fmt.Sprintf("the address %s is open to others, without TLS: either name a digital certificate in tls.cert_file and tls.key_file, or stand behind a proxy that speaks HTTPS and name its address in trusted_proxies", e.Listen)
}

func (e *Exposure) Error() string {
	_, english := e.Words()
	return "httpx: " + english
}

// Exposed refuses to listen for others in the clear: without TLS, an address
// that is not this machine's own needs a named proxy in front. The error is an
// *Exposure.
func Exposed(listen string, withTLS bool, proxies []netip.Prefix) error {
	if slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
		return &Exposure{Listen: listen, Everyone: true}
	}
	if withTLS || len(proxies) > 0 || isLoopback(listen) {
		return nil
	}
	return &Exposure{Listen: listen}
}

// isLoopback tells whether only this machine can reach a listening address. A
// name other than localhost may resolve to anything.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		host = listen
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// Redirect answers on the listener for plain HTTP: what was only asked is asked
// again over https, of base and of nobody whom the request names. What was sent
// is refused: it has been readable on its way already.
func Redirect(base string) http.Handler {
	base = originOf(base)
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		secure(w.Header(), false)
		if hr.Method != http.MethodGet && hr.Method != http.MethodHead {
			writeProblem(w, ProblemOf(hr.Context(), errInsecure))
			return
		}
		target := hr.URL.RequestURI()
		if !strings.HasPrefix(target, "/") {
			target = "/"
		}
		http.Redirect(w, hr, base+target, http.StatusPermanentRedirect)
	})
}

var errInsecure = fault.Forbidden.New("本平台只接受 HTTPS").WithCode("insecure").WithHint("请把网址改为 https 开头，再重新操作；已经明文发送过的口令应当更换")

// insecure refuses what came over the network in the clear, where the platform
// is there for https only. This machine, and probes for health, are let in; who
// comes by a proxy on this machine is not this machine.
func (r *Router) insecure(hr *http.Request, meta *Meta) error {
	if !r.opts.HTTPSOnly || meta.Secure || meta.Address.IsLoopback() || hr.URL.Path == "/healthz" || hr.URL.Path == "/readyz" {
		return nil
	}
	return errInsecure
}
