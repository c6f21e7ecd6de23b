package azurehost

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	version       = "4.1037.0.0"
	userAgent     = "Azure-Functions-Host/" + version
	maxBody       = 100 << 20
	versionName   = "X-Azure-Functions-HostVersion"
	invocation    = "X-Azure-Functions-InvocationId"
	invocationToo = "x-ms-invocation-id"
)

// ServeHTTP passes a sender's request on.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(strings.TrimSuffix(r.URL.Path, "/"), h.app.Route) {
		http.Error(w, "", http.StatusNotFound)
		return
	}
	if r.ContentLength > maxBody {
		w.Header().Set("Connection", "close")
		http.Error(w, "", http.StatusRequestEntityTooLarge)
		return
	}
	worker, err := h.readyWorker(r.Context())
	if err != nil {
		http.Error(w, "Function host is not running.", http.StatusServiceUnavailable)
		return
	}
	id := guid()
	h.update(func() { h.invocations = append(h.invocations, id) })

	// The bindings need the body whole; what is sent in chunks they do without.
	body := io.Reader(r.Body)
	if r.ContentLength > 0 {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sender is gone
		}
		body = bytes.NewReader(content)
	}
	switch h.app.Mode {
	case Proxying:
		worker.proxy(w, r, body, id)
	case Forwarding:
		worker.forward(w, r, body, id)
	default:
		worker.envelop(w, r, body, h.app.Function, id)
	}
}

// proxy sends the request as it came, by YARP's defaults.
func (w *worker) proxy(out http.ResponseWriter, r *http.Request, body io.Reader, id string) {
	header := joined(r.Header)
	for _, hop := range strings.Split(r.Header.Get("Connection"), ",") {
		remove(header, strings.TrimSpace(hop))
	}
	for _, hop := range []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		remove(header, hop)
	}
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	for name, value := range map[string]string{
		"X-Forwarded-For": client, "X-Forwarded-Host": r.Host, "X-Forwarded-Proto": "http",
		versionName: version, invocation: id, invocationToo: id,
	} {
		remove(header, name)
		header[name] = []string{value}
	}
	request := w.request(r.Method, r.URL.Path, r.URL.RawQuery, header, body, r.ContentLength)
	response, err := w.tryRoundTrip(request.WithContext(r.Context()))
	if err != nil {
		out.WriteHeader(http.StatusBadGateway)
		return
	}
	passBack(out, response, true)
}

// tryRoundTrip tries again where the worker cannot be reached.
func (w *worker) tryRoundTrip(request *http.Request) (response *http.Response, err error) {
	delay := 50 * time.Millisecond
	for range 10 {
		response, err = w.transport.RoundTrip(request)
		operation, isOperation := err.(*net.OpError)
		if err == nil || !isOperation || operation.Op != "dial" {
			return response, err
		}
		time.Sleep(delay)
		delay = min(delay*2, 250*time.Millisecond)
	}
	return nil, err
}

// forward makes a new request of the one that came.
func (w *worker) forward(out http.ResponseWriter, r *http.Request, body io.Reader, id string) {
	if len(r.TransferEncoding) > 0 {
		http.Error(out, "", http.StatusInternalServerError) // "chunked", but without content
		return
	}
	header := joined(r.Header)
	for _, name := range []string{"Allow", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location", "Content-MD5", "Content-Range", "Expires", "Last-Modified"} {
		remove(header, name)
	}
	if r.ContentLength <= 0 {
		body = nil
		remove(header, "Content-Type")
	}
	header["User-Agent"] = []string{strings.TrimSpace(r.Header.Get("User-Agent") + " " + userAgent)}
	for name, value := range map[string]string{versionName: version, invocation: id} {
		values := append(r.Header.Values(name), value) // behind the sender's own
		remove(header, name)
		header[name] = []string{strings.Join(values, ", ")}
	}
	request := w.request(r.Method, r.URL.Path, joinedQuery(r.URL), header, body, r.ContentLength)
	request.Host = r.Host
	response, err := w.transport.RoundTrip(request.WithContext(r.Context()))
	if err != nil {
		http.Error(out, "", http.StatusInternalServerError)
		return
	}
	passBack(out, response, false)
}

func (w *worker) request(method, path, query string, header http.Header, body io.Reader, length int64) *http.Request {
	if _, named := header["User-Agent"]; !named {
		header["User-Agent"] = nil // or Go would add its own
	}
	request := &http.Request{
		Method:        method,
		URL:           &url.URL{Scheme: "http", Host: w.address, Path: path, RawQuery: query},
		Header:        header,
		ContentLength: length,
	}
	if body != nil && length != 0 {
		request.Body = io.NopCloser(body)
	}
	return request
}

// passBack sends the worker's response to the sender: as it comes, or once it
// is whole.
func passBack(out http.ResponseWriter, response *http.Response, stream bool) {
	defer response.Body.Close()
	body := io.Reader(response.Body)
	if !stream {
		content, err := io.ReadAll(body)
		if err != nil {
			out.WriteHeader(http.StatusInternalServerError)
			return
		}
		body = bytes.NewReader(content)
	}
	maps.Copy(out.Header(), response.Header)
	out.WriteHeader(response.StatusCode)
	if _, err := io.Copy(out, body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// joined is a header as .NET's client sends it: one line for each name. Names
// that are not HTTP's own are in lower case, as they come over HTTP/2.
func joined(header http.Header) http.Header {
	sent := http.Header{}
	for name, values := range header {
		if strings.HasPrefix(name, "X-") {
			name = strings.ToLower(name)
		}
		sent[name] = []string{strings.Join(values, ", ")}
	}
	return sent
}

// remove removes a name in any case.
func remove(header http.Header, name string) {
	maps.DeleteFunc(header, func(have string, _ []string) bool { return strings.EqualFold(have, name) })
}

// joinedQuery writes the query with one value for each name, in order.
func joinedQuery(u *url.URL) string {
	values := u.Query()
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(strings.Join(values[name], ",")))
	}
	return strings.Join(parts, "&")
}

func guid() string {
	b := make([]byte, 16)
	rand.Read(b)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
