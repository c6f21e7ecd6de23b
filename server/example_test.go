package server_test

import (
	"context"
	"fmt"
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
	s := &server.Server{Receiver: &core.Receiver{Secrets: labelhooktest.Secrets(), Handler: &core.Mux{}}, Path: "/labelbox"}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()

	response, err := http.Get("http://" + l.Addr().String() + server.HealthPath)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	fmt.Println(response.Status)
	stop()
	fmt.Println(<-served)
	// Output:
	// 200 OK
	// <nil>
}
