package annotation_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/payload"
)

// hostile are label contents of about n bytes that make much out of little.
func hostile(n int) map[string]string {
	list := func(before, item, after string) string {
		return before + strings.Repeat(item+",", n/(len(item)+1)) + item + after
	}
	names := func(before, format, after string) string {
		var b strings.Builder
		b.WriteString(before)
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, format+",", i)
		}
		fmt.Fprintf(&b, format+"%s", -1, after)
		return b.String()
	}
	deep := func(open, shut string) string {
		levels := min(n/(len(open)+len(shut)), 3_000)
		return strings.Repeat(open, levels) + "1" + strings.Repeat(shut, levels)
	}
	return map[string]string{
		"empty objects":             list(`{"objects":[`, `{}`, `]}`),
		"empty texts":               list(`{"objects":[`, `""`, `]}`),
		"empty arrays":              list(`{"objects":[`, `[]`, `]}`),
		"numbers":                   list(`{"objects":[{"feature_id":"a"},`, `1`, `]}`),
		"small objects":             list(`{"objects":[`, `{"":1}`, `]}`),
		"small ids":                 list(`{"objects":[`, `{"feature_id":1}`, `]}`),
		"small boxes":               list(`{"objects":[`, `{"bbox":{"top":1}}`, `]}`),
		"small points":              list(`{"objects":[`, `{"point":[1,2]}`, `]}`),
		"small pages":               list(`{"objects":[`, `{"page":1}`, `]}`),
		"small masks":               list(`{"objects":[`, `{"mask":"u"}`, `]}`),
		"objects by id":             names(`{"objects":{`, `"%x":{}`, `}}`),
		"classifications":           list(`{"classifications":[`, `{"":1}`, `]}`),
		"answered":                  list(`{"classifications":[`, `{"answer":1}`, `]}`),
		"classifications below":     list(`{"objects":[{"classifications":[`, `{"":1}`, `]}]}`),
		"options":                   list(`{"classifications":[{"answers":[`, `1`, `]}]}`),
		"empty options":             list(`{"classifications":[{"answers":[`, `{}`, `]}]}`),
		"text answers":              list(`{"classifications":[{"text_answer":[`, `1`, `]}]}`),
		"relationships":             list(`{"relationships":[`, `{"":1}`, `]}`),
		"relationships of numbers":  list(`{"relationships":[{"name":"a"},`, `1`, `]}`),
		"segments":                  list(`{"segments":{"a":[`, `[1,2]`, `]}}`),
		"broken segments":           list(`{"segments":{"a":[`, `["x"]`, `]}}`),
		"segments by id":            names(`{"segments":{`, `"%x":[[1,2]]`, `}}`),
		"key frames":                list(`{"objects":[],"key_frame_feature_map":{"a":[`, `1`, `]}}`),
		"key frames by number":      names(`{"key_frame_feature_map":{"a":{`, `"%d":true`, `}}}`),
		"key frames by id":          names(`{"key_frame_feature_map":{`, `"%x":[1]`, `}}`),
		"points":                    list(`{"objects":[{"polygon":[`, `[1,2]`, `]}]}`),
		"points by name":            list(`{"objects":[{"polygon":[`, `{"x":1,"y":2}`, `]}]}`),
		"points of no number":       list(`{"objects":[{"polygon":[`, `[1e999,1]`, `]}]}`),
		"positions":                 list(`{"objects":[{"geojson":{"coordinates":[`, `[1,2]`, `]}}]}`),
		"rings":                     list(`{"objects":[{"geojson":{"coordinates":[`, `[[1,2]]`, `]}}]}`),
		"polygons":                  list(`{"objects":[{"geojson":{"coordinates":[`, `[[[1,2]]]`, `]}}]}`),
		"messages":                  list(`{"objects":[{"selected_messages":[`, `"a"`, `]}]}`),
		"token groups":              list(`{"objects":[{"location":[`, `{"text":1}`, `]}]}`),
		"tokens":                    list(`{"objects":[{"location":{"groups":[{"tokens":[`, `1`, `]}]}}]}`),
		"frames":                    list(`[`, `{"objects":[1]}`, `]`),
		"frames of numbers":         list(`{"objects":[],"frames":[{"feature_id":"a"},`, `1`, `]}`),
		"frames by number":          names(`{"frames":{`, `"%d":{"objects":{"a":1}}`, `}}`),
		"empty frames":              names(`{"frames":{`, `"%d":{}`, `}}`),
		"frames without a number":   names(`{"frames":{`, `"f%d":1`, `}}`),
		"frame lines":               strings.Repeat(`{"frameNumber":1,"objects":[{"a":1}]}`+"\n", n/38),
		"groups":                    list(`{"groups":[{"name":"a"},`, `1`, `]}`),
		"classes":                   names(`{`, `"%x":1`, `}`),
		"empty classes":             names(`{`, `"%x":""`, `}`),
		"classes of objects":        names(`{`, `"%x":{"":1}`, `}`),
		"answers to a class":        list(`{"a":[`, `1`, `]}`),
		"points of a class":         list(`{"a":[`, `{"x":1,"y":2}`, `]}`),
		"drawn in text":             list(`{"a":"MULTIPOLYGON (`, `((1 2,3 4,5 6))`, `)"}`),
		"holes drawn in text":       list(`{"a":"POLYGON (`, `(1 2,3 4,5 6)`, `)"}`),
		"names":                     names(`{"objects":[{`, `"%x":1`, `}]}`),
		"escaped names":             names(`{"objects":[{`, `"\u0041%x":1`, `}]}`),
		"objects with escaped name": list(`{"objects":[`, `{"\u0061":1}`, `]}`),
		"escapes":                   `{"objects":[{"name":"` + strings.Repeat(`\u0041`, n/6) + `"}]}`,
		"escaped values":            list(`{"objects":[`, `{"name":"\u0041"}`, `]}`),
		"nesting":                   deep(`{"a":`, `}`),
		"nested arrays":             deep(`{"objects":[[`, `]]}`),
		"nested classifications":    `{"classifications":[` + deep(`{"classifications":[`, `]}`) + `]}`,
		"nested answers":            `{"classifications":[` + deep(`{"answer":{"classifications":[`, `]}}`) + `]}`,
		"blanks":                    `{"objects":[` + strings.Repeat(" ", n) + `]}`,
		"front-loaded":              list(`{"objects":[`, `{"":1}`, `],"a":"`) + strings.Repeat("x", 3*n) + `"}`,
	}
}

// BenchmarkHostileAnnotations shows for each shape what a byte of it costs: the
// time (MB/s) must not depend on n, nor the bytes allocated for each byte read.
func BenchmarkHostileAnnotations(b *testing.B) {
	for _, n := range []int{1 << 20, 8 << 20} {
		for name, content := range hostile(n) {
			b.Run(fmt.Sprintf("%s/%dMiB", name, n>>20), func(b *testing.B) {
				label := &payload.Label{Content: []byte(content)}
				b.SetBytes(int64(len(content)))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for b.Loop() {
					if _, err := label.Annotations(); err != nil && !errors.Is(err, payload.ErrDecode) {
						b.Fatal(err)
					}
				}
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(len(content)), "allocated/byte")
			})
		}
	}
}
