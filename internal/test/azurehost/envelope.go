package azurehost

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// envelope is what the host says of a request.
type envelope struct {
	Data     map[string]any
	Metadata map[string]any
}

type enveloped struct {
	Url        string // the host's spelling
	Method     string
	Query      map[string]string
	Headers    http.Header
	Params     map[string]string
	Identities []any
	Body       any `json:",omitempty"`
}

// Seal returns the envelope of a request to the function, whose body is whole.
// Without a Content-Length above 0 the body is left out.
func Seal(function string, r *http.Request, body []byte) ([]byte, error) {
	query := map[string]string{}
	for name, values := range r.URL.Query() {
		query[name] = strings.Join(values, ",")
	}
	headers := http.Header{}
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-") {
			name = strings.ToLower(name)
		}
		headers[name] = values
	}
	request := enveloped{
		Url: "http://" + r.Host + r.URL.RequestURI(), Method: r.Method, Query: query, Headers: headers,
		Params:     map[string]string{},
		Identities: []any{map[string]any{"AuthenticationType": nil, "IsAuthenticated": false, "Claims": []any{}}},
	}
	metadata := map[string]any{}
	if r.ContentLength > 0 {
		request.Body = textOf(body)
		if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media == "application/octet-stream" || strings.HasPrefix(media, "multipart/") {
			request.Body = base64.StdEncoding.EncodeToString(body)
		}
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(textOf(body)), &members) == nil {
			for name, value := range members {
				metadata[name] = value
			}
		}
	}
	metadata["Query"], metadata["Headers"] = query, headers
	metadata["sys"] = map[string]any{"MethodName": function, "UtcNow": time.Now().UTC(), "RandGuid": guid()}

	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(envelope{map[string]any{"req": request}, metadata}); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// textOf decodes a body as .NET's StreamReader does: a byte order mark decides
// and is dropped; what is not valid becomes U+FFFD.
func textOf(body []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return string([]rune(string(body[3:])))
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return string([]rune(string(body)))
	}
	var units []uint16
	for rest := body[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return string(utf16.Decode(units))
}

// envelop posts the envelope to the path of the function's name, and answers
// the sender with what is in the envelope that comes back.
func (w *worker) envelop(out http.ResponseWriter, r *http.Request, body io.Reader, function, id string) {
	content, err := io.ReadAll(body)
	if err != nil {
		return // the sender is gone
	}
	text, err := Seal(function, r, content)
	if err != nil {
		http.Error(out, "", http.StatusInternalServerError)
		return
	}
	header := http.Header{
		"Content-Type": {"application/json; charset=utf-8"},
		"User-Agent":   {userAgent},
		versionName:    {version},
		invocation:     {id},
	}
	request := w.request("POST", "/"+function, "", header, bytes.NewReader(text), -1)
	client := http.Client{Transport: w.transport}
	response, err := client.Do(request.WithContext(r.Context()))
	if err != nil {
		http.Error(out, "", http.StatusInternalServerError)
		return
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil {
		err = Open(out, response, answer)
	}
	if err != nil {
		http.Error(out, "", http.StatusInternalServerError)
	}
}

// Open sends the answer that is in a worker's envelope. The error says why
// the host takes the invocation for failed; nothing is sent then.
func Open(out http.ResponseWriter, response *http.Response, text []byte) error {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode < 200 || response.StatusCode > 299 || media != "application/json" {
		return fmt.Errorf("the handler answered %d %s", response.StatusCode, media)
	}
	var answer struct {
		Outputs struct {
			Res *struct {
				StatusCode, Status any
				Headers            map[string]string
				Body               any
			}
		}
		Logs        []string
		ReturnValue any
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return err
	}
	if answer.Outputs.Res == nil {
		out.WriteHeader(http.StatusOK)
		return nil
	}
	res := *answer.Outputs.Res
	status := http.StatusOK
	for _, value := range []any{res.Status, res.StatusCode} { // the latter outweighs
		switch v := value.(type) {
		case float64:
			status = int(v)
		case string:
			if n, err := strconv.Atoi(v); err == nil {
				status = n
			}
		}
	}
	body, isText := res.Body.(string)
	if !isText && res.Body != nil {
		encoded, err := json.Marshal(res.Body)
		if err != nil {
			return err
		}
		body = string(encoded)
	}
	for name, value := range res.Headers {
		out.Header().Set(name, value)
	}
	out.WriteHeader(status)
	io.WriteString(out, body)
	return nil
}
