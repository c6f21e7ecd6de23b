package aws_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
)

// A receiver of one's own behind any of Lambda's triggers; a main function
// gives the handler to lambda.Start. This event is a Function URL's.
func Example() {
	key, err := secret.New("the secret given to Labelbox")
	if err != nil {
		panic(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		panic(err)
	}
	handler := aws.NewHandler(&core.Receiver{
		Secrets: secrets,
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
			fmt.Printf("%s: %s\n", d.Event, d.Body)
			return nil
		}),
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	})
	answer, err := handler.Invoke(context.Background(), fmt.Appendf(nil, `{
		"version": "2.0",
		"requestContext": {"http": {"method": "POST"}},
		"headers": {"x-labelbox-id": "2026-1", "x-hub-signature": %q},
		"body": "{\"modelRunId\": \"run\"}",
		"isBase64Encoded": false
	}`, core.Sign([]byte(`{"modelRunId": "run"}`), key)))
	fmt.Printf("%s %v\n", answer, err)

	_, err = handler.Invoke(context.Background(), []byte(`{"Records": [{"eventSource": "aws:sqs"}]}`))
	fmt.Println(err)
	// Output:
	// model_run.started: {"modelRunId": "run"}
	// {"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"status\":\"accepted\",\"id\":\"2026-1\",\"event\":\"model_run.started\"}\n","isBase64Encoded":false} <nil>
	// this function answers HTTP requests from a Function URL, API Gateway or an Application Load Balancer, but this event is from SQS; remove that trigger
}

// The whole main function of a receiver that does something with each label,
// and keeps what it cannot use in a queue: set LABELHOOK_DEAD_LETTER to
// sqs://NAME for that.
func ExampleStart() {
	mux := &core.Mux{
		LabelCreated: func(ctx context.Context, d *core.Delivery, e *payload.LabelEvent) error {
			slog.InfoContext(ctx, "a label", "data_row", e.DataRow.GlobalKey, "id", d.LabelID)
			return nil
		},
	}
	aws.Start(mux, core.WithDestination("sqs", sqs.Open))
}
