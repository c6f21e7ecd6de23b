package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/labelhooktest"
	"github.com/labelhook/labelhook/server"
)

// A main function calls Run and is done; here the server ends with its context.
func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux() // or any router
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "1.0") })
	s := &server.Server{
		Receiver: &core.Receiver{Secrets: labelhooktest.Secrets(), Handler: &core.Mux{}, Observe: core.LogTo(slog.New(slog.DiscardHandler))},
		Path:     "/labelbox",
		Other:    mux,
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()

	for _, path := range []string{server.HealthPath, "/version", "/labelbox", "/elsewhere"} {
		response, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			fmt.Println(err)
			return
		}
		response.Body.Close()
		fmt.Println(path, response.Status)
	}
	stop()
	fmt.Println(<-served)
	// Output:
	// /healthz 200 OK
	// /version 200 OK
	// /labelbox 405 Method Not Allowed
	// /elsewhere 404 Not Found
	// <nil>
}
