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

// sending is a sender and its connection: a body that comes as it is told to.
type sending struct {
	*httptest.ResponseRecorder
	sent  int           // bytes that come at once
	every time.Duration // how long the next piece takes; 0 means that none comes
	rest  int           // bytes that come so
	ended chan struct{} // when the other side gives up
	once  sync.Once
}

func (s *sending) Read(p []byte) (int, error) {
	if s.sent > 0 {
		n := min(s.sent, len(p))
		s.sent -= n
		return n, nil
	}
	if s.rest > 0 && s.every > 0 {
		select {
		case <-time.After(s.every):
			n := min(s.rest, len(p))
			s.rest -= n
			return n, nil
		case <-s.ended:
			return 0, os.ErrDeadlineExceeded
		}
	}
	if s.rest == 0 {
		return 0, io.EOF
	}
	<-s.ended
	return 0, os.ErrDeadlineExceeded
}

func (s *sending) SetReadDeadline(time.Time) error {
	s.once.Do(func() { close(s.ended) })
	return nil
}

// post sends a body of size bytes, all but rest at once.
func post(h http.Handler, size, rest int, every time.Duration, chunked bool, signature string) (*sending, func()) {
	s := &sending{httptest.NewRecorder(), size - rest, every, rest, make(chan struct{}), sync.Once{}}
	request := httptest.NewRequest("POST", "/", s)
	request.ContentLength = int64(size)
	if chunked {
		request.ContentLength = -1
	}
	request.Header.Set(core.SignatureHeader, signature)
	return s, func() { h.ServeHTTP(s, request) }
}

// Genuine bodies get through whatever holds the room, and who holds it is
// answered once it is wanted.
func TestStalledBodiesMakeRoomForOthers(t *testing.T) {
	for name, attack := range map[string]struct {
		senders, size, rest int
		every               time.Duration
		chunked             bool
	}{
		"large, one byte short":            {24, 10 << 20, 1, 0, false},
		"large and chunked":                {24, 10 << 20, 1, 0, true},
		"large, barely begun":              {300, 10 << 20, 10<<20 - 70<<10, 0, false},
		"large, by drops":                  {100, 10 << 20, 9 << 20, 2 * time.Second, false},
		"a piece, one byte short":          {1000, 64 << 10, 1, 0, false},
		"a piece and chunked":              {1000, 64 << 10, 1, 0, true},
		"just over a piece, by the many":   {1000, 65 << 10, 1, 0, false},
		"a megabyte, by the many":          {100, 1 << 20, 1, 0, false},
		"nothing but headers, by the many": {1000, 10 << 20, 10 << 20, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, secret := receiver(t, takes, 0)
				h := nethttp.Handler(r)
				var attackers sync.WaitGroup
				var held []*sending
				for range attack.senders {
					s, serve := post(h, attack.size, attack.rest, attack.every, attack.chunked, forged)
					held = append(held, s)
					attackers.Go(serve)
				}
				synctest.Wait()
				var genuine sync.WaitGroup
				for i := range 50 {
					size := 2400
					if i%25 == 0 && attack.senders <= 300 && attack.size > 1<<20 {
						size = 300 << 10
					}
					s, serve := post(h, size, 0, 0, i%2 == 0, core.Sign(zeros[:size], secret))
					genuine.Go(func() {
						serve()
						if s.Code != 200 {
							t.Errorf("a genuine body of %d bytes is answered %d %s", size, s.Code, s.Body)
						}
					})
				}
				began := time.Now()
				genuine.Wait()
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("took %s", took)
				}
				for _, s := range held {
					s.SetReadDeadline(time.Time{}) // they leave
				}
				attackers.Wait()
			})
		})
	}
}

// A large genuine body that comes in time is not given up, however much others
// wait.
func TestABodyThatComesInTimeKeepsItsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, secret := receiver(t, takes, 0)
		h := nethttp.Handler(r)
		var all sync.WaitGroup
		signature := core.Sign(zeros, secret)
		steady, serve := post(h, 10<<20, 9<<20, 100*time.Millisecond, false, signature)
		all.Go(serve)
		time.Sleep(time.Second)
		stalled, overloaded := []*sending{}, 0
		for range 50 {
			s, serve := post(h, 10<<20, 1, 0, false, signature)
			stalled = append(stalled, s)
			all.Go(serve)
		}
		time.Sleep(20 * time.Second)
		for _, s := range stalled {
			s.SetReadDeadline(time.Time{})
		}
		all.Wait()
		if steady.Code != 200 {
			t.Errorf("answered %d %s", steady.Code, steady.Body)
		}
		for _, s := range stalled {
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
		r, secret := receiver(t, core.HandlerFunc(func(context.Context, *core.Delivery) error {
			<-finish
			return nil
		}), 0)
		h := nethttp.Handler(r)
		signature := core.Sign(zeros, secret)
		codes := map[int]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		send := func() {
			s, serve := post(h, 10<<20, 0, 0, false, signature)
			all.Go(func() {
				serve()
				mu.Lock()
				codes[s.Code]++
				mu.Unlock()
			})
		}
		for range 10 {
			send()
		}
		time.Sleep(6 * time.Second)
		close(finish)
		all.Wait()
		if codes[200] != 3 || codes[503] != 7 {
			t.Errorf("answered %v", codes)
		}
		for range 3 {
			send()
		}
		all.Wait()
		if codes[200] != 6 {
			t.Errorf("then answered %v", codes)
		}
	})
}

// The room of a body that was given up is free before its answer is out, which an
// adapter may hold back until the sender has ended.
func TestBodiesThatWereGivenUpHoldNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, secret := receiver(t, takes, 0)
		h, leave := nethttp.Handler(r), make(chan struct{})
		holding := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(held{w, leave}, r) })
		var all sync.WaitGroup
		var stalled []*sending
		for range 24 {
			s, serve := post(holding, 10<<20, 1, 0, true, core.Sign(nil, secret))
			stalled = append(stalled, s)
			all.Go(serve)
		}
		time.Sleep(20 * time.Second)
		s, serve := post(h, 3<<20, 0, 0, false, core.Sign(zeros[:3<<20], secret))
		serve()
		if s.Code != 200 {
			t.Errorf("a genuine body is answered %d %s", s.Code, s.Body)
		}
		for _, s := range stalled {
			s.SetReadDeadline(time.Time{}) // they leave
		}
		close(leave)
		all.Wait()
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
	r, secret := receiver(t, takes, 0)
	server := serve(t, nethttp.Handler(r))
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	almost := bytes.Repeat([]byte{' '}, size-1)
	for range 24 {
		connection := connect(t, server, fmt.Sprintf("%s: %s\r\nContent-Length: %d\r\n\r\n", core.SignatureHeader, forged, size))
		go connection.Write(almost)
		go func() {
			answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
			if err == nil && answer.StatusCode != 503 && answer.StatusCode != 400 {
				t.Errorf("a body held back is answered %d", answer.StatusCode)
			}
		}()
	}
	text := bytes.Repeat([]byte{' '}, 200<<10)
	for range 20 {
		answer, err := send(t.Context(), t, server.URL, core.Sign(text, secret), bytes.NewReader(text))
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
	r, _ := receiver(t, nil, 0)
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
			connection := connect(t, server, test.head+"\r\n")
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
