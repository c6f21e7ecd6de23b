package eventbridge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func open(t testing.TB, url string) core.Handler {
	t.Helper()
	h, err := eventbridge.Open(url)
	required.NoError(t, err)
	return h
}

// service stands for EventBridge where moto is not.
type service struct {
	*moto.StandIn
	entries []entry
}

type entry struct {
	EventBusName, Source, DetailType, Detail string
	Resources                                []string
	Time                                     *float64
	authorization                            string
}

// size is what EventBridge's documentation counts.
func (e entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// standIn has two failures of its own: "entry" fails one entry of a call that
// succeeds, and "answer" leaves the entry out.
func standIn(t testing.TB) *service {
	s := new(service)
	s.StandIn = moto.NewStandIn(t, func(w http.ResponseWriter, r *http.Request, call string, body []byte) {
		if call == "DescribeEventBus" {
			fmt.Fprint(w, `{"Name":"labels"}`)
			return
		}
		if f, failing := s.Failing("entry"); failing {
			json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": 1,
				"Entries": []map[string]string{{"ErrorCode": f.Code, "ErrorMessage": f.Message}}})
			return
		}
		if _, failing := s.Failing("answer"); failing {
			fmt.Fprint(w, `{"FailedEntryCount":1,"Entries":[]}`)
			return
		}
		var request struct{ Entries []entry }
		if err := json.Unmarshal(body, &request); err != nil {
			t.Error(err)
		}
		for _, e := range request.Entries {
			e.authorization = r.Header.Get("Authorization")
			s.entries = append(s.entries, e)
		}
		fmt.Fprint(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`)
	})
	return s
}
