// Command serve runs the worker on this machine, at 127.0.0.1 and the port of PORT
// (8080 unless set), until it is told to stop by SIGTERM or Ctrl-C.
package main

import (
	"cmp"
	"log/slog"
	"net"
	"os"

	"github.com/labelhook/labelhook/gcp/worker"
	"github.com/labelhook/labelhook/server"
)

func main() {
	address := net.JoinHostPort("127.0.0.1", cmp.Or(os.Getenv("PORT"), "8080"))
	server := server.New(worker.Handler, nil)
	server.Addr, server.WriteTimeout = address, 0 // the function has its own deadline
	slog.Info("listening on http://" + address)
	slog.Error("not listening", "error", server.ListenAndServe())
	os.Exit(1)
}
