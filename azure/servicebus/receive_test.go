package servicebus_test

import (
	"testing"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func TestQueueURLs(t *testing.T) {
	t.Setenv("SERVICEBUS_CONNECTION_STRING", "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true")
	for _, url := range []string{
		"servicebus://namespace/labels", "servicebus://namespace/labels/$deadletterqueue", "servicebus://namespace/topic/Subscriptions/all",
	} {
		if _, err := servicebus.OpenQueue(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	destinationtest.CheckRefused(t, servicebus.OpenQueue, "write servicebus://NAMESPACE/ENTITY",
		"servicebus://", "servicebus://namespace", "servicebus://namespace/$deadletterqueue", "servicebus://a/labels", "servicebus://namespace/labels?key=x")
}
