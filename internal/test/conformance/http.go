package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/required"
)

// patience is how long a receiver on this machine may take to answer.
const patience = 30 * time.Second

// HTTP returns a [Platform.Do] for what listens at address, a host and port. It
// writes the request itself, because net/http's client would put header names
// into its own spelling and framing into its own form.
func HTTP(address, path string) func(t testing.TB, c Case) Answer {
	return func(t testing.TB, c Case) Answer {
		t.Helper()
		connection, err := net.Dial("tcp", address)
		required.NoError(t, err)
		defer connection.Close()
		connection.SetDeadline(time.Now().Add(patience))
		// Apart, because a receiver may answer before it has read the whole
		// body; it may also hang up then, so an error means nothing yet.
		go connection.Write(wire(c, address, path))

		response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: c.Method})
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatalf("the answer broke off: %v", err)
		}
		return Answer{response.StatusCode, response.Header, body}
	}
}

// wire is the request as HTTP/1.1 has it.
func wire(c Case, host, path string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", c.Method, path, host)
	for _, f := range c.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	if c.Framing == ContentLength {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(c.Body))
		b.Write(c.Body)
		return b.Bytes()
	}
	b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	for rest := c.Body; len(rest) > 0; {
		n := min(len(rest), max(1, len(c.Body)/3)) // chunks end anywhere, also inside a character
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, rest[:n])
		rest = rest[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}
