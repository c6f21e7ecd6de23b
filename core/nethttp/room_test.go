package nethttp_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
)

// zeros is what all senders here send: memory is that already, so that bodies of
// many megabytes cost no time.
var zeros = make([]byte, 10<<20)

// sender says how a body comes.
type sender struct {
	size, rest int           // bytes of it, and how many of them do not come at once
	every      time.Duration // how long each next piece of the rest takes; 0 means that none comes
	chunked    bool
	signature  string
}

// sending is a sender at work, its connection, and what it is answered.
type sending struct {
	*httptest.ResponseRecorder
	sender
	ended chan struct{}
	end   func()
}

func (s *sending) Read(p []byte) (int, error) {
	at := s.size - s.rest
	switch {
	case at > 0:
		n := min(at, len(p))
		s.size -= n
		return n, nil
	case s.rest == 0:
		return 0, io.EOF
	}
	var next <-chan time.Time
	if s.every > 0 {
		next = time.After(s.every)
	}
	select {
	case <-next:
		n := min(s.rest, len(p))
		s.size, s.rest = s.size-n, s.rest-n
		return n, nil
	case <-s.ended:
		return 0, os.ErrDeadlineExceeded
	}
}

func (s *sending) SetReadDeadline(time.Time) error { s.end(); return nil }

// crowd is senders that are served at the same time.
type crowd struct {
	sync.WaitGroup
	handler http.Handler
	all     []*sending
}

func (c *crowd) join(from sender) *sending {
	ended := make(chan struct{})
	s := &sending{httptest.NewRecorder(), from, ended, sync.OnceFunc(func() { close(ended) })}
	request := httptest.NewRequest("POST", "/", s)
	request.ContentLength = int64(from.size)
	if from.chunked {
		request.ContentLength = -1
	}
	request.Header.Set(core.SignatureHeader, from.signature)
	c.all = append(c.all, s)
	c.Go(func() { c.handler.ServeHTTP(s, request) })
	return s
}

// leave ends the bodies that are still to come, and waits for all answers.
func (c *crowd) leave() {
	for _, s := range c.all {
		s.end()
	}
	c.Wait()
}

// answered counts those that were answered so.
func (c *crowd) answered(status int) (n int) {
	for _, s := range c.all {
		if s.Code == status {
			n++
		}
	}
	return n
}

// Genuine bodies get through whatever holds the room, and who holds it is
// answered once it is wanted.
func TestStalledBodiesMakeRoomForOthers(t *testing.T) {
	for name, attack := range map[string]struct {
		senders int
		sender
	}{
		"large, one byte short":            {24, sender{10 << 20, 1, 0, false, forged}},
		"large and chunked":                {24, sender{10 << 20, 1, 0, true, forged}},
		"large, barely begun":              {300, sender{10 << 20, 10<<20 - 70<<10, 0, false, forged}},
		"large, by drops":                  {100, sender{10 << 20, 9 << 20, 2 * time.Second, false, forged}},
		"a piece, one byte short":          {1000, sender{64 << 10, 1, 0, false, forged}},
		"a piece and chunked":              {1000, sender{64 << 10, 1, 0, true, forged}},
		"just over a piece, by the many":   {1000, sender{65 << 10, 1, 0, false, forged}},
		"a megabyte, by the many":          {100, sender{1 << 20, 1, 0, false, forged}},
		"nothing but headers, by the many": {1000, sender{10 << 20, 10 << 20, 0, false, forged}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := receiver(takes, 0)
				h := nethttp.Handler(r)
				attackers, genuine := crowd{handler: h}, crowd{handler: h}
				for range attack.senders {
					attackers.join(attack.sender)
				}
				synctest.Wait()
				began := time.Now()
				for i := range 50 {
					size := 2400
					if i%25 == 0 && attack.senders <= 300 && attack.size > 1<<20 {
						size = 300 << 10
					}
					genuine.join(sender{size: size, chunked: i%2 == 0, signature: core.Sign(zeros[:size], key)})
				}
				genuine.Wait()
				if took := time.Since(began); took > 5*time.Second || genuine.answered(200) != 50 {
					t.Errorf("%d genuine bodies of 50 were taken, after %s", genuine.answered(200), took)
				}
				attackers.leave()
			})
		})
	}
}

