package eventbridge_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestEventsGoToTheBus(t *testing.T) {
	const arn = "arn:aws:events:us-east-2:123456789012:event-bus/labels"
	s := standIn(t)
	b, d := open(t, "eventbridge://"+arn), destinationtest.Label(t)
	for range 2 {
		required.NoError(t, b.Handle(t.Context(), d))
	}
	got := s.entries[1]
	if got.EventBusName != arn || got.Source != "labelbox" || got.DetailType != "com.labelbox.label.created" || got.Detail != string(d.Body) || int64(*got.Time) != d.Time.Unix() {
		t.Errorf("sent %+v", got)
	}
	if !slices.Equal(s.Calls(), []string{"DescribeEventBus", "PutEvents", "PutEvents"}) || !strings.Contains(got.authorization, "/us-east-2/events/aws4_request") {
		t.Errorf("called %q for %s", s.Calls(), got.authorization)
	}
}

func TestABodyThatIsNoPortableObjectIsWrapped(t *testing.T) {
	nested := func(levels int) string {
		return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + "}"
	}
	for name, test := range map[string]struct {
		body string
		bare bool
	}{
		"an object":          {`{"a":1}`, true},
		"white space around": {" \r\n{\"a\":1}\r\n\n", true},
		"an empty object":    {"{}", true},
		"1000 levels":        {nested(1000), true},
		"1001 levels":        {nested(1001), false},
		"20000 levels":       {strings.Repeat("[", 20_000), false},
		"duplicate names":    {`{"a":1,"a":2}`, false},
		"not UTF-8":          {"{\"a\":\"\xff\"}", false},
		"half a pair":        {`{"a":"\ud83d"}`, false},
		"byte order mark":    {"\ufeff{}", false},
		"a list":             {`[{}]`, false},
		"a text":             {`"{}"`, false},
		"null":               {"null", false},
		"cut short":          {`{"a":`, false},
		"two values":         {`{} {}`, false},
		"an object and more": {`{}x`, false},
		"no JSON":            {"a=b", false},
		"a blank":            {" ", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := standIn(t)
			d := destinationtest.New("delivery", "LABEL_CREATED", []byte(test.body))
			required.NoError(t, open(t, "eventbridge://labels").Handle(t.Context(), d))
			if test.bare {
				if s.entries[0].Detail != test.body {
					t.Errorf("sent %s", s.entries[0].Detail)
				}
				return
			}
			checkWrapped(t, s.entries[0].Detail, d, "data_base64", base64.StdEncoding.EncodeToString(d.Body))
		})
	}
}

// checkWrapped compares a detail with the delivery in CloudEvents' JSON format.
func checkWrapped(t *testing.T, detail string, d *core.Delivery, name, value string) {
	t.Helper()
	var got map[string]string
	if err := json.Unmarshal([]byte(detail), &got); err != nil {
		t.Fatalf("%v in %.200s", err, detail)
	}
	for _, a := range append(d.Attributes(), core.Attribute{Name: name, Value: value}) {
		if got[a.Name] != a.Value {
			t.Errorf("%s is %.200q, want %.200q", a.Name, got[a.Name], a.Value)
		}
		delete(got, a.Name)
	}
	if len(got) > 0 {
		t.Errorf("and it says %q", got)
	}
}

func TestADetailThatEventBridgeDoesNotLikeIsWrapped(t *testing.T) {
	s := standIn(t)
	s.Fail("entry", moto.Failure{Times: 1, Status: 200, Code: "MalformedDetail", Message: "Detail is malformed."})
	d := destinationtest.New("delivery", "LABEL_CREATED", []byte(`{"a":1e999999}`))
	required.NoError(t, open(t, "eventbridge://labels").Handle(t.Context(), d))
	checkWrapped(t, s.entries[0].Detail, d, "data_base64", base64.StdEncoding.EncodeToString(d.Body))
}

func TestResourcesHoldWhatHeadersHold(t *testing.T) {
	s := standIn(t)
	d := destinationtest.Label(t)
	d.ID = "a\x00\xff" + strings.Repeat("é", 1000)
	long := destinationtest.Label(t)
	long.ID = strings.Repeat("i", 2049)
	b := open(t, "eventbridge://labels")
	for _, d := range []*core.Delivery{d, long} {
		required.NoError(t, b.Handle(t.Context(), d))
	}
	if !slices.Contains(s.entries[0].Resources, "id=a\x00\uFFFD"+strings.Repeat("é", 1000)) {
		t.Errorf("got %q", s.entries[0].Resources)
	}
	if slices.ContainsFunc(s.entries[1].Resources, func(r string) bool { return strings.HasPrefix(r, "id=") }) {
		t.Errorf("got %q", s.entries[1].Resources)
	}
}

