package inspector

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

//go:embed templates
var sources embed.FS

// pages are the templates. html/template makes text of whatever it is given; the
// pictures alone are markup, which core/annotation/draw has made safe.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.Local().Format(time.TimeOnly) },
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"day":   func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"bytes": bytesInWords,
	"short": short,
	"dash":  title,
	"shown": printable.Text,
	"class": classInPicture,
}).ParseFS(sources, "templates/*.html"))

// classInPicture is the name of a class as data-class has it in a picture, which XML
// cannot hold every character of.
func classInPicture(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0xfffe, r == 0xffff:
			return unicode.ReplacementChar
		}
		return r
	}, name)
}

// maxForm bounds what a form of the page may send, in bytes.
const maxForm = 16 << 10

// render answers with a template, once all of it is made.
func (p *page) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, "the page cannot be made: "+printable.Text(err.Error()), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	out.WriteTo(w) // an error means that the browser is gone
}

// fail answers with an error that the user may read.
func (p *page) fail(w http.ResponseWriter, r *http.Request, err error) {
	http.Error(w, printable.Text(err.Error()), statusOf(err))
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, inbox.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return http.StatusNotFound
	case errors.Is(err, inbox.ErrAmbiguous):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// short cuts a long id in its midst.
func short(id string) string {
	letters := []rune(printable.Text(id))
	if len(letters) <= 14 {
		return string(letters)
	}
	return string(letters[:6]) + "…" + string(letters[len(letters)-6:])
}

func bytesInWords(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1000/1000)
}
