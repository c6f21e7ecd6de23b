//go:build !race

package annotation_test

// The race detector makes every allocation larger, so these tests are not for
// it; "make test" runs them once without.

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

// allocated returns how many bytes f allocates, and how many of them its result
// keeps.
func allocated(f func() any) (total, kept int) {
	var before, between, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	result := f()
	runtime.ReadMemStats(&between)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(result)
	return int(between.TotalAlloc - before.TotalAlloc), int(after.HeapAlloc) - int(before.HeapAlloc)
}

// The multiple of what is kept, that Annotations documents; twice that may be
// allocated.
const memoryPerByte, memoryForFree = 12, 1 << 20

func TestAnnotationsTakeMemoryInProportion(t *testing.T) {
	for name, content := range hostile(1 << 20) {
		label := &payload.Label{Content: []byte(content)}
		total, kept := allocated(func() any {
			a, err := label.Annotations()
			if err != nil && !errors.Is(err, payload.ErrDecode) {
				t.Errorf("%s: %v", name, err)
			}
			return a
		})
		if allowed := memoryPerByte*len(content) + memoryForFree; total > 2*allowed || kept > allowed {
			t.Errorf("%s: %d bytes allocated and %d kept, of %d bytes of JSON", name, total, kept, len(content))
		}
		if testing.Verbose() {
			t.Logf("%-28s %5.1f allocated %5.1f kept", name, float64(total)/float64(len(content)), float64(kept)/float64(len(content)))
		}
	}
}

// A payload's other lists take no more than a label's.
func TestPayloadsTakeMemoryInProportion(t *testing.T) {
	const n = 1 << 20
	list := func(before, item, after string) string {
		return before + strings.Repeat(item+",", n/(len(item)+1)) + item + after
	}
	var projects strings.Builder
	for i := 0; projects.Len() < n; i++ {
		fmt.Fprintf(&projects, `"%x":{},`, i)
	}
	for name, body := range map[string]string{
		"labels":       list(`{"data_row":{"id":"a"},"projects":{"p":{"labels":[`, `{"id":1}`, `]}}}`),
		"empty labels": list(`{"data_row":{"id":"a"},"projects":{"p":{"labels":[`, `{}`, `]}}}`),
		"numbers":      list(`{"data_row":{"id":"a"},"projects":{"p":{"labels":[`, `1`, `]}}}`),
		"projects":     `{"data_row":{"id":"a"},"projects":{` + projects.String() + `"p":{}}}`,
		"attachments":  list(`{"data_row":{"id":"a"},"attachments":[`, `{"":1}`, `]}`),
		"reviews":      list(`{"data_row":{"id":"a"},"projects":{"p":{"labels":[{"label_details":{"reviews":[`, `1`, `]}}]}}}`),
		"history":      list(`{"data_row":{"id":"a"},"projects":{"p":{"project_details":{"workflow_history":[`, `1`, `]}}}}`),
		"v1 text":      `{"id":"l","project":{"id":"p"},"dataRow":{"id":"d"},"label":"{\"objects\":[` + strings.Repeat(`{\"\":1},`, n/9) + `1]}"}`,
	} {
		d := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(body))
		total, kept := allocated(func() any {
			a, err := d.Annotations()
			if err != nil && !errors.Is(err, payload.ErrDecode) {
				t.Errorf("%s: %v", name, err)
			}
			return a
		})
		if allowed := memoryPerByte*len(body) + memoryForFree; total > 2*allowed || kept > allowed {
			t.Errorf("%s: %d bytes allocated and %d kept, of %d bytes of JSON", name, total, kept, len(body))
		}
		if testing.Verbose() {
			t.Logf("%-28s %5.1f allocated %5.1f kept", name, float64(total)/float64(len(body)), float64(kept)/float64(len(body)))
		}
	}
}
