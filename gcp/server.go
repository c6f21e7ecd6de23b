package gcp

import (
	"net/http"
	"time"
)

// ListenAndServe serves a function on a host and port of this machine until the
// process ends: what the framework does in Google's cloud, with the limits on
// slow senders that Google's front end imposes there and the framework does not.
// The error says why it cannot listen.
func ListenAndServe(address string, function http.Handler) error {
	return newServer(address, function).ListenAndServe()
}

func newServer(address string, function http.Handler) *http.Server {
	return &http.Server{
		Addr:              address,
		Handler:           function,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second, // headers included
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}
