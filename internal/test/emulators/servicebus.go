package emulators

import (
	"encoding/json"
	"fmt"
	"testing"
)

// ServiceBus is a stand-in of a Service Bus namespace. What its entities do is
// in servicebus.js.
type ServiceBus struct {
	Connection string // a connection string for the SDK's emulator mode

	t     testing.TB
	lines <-chan string
}

// Message is a message that the stand-in has kept, as an AMQP library other
// than the SDK's has read it.
type Message struct {
	Entity      string
	ID          string
	Session     string
	ContentType string `json:"content_type"`
	Properties  map[string]any
	Section     int    // the code of the body's section, 0x75 for data
	Body        []byte // of all data sections
}

// StartServiceBus starts the stand-in.
func StartServiceBus(t testing.TB) *ServiceBus {
	t.Helper()
	b := &ServiceBus{t: t, lines: start(t, program(t, "servicebus.js"))}
	var hello struct{ Port int }
	b.read(&hello)
	b.Connection = fmt.Sprintf("Endpoint=sb://127.0.0.1:%d;SharedAccessKeyName=tests;SharedAccessKey=none;UseDevelopmentEmulator=true;", hello.Port)
	return b
}

// Message waits for the next message that the stand-in keeps for the entity, and leaves out
// those for others.
func (b *ServiceBus) Message(entity string) Message {
	b.t.Helper()
	for {
		var line struct{ Message Message }
		if b.read(&line); line.Message.Entity == entity {
			return line.Message
		}
	}
}

func (b *ServiceBus) read(v any) {
	b.t.Helper()
	line := next(b.t, b.lines)
	if err := json.Unmarshal([]byte(line), v); err != nil {
		b.t.Fatalf("the stand-in wrote %q: %v", line, err)
	}
}
