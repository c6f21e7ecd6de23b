package labelbox_test

import (
	"testing"

	"github.com/labelhook/labelhook/labelbox"
)

func TestSameReceiver(t *testing.T) {
	const url = "https://receiver.acme.dev/hooks/labelbox?a=1&b=2"
	for _, same := range []string{
		url,
		"HTTPS://Receiver.ACME.dev/hooks/labelbox?a=1&b=2",
		"https://receiver.acme.dev:443/hooks/labelbox?a=1&b=2",
		"https://receiver.acme.dev:/hooks/labelbox?a=1&b=2",
		"https://receiver.acme.dev./hooks/labelbox?a=1&b=2",
		"https://receiver.acme.dev/hooks/labelbox/?a=1&b=2",
		"https://receiver.acme.dev//hooks/./x/../labelbox?a=1&b=2",
		"https://receiver.acme.dev/%68ooks/l%61belbox?a=1&b=2",
		"https://receiver.acme.dev/hooks/labelbox?b=2&a=%31",
		"https://user:password@receiver.acme.dev/hooks/labelbox?a=1&b=2#part",
	} {
		if !labelbox.SameReceiver(url, same) || !labelbox.SameReceiver(same, url) {
			t.Errorf("%s is another receiver", same)
		}
	}
	for _, other := range []string{
		"http://receiver.acme.dev/hooks/labelbox?a=1&b=2",
		"https://receiver.acme.dev:8443/hooks/labelbox?a=1&b=2",
		"https://other.acme.dev/hooks/labelbox?a=1&b=2",
		"https://receiver.acme.dev/hooks/Labelbox?a=1&b=2",
		"https://receiver.acme.dev/hooks%2Flabelbox?a=1&b=2",
		"https://receiver.acme.dev/hooks/labelbox",
		"https://receiver.acme.dev/hooks/labelbox?a=1&b=3",
		"%zz",
		"",
	} {
		if labelbox.SameReceiver(url, other) {
			t.Errorf("%s is the same receiver", other)
		}
	}
	for _, pair := range [][2]string{
		{"https://a.acme.dev", "https://a.acme.dev/"},
		{"https://a.acme.dev?", "https://a.acme.dev/"},
		{"http://localhost:8080/x", "http://127.0.0.1:8080/x"},
		{"http://[::1]:80/x", "http://localhost/x/"},
		{"https://[2001:DB8:0::1]/x", "https://[2001:db8::1]:443/x"},
		{"https://a.acme.dev/%C3%BC", "https://a.acme.dev/ü"},
		{"%zz", "%zz"},
	} {
		if !labelbox.SameReceiver(pair[0], pair[1]) {
			t.Errorf("%s and %s are two receivers", pair[0], pair[1])
		}
	}
}
