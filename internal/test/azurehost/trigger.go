package azurehost

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Event is what a trigger other than HTTP has brought: the value of its binding, and
// what its extension adds.
type Event struct {
	Value    any // string, or []byte where dataType is binary, or an object
	Metadata map[string]any
}

// ServiceBusMessage is a message of a serviceBusTrigger. Without binary the host decodes
// the body as UTF-8.
func ServiceBusMessage(id, contentType string, properties map[string]any, body []byte, binary bool) Event {
	e := Event{Value: body, Metadata: map[string]any{
		"MessageReceiver": map[string]any{}, "MessageActions": map[string]any{}, "DeliveryCount": 1, "LockToken": guid(),
		"ExpiresAtUtc": time.Now().Add(time.Hour), "EnqueuedTimeUtc": time.Now(), "MessageId": id, "ContentType": contentType,
		"SequenceNumber": 7, "ApplicationProperties": properties, "UserProperties": properties,
	}}
	if !binary {
		e.Value = textOf(body)
	}
	return e
}

// QueueMessage is a message of a queueTrigger with the messageEncoding none.
func QueueMessage(id, text string) Event {
	return Event{text, map[string]any{
		"QueueTrigger": text, "DequeueCount": 1, "ExpirationTime": time.Now().Add(time.Hour), "Id": id,
		"InsertionTime": time.Now(), "NextVisibleTime": time.Now(), "PopReceipt": "receipt",
	}}
}

// Blob is a blob of a blobTrigger with the dataType binary, by the URL that it has in the
// account.
func Blob(url, path string, content []byte) Event {
	return Event{content, map[string]any{
		"BlobTrigger": path, "Uri": url, "Properties": map[string]any{"ContentLength": len(content)}, "Metadata": map[string]any{},
	}}
}

// Trigger calls the app's function with an event, and returns an error if the invocation
// has failed, upon which the message comes again.
func (h *Host) Trigger(ctx context.Context, e Event) error {
	worker, err := h.readyWorker(ctx)
	if err != nil {
		return err
	}
	metadata := map[string]any{"sys": map[string]any{"MethodName": h.app.Function, "UtcNow": time.Now().UTC(), "RandGuid": guid()}}
	for name, value := range e.Metadata {
		if name != "QueueTrigger" && name != "BlobTrigger" { // whatever ends in "trigger" is left out
			metadata[name] = printed(value)
		}
	}
	if text, ok := e.Value.(string); ok { // the members of JSON outweigh what the extension says
		var members map[string]any
		if json.Unmarshal([]byte(text), &members) == nil {
			for name, value := range members {
				if _, list := value.([]any); !list && value != nil {
					metadata[name] = printed(value)
				}
			}
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(envelope{map[string]any{"item": printed(e.Value)}, metadata}); err != nil {
		return err
	}
	id := guid()
	h.update(func() { h.invocations = append(h.invocations, id) })
	request := worker.request("POST", "/"+h.app.Function, "", http.Header{
		"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {userAgent}, versionName: {version}, invocation: {id},
	}, &text, -1)
	client := http.Client{Transport: worker.transport}
	response, err := client.Do(request.WithContext(ctx))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var result *struct {
		Outputs     map[string]any
		Logs        []string
		ReturnValue any
	}
	if response.StatusCode/100 != 2 || json.Unmarshal(answer, &result) != nil {
		return fmt.Errorf("the handler answered %d %.300s", response.StatusCode, answer)
	}
	if result == nil || len(result.Outputs) == 0 || result.ReturnValue == nil { // upon null the real host waits for ever
		return fmt.Errorf("the handler answered %s, of which the host warns", answer)
	}
	return nil
}

// printed is a value as the host prints it: bytes in base64, objects as they are, and
// all else as JSON in a string.
func printed(value any) any {
	switch v := value.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case map[string]any:
		return v
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // of a test's own values
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}