const limit = 1_048_576

// sized is a delivery whose entry has exactly n bytes.
func sized(t testing.TB, n int) *core.Delivery {
	s := standIn(t)
	d := destinationtest.New("delivery", "LABEL_CREATED", []byte("{}"))
	required.NoError(t, open(t, "eventbridge://labels").Handle(t.Context(), d))
	return destinationtest.New("delivery", "LABEL_CREATED", []byte("{"+strings.Repeat(" ", n-s.entries[0].size())+"}"))
}

func TestTheLimitOfAnEvent(t *testing.T) {
	for n, fits := range map[int]bool{limit: true, limit + 1: false} {
		d := sized(t, n)
		s := standIn(t)
		err := open(t, "eventbridge://labels").Handle(t.Context(), d)
		if fits && (err != nil || s.entries[0].size() != n) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if !fits && (!core.IsPermanent(err) || len(s.entries) > 0 || !strings.Contains(err.Error(), "set LABELHOOK_OVERFLOW")) {
			t.Errorf("%d bytes: %v after %q", n, err, s.Calls())
		}
	}
}

// A bus may have a limit of its own, and a body that is larger in base64.
func TestWhatTheBusFindsTooLargeOverflows(t *testing.T) {
	for d, fail := range map[*core.Delivery]moto.Failure{
		destinationtest.New("delivery", "LABEL_CREATED", []byte(strings.Repeat("\x00", limit*3/4))): {},
		destinationtest.Label(t): {Times: 2, Status: 400, Code: "ValidationException", Message: "Total size of the entries in the request is over the limit."},
	} {
		s := standIn(t)
		b := open(t, "eventbridge://labels")
		s.Fail("PutEvents", fail)
		if err := b.Handle(t.Context(), d); !core.IsPermanent(err) || len(s.entries) != 0 {
			t.Errorf("without a bucket: %v", err)
		}
		s.Fail("PutEvents", fail)
		bucket, err := destination.NewFolder(t.TempDir())
		required.NoError(t, err)
		b.(destination.Overflower).OverflowTo(bucket)
		required.NoError(t, b.Handle(t.Context(), d))
		checkWrapped(t, s.entries[0].Detail, d, "dataref", bucket.Locate(d))
	}
}

func TestFailuresAreForNowAndSayWhatToDo(t *testing.T) {
	moto.CheckRefusals(t, func(t testing.TB) (*moto.StandIn, core.Handler) {
		return standIn(t).StandIn, open(t, "eventbridge://labels")
	}, []moto.Refusal{
		{Call: "PutEvents", Status: 400, Code: "AccessDeniedException", Calls: 2, Says: "allow this process events:PutEvents"}, // the other call looks for the bus
		{Call: "PutEvents", Status: 400, Code: "ThrottlingException", Calls: 4},
		{Call: "PutEvents", Status: 500, Code: "InternalException", Calls: 4},
		{Call: "entry", Status: 200, Code: "ThrottlingException", Calls: 2},
		{Call: "entry", Status: 200, Code: "InternalFailure", Calls: 2},
		{Call: "entry", Status: 200, Code: "AccessDeniedException", Calls: 2, Says: "allow this process events:PutEvents"},
		{Call: "entry", Status: 200, Code: "NotAuthorizedForSourceException", Calls: 2, Says: "allow the source labelbox"},
		{Call: "answer", Status: 200, Calls: 2, Says: "does not say that the event was taken"},
		{Call: "DescribeEventBus", Status: 400, Code: "ResourceNotFoundException", Calls: 1, Says: "create the bus"},
	})
}

// Permission to look for the bus is a help, not a need.
func TestABusThatCannotBeLookedForTakesEvents(t *testing.T) {
	for code, looks := range map[string]int{"AccessDeniedException": 1, "InternalException": 6} {
		s := standIn(t)
		s.Fail("DescribeEventBus", moto.Failure{Times: 9, Status: 400, Code: code})
		if code == "InternalException" {
			s.Fail("DescribeEventBus", moto.Failure{Times: 9, Status: 500, Code: code})
		}
		b := open(t, "eventbridge://labels")
		for range 2 {
			if err := b.Handle(t.Context(), destinationtest.Label(t)); err != nil {
				t.Errorf("%s: %v", code, err)
			}
		}
		if len(s.entries) != 2 || len(s.Calls()) != looks+2 {
			t.Errorf("%s: called %q", code, s.Calls())
		}
	}
}
