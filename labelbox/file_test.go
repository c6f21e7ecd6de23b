package labelbox_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/labelbox"
)

func TestFileKeepsTheKeyAtLabelbox(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "/mask", http.StatusFound)
		case "/gone":
			http.NotFound(w, r)
		default:
			w.Write([]byte("0123456789"))
		}
	}))
	defer server.Close()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	defer other.Close()
	client, err := labelbox.NewClient("key-of-a-user-1234567890", labelbox.WithEndpoint(server.URL+"/graphql"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		address string
		limit   int64
		want    error
	}{
		"the endpoint's own host": {server.URL + "/mask", 10, nil},
		"too large":               {server.URL + "/mask", 9, labelbox.ErrUnexpected},
		"gone":                    {server.URL + "/gone", 10, labelbox.ErrNotFound},
		"redirected":              {server.URL + "/away", 10, labelbox.ErrUnexpected},
		"another port":            {other.URL + "/mask", 10, labelbox.ErrForeignHost},
		"http to Labelbox":        {"http://api.labelbox.com/mask", 10, labelbox.ErrForeignHost},
		"a name that ends so":     {"https://evil-labelbox.com/mask", 10, labelbox.ErrForeignHost},
		"a name that begins so":   {"https://labelbox.com.example.com/mask", 10, labelbox.ErrForeignHost},
		"a user before it":        {"https://api.labelbox.com@" + strings.TrimPrefix(other.URL, "http://") + "/", 10, labelbox.ErrForeignHost},
		"a user at Labelbox":      {"https://user@api.labelbox.com/", 10, labelbox.ErrForeignHost},
		"another port of it":      {"https://api.labelbox.com:8443/", 10, labelbox.ErrForeignHost},
		"a backslash":             {`https://evil.example\@api.labelbox.com/`, 10, labelbox.ErrForeignHost},
		"no host":                 {"file:///etc/passwd", 10, labelbox.ErrForeignHost},
		"nothing":                 {"", 10, labelbox.ErrForeignHost},
	} {
		t.Run(name, func(t *testing.T) {
			content, err := client.File(t.Context(), test.address, test.limit)
			if !errors.Is(err, test.want) || test.want == nil && string(content) != "0123456789" {
				t.Errorf("%q, %v", content, err)
			}
			if err != nil && strings.Contains(err.Error(), "key-of-a-user") {
				t.Errorf("the key is in %v", err)
			}
		})
	}
	for _, a := range asked {
		if !strings.HasSuffix(a, " Bearer key-of-a-user-1234567890") {
			t.Errorf("%q", a)
		}
	}
}
