package inspector

import (
	"io"
	"net/http"
	"time"
)

// How many browsers are told of news, and how soon.
const (
	maxLive   = 32
	liveEvery = 250 * time.Millisecond
	liveAlive = 20 * time.Second // a sign of life, for proxies that end what is silent
)

// news tells the browser that something in the inbox has changed, as server-sent
// events (HTML Living Standard 9.2). What has changed the browser asks for itself.
func (p *page) news(w http.ResponseWriter, r *http.Request) {
	select {
	case p.live <- struct{}{}:
		defer func() { <-p.live }()
	default:
		http.Error(w, "too many pages are open; close some", http.StatusServiceUnavailable)
		return
	}
	// The bounds of the server are for requests that end.
	connection := http.NewResponseController(w)
	if connection.SetReadDeadline(time.Time{}) != nil || connection.SetWriteDeadline(time.Time{}) != nil {
		http.Error(w, "this server cannot push", http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	tell := func(event string) bool {
		_ = connection.SetWriteDeadline(time.Now().Add(liveAlive)) // it could be set before
		_, err := io.WriteString(w, event)
		return err == nil && connection.Flush() == nil
	}
	changed := make(chan struct{}, 1)
	go func() {
		for range p.Inbox.Changes(r.Context(), liveEvery) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	}()
	alive := time.NewTicker(liveAlive)
	defer alive.Stop()
	for ok := tell(": connected\n\n"); ok; {
		select {
		case <-changed:
			ok = tell("event: changed\ndata:\n\n")
		case <-alive.C:
			ok = tell(": alive\n\n")
		case <-r.Context().Done():
			return
		case <-p.ctx.Done():
			return
		}
	}
}
