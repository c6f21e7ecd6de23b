package gcp

import (
	"net/http"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/floodlog"
)

// ListenAndServe serves a function on a host and port of this machine until the
// process ends: what the framework does in Google's cloud, with the limits on
// slow senders that Google's front end imposes there and the framework does not.
// The error says why it cannot listen.
func ListenAndServe(address string, function http.Handler) error {
	defer core.FlushLog()
	return newServer(address, function).ListenAndServe()
}

func newServer(address string, function http.Handler) *http.Server {
	server := &http.Server{
		Addr:              address,
		Handler:           function,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second, // headers included
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          floodlog.ErrorLog(nil), // to slog.Default, which Register sets
		Protocols:         new(http.Protocols),
		HTTP2: &http.HTTP2Config{ // what one connection may hold before anybody reads it
			MaxConcurrentStreams:          100,
			MaxReadFrameSize:              16 << 10,
			MaxReceiveBufferPerConnection: 256 << 10,
			MaxReceiveBufferPerStream:     64 << 10,
		},
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true) // which sidecars and Cloud Run's own --use-http2 speak
	return server
}
