package inspector

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/labelhook/labelhook/internal/loopback"
)

// TokenLength is the shortest token that a page may have, in bytes.
const TokenLength = 16

// policy lets nothing run, load or frame but what this server sends. Of the page
// of a delivery whose image was asked for, img-src has one host more.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self'"

// guard lets those through who may see the inbox.
//
//   - Without a token that is who asks from this machine under a name that only
//     this machine has: a page of another site that has its name lead here (DNS
//     rebinding) asks under that name, and a tunnel says for whom it asks.
//   - With one it is who has proven to know it. A browser keeps the proof for the
//     host that it is of, and sends it along from that host's pages alone.
//
// Whatever another site's page has a browser send is refused, but for a link to here
// that the user follows.
func (p *page) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // no-referrer would have forms send no origin
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case p.Token == "" && !isLocal(r):
			http.Error(w, "the page is for this machine alone; labelhook listen --page-token opens it to others", http.StatusForbidden)
		case isForeign(r):
			http.Error(w, "the page takes no requests of other sites; open it by its own address", http.StatusForbidden)
		case p.Token != "" && r.URL.Path != "/inbox/login" && !strings.HasPrefix(r.URL.Path, "/inbox/static/") && !p.isProven(r):
			p.render(w, r, http.StatusUnauthorized, "login", nil)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// forwarding are the headers by which proxies and tunnels say that somebody else
// asks.
var forwarding = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Cf-Connecting-Ip", "Via"}

// isLocal reports whether somebody on this machine asks this machine.
func isLocal(r *http.Request) bool {
	for _, name := range forwarding {
		if r.Header[name] != nil {
			return false
		}
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && loopback.Confines(from) && loopback.Confines(hostname(r.Host))
}

// hostname is a Host header without its port.
func hostname(host string) string {
	u, err := url.Parse("http://" + host)
	if err != nil || u.Host != host { // a path or user is in it
		return ""
	}
	return u.Hostname()
}

// isForeign reports whether the page of another site has caused the request. A port
// of its own makes another site, too.
func isForeign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if r.Method == http.MethodGet {
		followed := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		return site != "" && site != "same-origin" && site != "none" && !followed
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err != nil || len(r.Header["Origin"]) != 1 || origin.Host == "" || origin.Host != r.Host || site != "" && site != "same-origin"
}

// proofCookie holds that the browser's user has given the token.
const proofCookie = "labelhook-page"

// proof is what the token's owner is given: not the token, which is for people.
func (p *page) proof() string {
	mac := hmac.New(sha256.New, []byte(p.Token))
	mac.Write([]byte("labelhook page"))
	return hex.EncodeToString(mac.Sum(nil))
}

func (p *page) isProven(r *http.Request) bool {
	cookie, err := r.Cookie(proofCookie)
	return err == nil && hmac.Equal([]byte(cookie.Value), []byte(p.proof()))
}

func (p *page) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	given := sha256.Sum256([]byte(r.PostFormValue("token")))
	wanted := sha256.Sum256([]byte(p.Token))
	if p.Token == "" || subtle.ConstantTimeCompare(given[:], wanted[:]) != 1 {
		p.render(w, r, http.StatusUnauthorized, "login", "This is not the token that labelhook was started with.")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: proofCookie, Value: p.proof(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(r.Header.Get("Origin"), "https:"),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
