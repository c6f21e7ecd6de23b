package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	azqueue "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/test/azurehost"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
)

// What a receiver took, the function behind a queue, topic or container gets as it
// came, and only what is safe is taken off. Both are the built programs.
func TestWorker(t *testing.T) {
	dir := t.TempDir()
	receiver, worker := filepath.Join(dir, "receiver"), filepath.Join(dir, "worker")
	for program, source := range map[string]string{receiver: "../function", worker: "."} {
		if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	connection := emulators.Storage(t)
	t.Run("by Service Bus", func(t *testing.T) { throughServiceBus(t, receiver, worker) })
	t.Run("by a queue", func(t *testing.T) { throughAQueue(t, receiver, worker, connection) })
	t.Run("by a container", func(t *testing.T) { throughAContainer(t, receiver, worker, connection) })
	t.Run("what stays", func(t *testing.T) { onlyWhatIsSafe(t, worker, connection) })
	t.Run("a wrong configuration", func(t *testing.T) { misconfigured(t, worker) })
}

// start runs a program behind the model of the host.
func start(t *testing.T, path, function, destination string, more map[string]string) *azurehost.Host {
	variables := conformance.Environment(destination)
	if !strings.HasPrefix(destination, "http") {
		delete(variables, "LABELHOOK_DEAD_LETTER") // of a receiver, where nothing is refused
	}
	maps.Copy(variables, more)
	return azurehost.Start(t, azurehost.App{Executable: path, Settings: variables, Function: function, Mode: azurehost.Proxying})
}

// onwards runs the genuine cases: next hands over to a worker
// what the receiver has sent.
func onwards(t *testing.T, large int, from *azurehost.Host, end *conformance.Destination, next func(t testing.TB)) {
	send := conformance.HTTP(from.Address(), "/api/labelbox")
	conformance.Run(t, conformance.Onwards(large), conformance.Platform{Taken: end.Taken, Do: func(t testing.TB, c conformance.Case) conformance.Answer {
		a := send(t, c)
		if a.Status == 200 {
			next(t)
		}
		return a
	}})
}

func trigger(t testing.TB, to *azurehost.Host, e azurehost.Event) {
	t.Helper()
	if err := to.Trigger(t.Context(), e); err != nil {
		t.Error(err)
	}
}

func throughServiceBus(t *testing.T, receiver, worker string) {
	bus := emulators.StartServiceBus(t)
	end := conformance.NewDestination(t)
	from := start(t, receiver, "labelbox", "servicebus://namespace/labels", map[string]string{"SERVICEBUS_CONNECTION_STRING": bus.Connection})
	to := start(t, worker, "worker", end.URL, nil)
	onwards(t, 0, from, end, func(t testing.TB) {
		m := bus.Message("labels")
		trigger(t, to, azurehost.ServiceBusMessage(m.ID, m.ContentType, m.Properties, m.Body, true))
	})
}

func queueOf(t testing.TB, connection, name string) *azqueue.QueueClient {
	q, err := azqueue.NewQueueClientFromConnectionString(connection, name, nil)
	required.NoError(t, err)
	return q
}

func containerOf(t testing.TB, connection, name string) *container.Client {
	c, err := container.NewClientFromConnectionString(connection, name, nil)
	required.NoError(t, err)
	_, err = c.Create(t.Context(), nil)
	required.NoError(t, err)
	return c
}

func throughAQueue(t *testing.T, receiver, worker, connection string) {
	const large = 200 << 10
	containerOf(t, connection, "overflow")
	q := queueOf(t, connection, "labels")
	_, err := q.Create(t.Context(), nil)
	required.NoError(t, err)
	storage := map[string]string{
		"AZURE_STORAGE_CONNECTION_STRING": connection,
		"LABELHOOK_OVERFLOW":              "azblob://devstoreaccount1/overflow", "LABELHOOK_MAX_BODY": "204800",
	}
	end := conformance.NewDestination(t)
	from := start(t, receiver, "labelbox", "azqueue://devstoreaccount1/labels", storage)
	to := start(t, worker, "AnyName", end.URL, storage)
	n := 0
	onwards(t, large, from, end, func(t testing.TB) {
		response, err := q.DequeueMessage(t.Context(), nil)
		required.NoError(t, err)
		for _, m := range response.Messages {
			_, err := q.DeleteMessage(t.Context(), *m.MessageID, *m.PopReceipt, nil)
			required.NoError(t, err)
			e := azurehost.QueueMessage(*m.MessageID, *m.MessageText)
			if n++; n%3 == 0 {
				e.Value = []byte(*m.MessageText) // with the dataType binary
			}
			trigger(t, to, e)
		}
	})
}

func throughAContainer(t *testing.T, receiver, worker, connection string) {
	labels := containerOf(t, connection, "labels")
	storage := map[string]string{"AZURE_STORAGE_CONNECTION_STRING": connection}
	end := conformance.NewDestination(t)
	from := start(t, receiver, "labelbox", "azblob://devstoreaccount1/labels/raw", storage)
	storage["LABELHOOK_SOURCES"] = "azblob://devstoreaccount1/labels/raw"
	to := start(t, worker, "worker", end.URL, storage)
	seen := map[string]bool{}
	onwards(t, 0, from, end, func(t testing.TB) {
		for pages := labels.NewListBlobsFlatPager(nil); pages.More(); {
			page, err := pages.NextPage(t.Context())
			required.NoError(t, err)
			for _, item := range page.Segment.BlobItems {
				if seen[*item.Name] {
					continue
				}
				seen[*item.Name] = true
				for _, e := range notifications(labels.NewBlobClient(*item.Name).URL(), *item.Name)[len(seen)%5:][:1] { // each way in which it may come
					trigger(t, to, e)
				}
			}
		}
	})
	url := strings.ReplaceAll(labels.NewBlobClient("raw/x.json").URL(), "%2F", "/")
	for _, other := range []string{
		strings.Replace(url, "/labels/", "/other/", 1), strings.Replace(url, "/raw/", "/else/", 1), strings.Replace(url, "/raw/", "/raw/../", 1),
		strings.Replace(url, "127.0.0.1", "localhost", 1), "http://169.254.169.254/metadata/instance", "file:///etc/passwd", "", "::", url + "?x=1",
	} {
		for _, e := range notifications(other, "raw/x.json") {
			if err := to.Trigger(t.Context(), e); err == nil || !strings.Contains(err.Error(), "422") {
				t.Errorf("%s: %v", other, err)
			}
		}
	}
}

// notifications are the ways in which a worker hears of a blob.
func notifications(url, path string) []azurehost.Event {
	first := azurehost.Blob(url, "labels/"+path, []byte("whatever the host reads"))
	url = strings.ReplaceAll(url, "%2F", "/") // as Event Grid writes it
	grid := `{"topic":"/subscriptions/x","subject":"/blobServices/default/containers/labels/blobs/` + path + `","eventType":"Microsoft.Storage.BlobCreated","id":"1","data":{"api":"PutBlob","url":"` + url + `"},"dataVersion":""}`
	cloudEvent := `{"specversion":"1.0","type":"Microsoft.Storage.BlobCreated","id":"1","source":"/subscriptions/x","data":{"api":"PutBlob","url":"` + url + `"}}`
	var object map[string]any
	if err := json.Unmarshal([]byte(grid), &object); err != nil {
		panic(err)
	}
	return []azurehost.Event{
		first,
		{Value: object, Metadata: map[string]any{"data": object["data"]}},
		azurehost.QueueMessage("1", base64.StdEncoding.EncodeToString([]byte(grid))),
		azurehost.QueueMessage("1", cloudEvent),
		azurehost.ServiceBusMessage("1", "application/json", map[string]any{}, []byte(cloudEvent), true),
	}
}

func onlyWhatIsSafe(t *testing.T, worker, connection string) {
	containerOf(t, connection, "large")
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
	overflow, err := blob.Open("azblob://devstoreaccount1/large")
	required.NoError(t, err)
	end := conformance.NewDestination(t)
	to := start(t, worker, "worker", end.URL, map[string]string{
		"LABELBOX_WEBHOOK_SECRET": labelhooktest.Secret, "LABELBOX_WEBHOOK_SECRET_PREVIOUS": "",
		"AZURE_STORAGE_CONNECTION_STRING": connection, "LABELHOOK_OVERFLOW": "azblob://devstoreaccount1/large", "LABELHOOK_MAX_BODY": "20000000",
	})
	d := labelhooktest.Delivery(payload.LabelCreated, bytes.Repeat([]byte(" {}"), 1_000_000))
	required.NoError(t, overflow.Handle(t.Context(), d))
	there := overflow.(destination.Bucket).Locate(d)
	small := labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	properties := func(of map[string]any) map[string]any {
		all := map[string]any{"cloudEvents_other": 7}
		for _, a := range small.Attributes() {
			all["cloudEvents_"+a.Name] = a.Value
		}
		maps.Copy(all, of)
		return all
	}
	bus := func(of map[string]any, body []byte) azurehost.Event {
		return azurehost.ServiceBusMessage("id", "application/json", properties(of), body, true)
	}
	bytesOf := func(of map[string]any) map[string]any { // of the large one
		all := map[string]any{}
		for _, a := range d.Attributes() {
			all["cloudEvents_"+a.Name] = a.Value
		}
		maps.Copy(all, of)
		return all
	}
	forged := labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	forged.Signature = "sha1=" + strings.Repeat("0", 40)
	batch := bus(nil, small.Body)
	batch.Metadata["MessageIdArray"] = map[string]any{}
	without := bus(nil, small.Body)
	delete(without.Metadata, "UserProperties")
	old := bus(nil, small.Body)
	delete(old.Metadata, "ApplicationProperties")
	asText := azurehost.ServiceBusMessage("id", "application/json", properties(nil), small.Body, false)
	for name, test := range map[string]struct {
		of     azurehost.Event
		status string // "" means that it is taken
		code   string
	}{
		"a good one":                            {bus(nil, small.Body), "", ""},
		"by a new extension":                    {without, "", ""},
		"by an old extension":                   {old, "", ""},
		"decoded as UTF-8":                      {asText, "", ""},
		"a storage queue's":                     {azurehost.QueueMessage("1", destination.Event(small, "")), "", ""},
		"a storage queue's in base64":           {azurehost.QueueMessage("1", base64.StdEncoding.EncodeToString([]byte(destination.Event(small, "")))), "", ""},
		"a body in the overflow container":      {azurehost.QueueMessage("1", destination.Event(d, there)), "", ""},
		"a body in the container, by a bus":     {azurehost.ServiceBusMessage("1", "", bytesOf(map[string]any{"cloudEvents_dataref": there}), nil, true), "", ""},
		"a body that is gone":                   {azurehost.QueueMessage("1", destination.Event(d, there+"x")), "503", "body_unavailable"},
		"a body in another container":           {azurehost.QueueMessage("1", destination.Event(d, strings.Replace(there, "/large/", "/other/", 1))), "422", "foreign_message"},
		"a body on the web":                     {azurehost.QueueMessage("1", destination.Event(d, "http://169.254.169.254/")), "422", "foreign_message"},
		"a forged signature":                    {bus(map[string]any{"cloudEvents_labelboxsignature": forged.Signature}, small.Body), "401", "signature_mismatch"},
		"a forged one of a storage queue":       {azurehost.QueueMessage("1", destination.Event(forged, "")), "401", "signature_mismatch"},
		"another body":                          {bus(nil, []byte("{}")), "422", "foreign_message"},
		"no properties":                         {azurehost.ServiceBusMessage("1", "", nil, small.Body, true), "422", "foreign_message"},
		"other properties":                      {azurehost.ServiceBusMessage("1", "", map[string]any{"order": "7"}, []byte("hello"), true), "422", "foreign_message"},
		"several at once":                       {batch, "422", "foreign_message"},
		"several at once, a list":               {azurehost.Event{Value: []any{"a", "b"}}, "422", "foreign_message"},
		"another message of a queue":            {azurehost.QueueMessage("1", `{"order":7}`), "422", "foreign_message"},
		"a message that claims to be a blob":    {azurehost.QueueMessage("1", `{"Uri":"http://169.254.169.254/","order":7}`), "422", "foreign_message"},
		"text":                                  {azurehost.QueueMessage("1", "hello"), "422", "foreign_message"},
		"nothing":                               {azurehost.QueueMessage("1", ""), "422", "foreign_message"},
		"a timer":                               {azurehost.Event{Value: map[string]any{"IsPastDue": false}}, "422", "foreign_message"},
		"a blob that went":                      {azurehost.Event{Value: map[string]any{"eventType": "Microsoft.Storage.BlobDeleted"}}, "422", "foreign_message"},
		"a blob where none are taken":           {azurehost.Blob(there, "large/x", nil), "422", "foreign_message"},
		"an HTTP request":                       {azurehost.Event{Value: map[string]any{"Method": "POST", "Body": "{}"}, Metadata: map[string]any{"Query": map[string]any{}}}, "422", "foreign_message"},
		"a message over the limit of its bytes": {bus(nil, bytes.Repeat([]byte("x"), 21_000_000)), "422", "foreign_message"},
	} {
		err := to.Trigger(t.Context(), test.of)
		taken := len(end.Taken(t))
		if test.status == "" && (err != nil || taken != 1) {
			t.Errorf("%s: %v, taken %d", name, err, taken)
		}
		if test.status != "" && (err == nil || !strings.Contains(err.Error(), "answered "+test.status) || !strings.Contains(err.Error(), test.code) || taken != 0) {
			t.Errorf("%s: %v, taken %d, want %s %s", name, err, taken, test.status, test.code)
		}
	}
	for _, line := range to.Lines() {
		if strings.Contains(line.Text, "order") || strings.Contains(line.Text, labelhooktest.Secret) || strings.Contains(line.Text, small.Signature) {
			t.Errorf("it logged %s", line.Text)
		}
	}
}

// A worker that cannot work leaves every message, and says why.
func misconfigured(t *testing.T, worker string) {
	m := labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	for name, test := range map[string]struct{ variables map[string]string }{
		"no secret":      {map[string]string{"LABELHOOK_DESTINATIONS": "log:"}},
		"a misspelling":  {map[string]string{"LABELBOX_WEBHOOK_SECRET": labelhooktest.Secret, "LABELHOOK_SOURCE": "azblob://account/labels"}},
		"a wrong source": {map[string]string{"LABELBOX_WEBHOOK_SECRET": labelhooktest.Secret, "LABELHOOK_SOURCES": "azqueue://account/labels"}},
	} {
		h := azurehost.Start(t, azurehost.App{Executable: worker, Settings: test.variables, Function: "worker"})
		if err := h.Trigger(t.Context(), azurehost.QueueMessage("1", destination.Event(m, ""))); err == nil || !strings.Contains(err.Error(), "answered 503") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, `"ERROR"`) }); err != nil {
			t.Errorf("%s: nothing is logged: %v", name, err)
		}
	}
}
