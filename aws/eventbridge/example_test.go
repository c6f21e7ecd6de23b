package eventbridge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/core"
)

func Example() {
	// Stands for AWS, whose address the SDK knows by itself.
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var call struct {
			Entries []struct{ Source, DetailType, Detail string }
		}
		json.Unmarshal(body, &call)
		for _, event := range call.Entries {
			fmt.Println(event.Source, event.DetailType, event.Detail)
		}
		io.WriteString(w, `{"Entries":[{"EventId":"1"}]}`)
	}))
	defer aws.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	bus, err := eventbridge.Open("eventbridge://labels")
	if err != nil {
		log.Fatal(err)
	}
	delivery := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(`{"data_row":{"id":"row"},"projects":{}}`))
	if err := bus.Handle(context.Background(), delivery); err != nil {
		log.Fatal(err)
	}
	// Output:
	// labelbox com.labelbox.label.created {"data_row":{"id":"row"},"projects":{}}
}
