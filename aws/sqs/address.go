package sqs

import (
	"errors"
	"fmt"
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
	if strings.HasPrefix(rest, "arn:") {
		arn, err := sdk.ParseARN(rest, "sqs")
		if err != nil {
			return address{}, fmt.Errorf("%w; %s", err, forms)
		}
		if !isQueue(arn.Resource) || arn.Region == "" {
			return address{}, errors.New("this ARN names no queue; " + forms)
		}
		return address{arn.Resource, "https://" + arn.Host("sqs") + "/" + arn.Account + "/" + arn.Resource, arn.Region}, nil
	}
	if !strings.Contains(rest, "://") {
		rest = "https://" + rest
	}
	u, err := neturl.Parse(strings.TrimSuffix(rest, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return address{}, errNoQueue
	}
	u.Host = strings.ToLower(u.Host) // as AWS has it, so that the region is found in it
	account, name := path.Split(u.Path)
	account = strings.Trim(account, "/")
	region := regionOf(u.Hostname())
	if !isQueue(name) || account == "" || strings.Contains(u.Path, "//") || region != "" && !sdk.IsAccount(account) {
		return address{}, errNoQueue
	}
	return address{name, u.String(), region}, nil
}

var errNoQueue = errors.New("this names no queue; " + forms)

const forms = "write sqs://NAME, arn:aws:sqs:REGION:ACCOUNT:NAME or sqs://https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"

func isQueue(name string) bool {
	return len(name) <= 80 && sdk.IsName(strings.TrimSuffix(name, ".fifo"), 80, "_-")
}

// regionOf returns the region of a queue's host, "" if that tells none. Older
// URLs have it before the service.
func regionOf(host string) string {
	switch before, found := strings.CutSuffix(host, "queue.amazonaws.com"); {
	case found && before == "":
		return "us-east-1"
	case found:
		return strings.TrimSuffix(before, ".")
	}
	return sdk.RegionOf(host, "sqs")
}

// String returns sqs:// and the queue's name.
func (a address) String() string { return "sqs://" + a.name }