// A large genuine body that comes in time is not given up, however much others
// wait.
func TestABodyThatComesInTimeKeepsItsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver(takes, 0)
		h := nethttp.Handler(r)
		stalled, genuine := crowd{handler: h}, crowd{handler: h}
		signature := core.Sign(zeros, key)
		steady := genuine.join(sender{10 << 20, 9 << 20, 100 * time.Millisecond, false, signature})
		time.Sleep(time.Second)
		for range 50 {
			stalled.join(sender{10 << 20, 1, 0, false, signature})
		}
		time.Sleep(20 * time.Second)
		stalled.leave()
		genuine.Wait()
		if steady.Code != 200 {
			t.Errorf("answered %d %s", steady.Code, steady.Body)
		}
		overloaded := 0
		for _, s := range stalled.all {
			if s.Code == 503 && strings.Contains(s.Body.String(), `"overloaded"`) && s.Header().Get("Retry-After") != "" {
				overloaded++
			}
		}
		if overloaded < 45 {
			t.Errorf("%d of 50 were told that there is no room", overloaded)
		}
	})
}

// What handlers hold counts as well, and is free again once they have answered.
func TestBodiesCountUntilTheyAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		finish := make(chan struct{})
		r := receiver(core.HandlerFunc(func(context.Context, *core.Delivery) error { <-finish; return nil }), 0)
		c := crowd{handler: nethttp.Handler(r)}
		large := sender{size: 10 << 20, signature: core.Sign(zeros, key)}
		for range 10 {
			c.join(large)
		}
		time.Sleep(6 * time.Second)
		close(finish)
		c.Wait()
		if c.answered(200) != 3 || c.answered(503) != 7 {
			t.Errorf("%d were taken, %d were not", c.answered(200), c.answered(503))
		}
		for range 3 {
			c.join(large)
		}
		c.Wait()
		if c.answered(200) != 6 {
			t.Errorf("then %d were taken", c.answered(200))
		}
	})
}

// The room of a body that was given up is free before its answer is out, which an
// adapter may hold back until the sender has ended.
func TestBodiesThatWereGivenUpHoldNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receiver(takes, 0)
		h, finish := nethttp.Handler(r), make(chan struct{})
		holding := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(held{w, finish}, r) })
		stalled, genuine := crowd{handler: holding}, crowd{handler: h}
		for range 24 {
			stalled.join(sender{10 << 20, 1, 0, true, core.Sign(nil, key)})
		}
		time.Sleep(20 * time.Second)
		s := genuine.join(sender{size: 3 << 20, signature: core.Sign(zeros[:3<<20], key)})
		genuine.Wait()
		if s.Code != 200 {
			t.Errorf("a genuine body is answered %d %s", s.Code, s.Body)
		}
		close(finish)
		stalled.leave()
	})
}

// held is an answer that waits.
type held struct {
	http.ResponseWriter
	until chan struct{}
}

func (h held) WriteHeader(status int) {
	<-h.until
	h.ResponseWriter.WriteHeader(status)
}

func (h held) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Over real connections: bodies held one byte short take little memory, are
// given up, and genuine deliveries get through.
func TestMemoryOfBodiesHeldBack(t *testing.T) {
	const size = 10 << 20
	r := receiver(takes, 0)
	server := serve(t, nethttp.Handler(r))
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	almost := bytes.Repeat([]byte{' '}, size-1)
	for range 24 {
		connection := connect(t, server)
		go func() {
			fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: x\r\n%s: %s\r\nContent-Length: %d\r\n\r\n", core.SignatureHeader, forged, size)
			connection.Write(almost)
		}()
		go func() {
			answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err == nil && answer.StatusCode != 503 && answer.StatusCode != 400 {
				t.Errorf("a body held back is answered %d", answer.StatusCode)
			}
		}()
	}
	text := bytes.Repeat([]byte{' '}, 200<<10)
	for range 20 {
		answer, err := send(t.Context(), t, server.URL, core.Sign(text, key), bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != 200 {
			t.Errorf("a genuine delivery is answered %d", answer.StatusCode)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	if used := int64(during.HeapAlloc) - int64(before.HeapAlloc) - size; used > int64(nethttp.Room(core.DefaultMaxBody)) {
		t.Errorf("%d bytes in use", used)
	}
}

// Refusals that need no body do not wait for one, of any size and framing.
func TestRefusalsWithoutABody(t *testing.T) {
	r := receiver(nil, 0)
	server := serve(t, nethttp.Handler(r))
	for name, test := range map[string]struct {
		head   string
		status int
	}{
		"not signed":         {"Content-Length: 100000\r\n", 401},
		"not signed, large":  {"Content-Length: 10000000\r\n", 401},
		"not signed, chunks": {"Transfer-Encoding: chunked\r\n", 401},
		"malformed":          {"X-Hub-Signature: sha1=1\r\nContent-Length: 10\r\n", 401},
		"over the limit":     {"Content-Length: 10485761\r\n", 413},
	} {
		t.Run(name, func(t *testing.T) {
			connection := connect(t, server)
			fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n", test.head)
			answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != test.status {
				t.Errorf("status %d", answer.StatusCode)
			}
		})
	}
}
