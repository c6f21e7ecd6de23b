package sqs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
)

func Example() {
	// Stands for AWS, whose address the SDK knows by itself.
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var message struct{ QueueUrl, MessageBody, MessageDeduplicationId string }
		json.Unmarshal(body, &message)
		fmt.Println(message.QueueUrl)
		fmt.Println(message.MessageDeduplicationId, message.MessageBody)
		io.WriteString(w, `{"MessageId":"1","MD5OfMessageBody":"833ab1c5a00d18b4cfaa967300b7f59e"}`)
	}))
	defer aws.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": aws.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	queue, err := sqs.Open("sqs://sqs.eu-west-1.amazonaws.com/123456789012/labels.fifo")
	if err != nil {
		log.Fatal(err)
	}
	delivery := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(`{"data_row":{"id":"row"},"projects":{}}`))
	if err := queue.Handle(context.Background(), delivery); err != nil {
		log.Fatal(err)
	}
	// Output:
	// https://sqs.eu-west-1.amazonaws.com/123456789012/labels.fifo
	// 8d8fef138b075c15bdea301f5ba1c446 {"data_row":{"id":"row"},"projects":{}}
}
