package eventbridge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// address is where a destination's URL points to.
type address struct {
	bus    string // its name or ARN, as it was given
	region string // of the bus; "" if only the name is known
}

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (address, error) {
	_, rest, _ := strings.Cut(url, ":")
	a := address{bus: strings.TrimPrefix(rest, "//")}
	name := a.bus
	if strings.HasPrefix(name, "arn:") {
		arn, err := sdk.ParseARN(name, "events")
		if err != nil {
			return address{}, fmt.Errorf("%w; %s", err, forms)
		}
		name, _ = strings.CutPrefix(arn.Resource, "event-bus/")
		if name == arn.Resource || arn.Region == "" {
			return address{}, errors.New("this ARN names no event bus; " + forms)
		}
		a.region = arn.Region
	}
	if !sdk.IsName(name, 256, "/._-") || slices.Contains(strings.Split(name, "/"), "") {
		return address{}, errors.New("this names no event bus; " + forms)
	}
	return a, nil
}

const forms = "write eventbridge://NAME, such as eventbridge://default, or arn:aws:events:REGION:ACCOUNT:event-bus/NAME"

// String returns eventbridge:// and the bus as it was given.
func (a address) String() string { return "eventbridge://" + a.bus }
