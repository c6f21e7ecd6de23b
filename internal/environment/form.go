package environment

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/core/destination"
)

// formOf takes form=decoded out of a URL's query, and reports whether it was there.
// An endpoint's URL may have a form of its own. An overflow has none: it keeps
// what the queue was to have.
func formOf(variable, url string) (rest string, decode bool, err error) {
	rest, query, _ := strings.Cut(url, "?")
	isForm := func(member string) bool {
		return member == "form=decoded" || !isWeb(schemeOf(url)) && strings.HasPrefix(member, "form=")
	}
	var others, forms []string
	for member := range strings.SplitSeq(query, "&") {
		if isForm(member) {
			forms = append(forms, member)
		} else {
			others = append(others, member)
		}
	}
	switch {
	case len(forms) == 0:
		return url, false, nil
	case len(forms) > 1:
		return "", false, &ConfigError{variable, errors.New("asks for a form twice"), "write ?form=decoded once"}
	case forms[0] != "form=decoded":
		return "", false, &ConfigError{variable, errors.New("asks for a form that there is not"), "write ?form=decoded, or leave ?form= out for the exact bytes"}
	case variable == OverflowVariable:
		return "", false, &ConfigError{variable, errors.New("asks for the decoded form, and keeps what the queue was to have"), "write ?form=decoded behind the queue's URL"}
	}
	if len(others) > 0 {
		rest += "?" + strings.Join(others, "&")
	}
	return rest, true, nil
}

// decodedForm hands deliveries to a destination in the decoded form.
type decodedForm struct {
	core.Handler
	name string // of the destination
}

// Handle implements [core.Handler].
func (f decodedForm) Handle(ctx context.Context, d *core.Delivery) error {
	text, err := decoded.Of(d).MarshalJSON()
	if err != nil {
		return core.Permanent(fmt.Errorf("%s: the decoded form: %w", f, err))
	}
	return f.Handler.Handle(ctx, d.InForm("decoded", text, decoded.ContentType))
}

// String is how the destination calls itself.
func (f decodedForm) String() string { return f.name + "?form=decoded" }

// OverflowTo implements [destination.Overflower].
func (f decodedForm) OverflowTo(b destination.Bucket) {
	if o, ok := f.Handler.(destination.Overflower); ok {
		o.OverflowTo(b)
	}
}
