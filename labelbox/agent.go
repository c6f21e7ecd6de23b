package labelbox

import (
	"runtime/debug"
	"strings"
	"sync"
)

const modulePath = "github.com/labelhook/labelhook"

// userAgent says who asks: labelhook, in the version that this program was
// built with.
var userAgent = sync.OnceValue(func() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == modulePath && strings.HasPrefix(m.Version, "v") {
				version = strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	return "labelhook/" + version + " (+https://" + modulePath + ")"
})
