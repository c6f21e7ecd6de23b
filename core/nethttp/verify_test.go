package nethttp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/labelhooktest"
)

// What Verify lets through, a receiver behind it still takes: nothing of the
// request is lost, and what is refused is answered the same.
func TestVerifyInFrontOfAReceiverChangesNothing(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
	// Around Verify the limit is known only once it is broken.
	cases := slices.DeleteFunc(conformance.Cases(), func(c conformance.Case) bool { return c.Name == "body one byte over the limit, not signed" })
	conform(t, cases, func(r *core.Receiver) http.Handler {
		return http.MaxBytesHandler(nethttp.Verify(r.Secrets, nethttp.Handler(r)), int64(r.Limit()))
	})
}

func TestTheHandlerBehindVerifyAnswersAndReadsTheProvenBody(t *testing.T) {
	r := receiver(nil, 0)
	var calls int
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, err := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %d %v", body, r.ContentLength, err)
	})
	for name, test := range map[string]struct {
		signature string
		length    int64
		status    int
		answer    string
	}{
		"declared": {core.Sign([]byte("genuine"), key), 7, 418, "genuine 7 <nil>"},
		"chunked":  {core.Sign([]byte("genuine"), key), -1, 418, "genuine 7 <nil>"},
		"forged":   {core.Sign([]byte("other"), key), 7, 401, "signature_mismatch"},
		"unsigned": {"", 7, 401, "signature_missing"},
	} {
		calls = 0
		request := httptest.NewRequest("POST", "/", strings.NewReader("genuine"))
		request.ContentLength = test.length
		if test.signature != "" {
			request.Header.Set(core.SignatureHeader, test.signature)
		}
		mine := request.Body
		answer := httptest.NewRecorder()
		nethttp.Verify(r.Secrets, next).ServeHTTP(answer, request)
		if answer.Code != test.status || !strings.Contains(answer.Body.String(), test.answer) || (calls == 1) != (test.status == 418) {
			t.Errorf("%s: %d %s after %d calls", name, answer.Code, answer.Body, calls)
		}
		if request.Body != mine {
			t.Errorf("%s: the server's own request was changed", name)
		}
	}
}

// A server that has a handler for the body already proves the sender first.
func ExampleVerify() {
	secrets := labelhooktest.Secrets() // in a program: secret.File, secret.Static or a cloud's
	mux := http.NewServeMux()
	mux.Handle("POST /labels", nethttp.Verify(secrets, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d bytes from Labelbox", len(body))
	})))

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, labelhooktest.Request(labelhooktest.Secret, "/labels", payload.LabelCreated, []byte("{}")))
	fmt.Println(answer.Code, answer.Body)
	// Output:
	// 200 2 bytes from Labelbox
}
