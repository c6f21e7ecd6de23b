package servicebus

import (
	"errors"
	"regexp"
	"strings"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

// address is where a destination's URL points to.
type address struct{ host, namespace, entity string }

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (address, error) {
	host, entity, err := sdk.Split(url)
	namespace, rest, full := strings.Cut(host, ".")
	if err != nil || !isNamespace(namespace) || full && !strings.HasPrefix(rest, "servicebus.") || !isEntity(entity) {
		return address{}, errors.New("this names no queue or topic; write servicebus://NAMESPACE/ENTITY")
	}
	if !full {
		host += ".servicebus.windows.net"
	}
	return address{host, namespace, entity}, nil
}

// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftservicebus.
// The expressions are compiled here and not at every start, of which each would
// be a tenth.
func isNamespace(name string) bool {
	return 6 <= len(name) && len(name) <= 50 && regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$`).MatchString(name)
}

func isEntity(name string) bool {
	return len(name) <= 260 && regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$`).MatchString(name)
}

// String returns the URL.
func (a address) String() string { return "servicebus://" + a.namespace + "/" + a.entity }
