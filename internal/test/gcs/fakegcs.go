// Package gcs is Google Cloud Storage as far as writing objects goes, in
// memory and on a loopback address: tests point STORAGE_EMULATOR_HOST at it. It
// answers as the JSON API does
// (https://cloud.google.com/storage/docs/json_api/v1/objects/insert), and
// refuses what that would refuse.
package gcs

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Object is one object that was written.
type Object struct {
	Content     []byte
	ContentType string
	Metadata    map[string]string
}

// Server has one bucket or more.
type Server struct {
	URL string

	mu       sync.Mutex
	buckets  map[string]bool
	objects  map[string]Object
	requests int
	refusal  *refusal
}

type refusal struct {
	status  int
	message string
}

// New starts a server with an empty bucket. It ends with the test.
func New(t testing.TB, bucket string) *Server {
	s := &Server{buckets: map[string]bool{bucket: true}, objects: map[string]Object{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /upload/storage/v1/b/{bucket}/o", s.insert)
	mux.HandleFunc("GET /storage/v1/b/{bucket}/o", s.list)
	mux.HandleFunc("GET /storage/v1/b/{bucket}/o/{name}", s.get)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Create makes another bucket.
func (s *Server) Create(bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[bucket] = true
}

// Objects returns what is in all buckets, by name.
func (s *Server) Objects() map[string]Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.objects)
}

// Requests returns how many there were.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Refuse makes the server answer every request with an error; 0 ends that.
func (s *Server) Refuse(status int, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = nil
	if status != 0 {
		s.refusal = &refusal{status, message}
	}
}

func (s *Server) insert(w http.ResponseWriter, r *http.Request) {
	name, object, err := read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	query := r.URL.Query()
	_, exists := s.objects[name]
	switch {
	case s.refusal != nil:
		answer(w, s.refusal.status, s.refusal.message)
	case err != nil:
		answer(w, http.StatusBadRequest, err.Error())
	case !s.buckets[r.PathValue("bucket")]:
		answer(w, http.StatusNotFound, "The specified bucket does not exist.")
	case query.Get("uploadType") != "multipart" || name == "":
		answer(w, http.StatusBadRequest, "only multipart uploads of a named object are modelled")
	case query.Get("ifGenerationMatch") == "0" && exists:
		answer(w, http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold.")
	default:
		s.objects[name] = object
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"name": name, "generation": "1"})
	}
}

// pageSize is how many names an answer lists: few, so that there are several.
const pageSize = 3

// list answers with the names in order
// (https://cloud.google.com/storage/docs/json_api/v1/objects/list).
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	switch {
	case s.refusal != nil:
		answer(w, s.refusal.status, s.refusal.message)
		return
	case !s.buckets[r.PathValue("bucket")]:
		answer(w, http.StatusNotFound, "The specified bucket does not exist.")
		return
	}
	var page struct {
		Items         []map[string]string `json:"items"`
		NextPageToken string              `json:"nextPageToken,omitempty"`
	}
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		switch {
		case !strings.HasPrefix(name, query.Get("prefix")), name < query.Get("startOffset"), name <= query.Get("pageToken"):
		case len(page.Items) == pageSize:
			page.NextPageToken = page.Items[pageSize-1]["name"]
		default:
			page.Items = append(page.Items, map[string]string{"name": name})
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(page)
}

// get answers with the metadata, or with the content alone
// (https://cloud.google.com/storage/docs/json_api/v1/objects/get).
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	object, found := s.objects[r.PathValue("name")]
	switch {
	case s.refusal != nil:
		answer(w, s.refusal.status, s.refusal.message)
	case !found || !s.buckets[r.PathValue("bucket")]:
		answer(w, http.StatusNotFound, "No such object: "+r.PathValue("bucket")+"/"+r.PathValue("name"))
	case r.URL.Query().Get("alt") != "media":
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"name": r.PathValue("name"), "metadata": object.Metadata})
	default:
		w.Header().Set("Content-Type", object.ContentType)
		w.Write(object.Content)
	}
}

// read takes an upload apart: a part of JSON and a part of content
// (https://cloud.google.com/storage/docs/uploading-objects#rest-upload-objects).
func read(r *http.Request) (name string, o Object, err error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/related" {
		return "", o, fmt.Errorf("Content-Type is %q", r.Header.Get("Content-Type"))
	}
	parts := multipart.NewReader(r.Body, parameters["boundary"])
	first, err := parts.NextRawPart()
	if err != nil {
		return "", o, err
	}
	var resource struct {
		Name, ContentType, Crc32c string
		Metadata                  map[string]string
	}
	if err := json.NewDecoder(first).Decode(&resource); err != nil {
		return "", o, err
	}
	second, err := parts.NextRawPart()
	if err != nil {
		return "", o, err
	}
	o = Object{ContentType: second.Header.Get("Content-Type"), Metadata: resource.Metadata}
	if resource.ContentType != "" {
		o.ContentType = resource.ContentType
	}
	if o.Content, err = io.ReadAll(second); err != nil {
		return "", o, err
	}
	size := 0
	for name, value := range o.Metadata {
		size += len(name) + len(value)
	}
	if _, _, err := mime.ParseMediaType(o.ContentType); err != nil || size > 8<<10 || len(resource.Name) > 1024 {
		return "", o, fmt.Errorf("content type %q, %d bytes of metadata, a name of %d bytes", o.ContentType, size, len(resource.Name))
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(o.Content, crc32.MakeTable(crc32.Castagnoli)))
	if got := base64.StdEncoding.EncodeToString(sum); resource.Crc32c != "" && resource.Crc32c != got {
		return "", o, fmt.Errorf("the CRC32C %q is not that of the content, %q", resource.Crc32c, got)
	}
	return resource.Name, o, nil
}

// answer is an error as Google's APIs have it.
func answer(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{
		"code": status, "message": message,
		"errors": []map[string]string{{"message": message, "reason": strings.ToLower(http.StatusText(status))}},
	}})
}
