package sqs

import (
	"errors"
	neturl "net/url"
	"path"
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// address is where a destination's URL points to.
type address struct {
	name   string
	url    string // of the queue; "" if only the name is known
	region string // of the queue; "" if the URL does not tell
}

// parse reads the URL of a destination. Its error does not repeat it.
func parse(destination string) (address, error) {
	_, rest, _ := strings.Cut(destination, ":")
	rest = strings.TrimPrefix(rest, "//")
	if isQueue(rest) {
		return address{name: rest}, nil
	}
	if !strings.Contains(rest, "://") {
		rest = "https://" + rest
	}
	u, err := neturl.Parse(rest)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		strings.Count(u.Path, "/") < 2 || !isQueue(path.Base(u.Path)) {
		return address{}, errors.New("this names no queue; write sqs://NAME or sqs://https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")
	}
	return address{path.Base(u.Path), u.String(), region(u.Hostname())}, nil
}

func isQueue(name string) bool {
	return len(name) <= 80 && sdk.IsName(strings.TrimSuffix(name, ".fifo"), 80, "_-")
}

// region returns REGION of sqs.REGION.amazonaws.com, "" of any other host.
func region(host string) string {
	service, rest, _ := strings.Cut(host, ".")
	region, domain, _ := strings.Cut(rest, ".")
	if service != "sqs" && service != "sqs-fips" || domain != "amazonaws.com" && domain != "amazonaws.com.cn" {
		return ""
	}
	return region
}
