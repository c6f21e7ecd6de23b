package sqs

import (
	"errors"
	neturl "net/url"
	"path"
	"regexp"
	"strings"
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
	if queueName.MatchString(rest) {
		return address{name: rest}, nil
	}
	if !strings.Contains(rest, "://") {
		rest = "https://" + rest
	}
	u, err := neturl.Parse(rest)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		strings.Count(u.Path, "/") < 2 || !queueName.MatchString(path.Base(u.Path)) {
		return address{}, errors.New("this names no queue; write sqs://NAME or sqs://https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")
	}
	a := address{name: path.Base(u.Path), url: u.String()}
	if m := queueHost.FindStringSubmatch(u.Hostname()); m != nil {
		a.region = m[1]
	}
	return a, nil
}

var (
	queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,75}([A-Za-z0-9_-]{0,5}|\.fifo)$`)
	queueHost = regexp.MustCompile(`^sqs(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$`)
)
