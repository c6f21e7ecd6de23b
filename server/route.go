package server

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/floodlog"
	"github.com/labelhook/labelhook/internal/printable"
)

// router compares paths whole, but for a slash at the end, without the cleaning
// and redirecting of a [http.ServeMux]: a sender follows no redirect.
type router struct {
	path       string
	url        string // of path
	deliveries http.Handler
	other      http.Handler  // nil: nothing is at other paths
	strays     *floodlog.Log // the requests to other paths
	logger     *slog.Logger
}

func (s *Server) route(addr net.Addr, logger *slog.Logger) (*router, error) {
	path := DefaultPath
	if s.Path != "" {
		var err error
		if path, err = CleanPath(s.Path); err != nil {
			return nil, err
		}
	}
	scheme := "http"
	if s.CertFile != "" {
		scheme = "https"
	}
	return &router{path, scheme + "://" + addr.String() + path, nethttp.HandlerTelling(s.Receiver, s.Refused), s.Other, floodlog.New(1, time.Minute), logger}, nil
}

func (h *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch asked := r.URL.Path; strings.TrimSuffix(asked, "/") {
	case h.path:
		h.deliveries.ServeHTTP(w, r)
	case HealthPath:
		health(w, r)
	default:
		if h.takes(r) {
			h.other.ServeHTTP(w, r)
			return
		}
		asked = printable.Text(asked[:min(len(asked), 100)])
		h.strays.Write(r.Context(), h.logger, slog.LevelWarn, asked, "request refused: nothing is at its path",
			[]slog.Attr{slog.String("path", asked), slog.String("deliveries_go_to", h.url)})
		http.Error(w, "nothing here; deliveries go to "+h.path, http.StatusNotFound)
	}
}

// takes reports whether the handler of other paths has something at this one. Of
// others than a mux that cannot be known.
func (h *router) takes(r *http.Request) bool {
	mux, isMux := h.other.(*http.ServeMux)
	if !isMux {
		return h.other != nil
	}
	_, pattern := mux.Handler(r)
	return pattern != ""
}

func health(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "ok\n")
}
