package s3_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/core"
)

func Example() {
	// Stands for AWS, whose address the SDK knows by itself.
	aws := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("%s %s\n", body, r.Header.Get("x-amz-meta-ce-type"))
	}))
	defer aws.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	bucket, err := s3.Open("s3://my-bucket/labelbox")
	if err != nil {
		log.Fatal(err)
	}
	delivery := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(`{"data_row":{"id":"row"},"projects":{}}`))
	if err := bucket.Handle(context.Background(), delivery); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bucket.(*s3.Bucket).Locate(delivery))
	// Output:
	// {"data_row":{"id":"row"},"projects":{}} com.labelbox.label.created
	// s3://my-bucket/labelbox/event=label.created/dt=__HIVE_DEFAULT_PARTITION__/8d8fef138b075c15bdea301f5ba1c446.json
}
