package envelope

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/required"
)

// FuzzReadMessage reads anything. Whatever is no message is said to be none.
func FuzzReadMessage(f *testing.F) {
	for _, text := range []string{
		``, `{`, `null`, `[]`, `{}`, `{"Data":null}`, `{"Data":{}}`, `{"Data":{"a":1,"b":2}}`, `{"Data":{"a":1}}`, `{"Data":{"a":"\"x\""}}x`,
		`{"Data":{"a":"eA=="},"Metadata":{"Id":"\"1\"","Id":"\ud83d"}}`, `{"Data":{"a":{"b":[]}},"Metadata":[]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ReadMessage(httptest.NewRequest("POST", "/worker", bytes.NewReader(text)), 1<<16)
		if err != nil {
			if !errors.Is(err, core.ErrForeign) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		m.Bytes()
		for _, value := range m.Metadata {
			Text(value)
		}
	})
}

// FuzzMessageKeepsBytes prints bytes and text as the host does, and reads them back.
func FuzzMessageKeepsBytes(f *testing.F) {
	f.Add([]byte("\xff\x00"), `"text" in quotation marks`)
	f.Add([]byte(`"eA=="`), "eA==")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, body []byte, text string) {
		if !utf8.ValidString(text) {
			return
		}
		once, err := json.Marshal(text)
		required.NoError(t, err)
		for want, value := range map[string]any{string(body): body, text: string(once)} {
			envelope, err := json.Marshal(map[string]any{"Data": map[string]any{"item": value}, "Metadata": map[string]any{"Id": string(once)}})
			required.NoError(t, err)
			m, err := ReadMessage(httptest.NewRequest("POST", "/worker", bytes.NewReader(envelope)), 1<<16)
			if err != nil || string(m.Bytes()) != want || Text(m.Metadata["Id"]) != text {
				t.Errorf("%s is read as %q, %q, %v, want %q, %q", envelope, m.Bytes(), Text(m.Metadata["Id"]), err, want, text)
			}
		}
	})
}

func TestMessagesOverTheLimit(t *testing.T) {
	envelope := append([]byte(`{"Data":{"item":"`), bytes.Repeat([]byte("a"), 3<<20)...)
	if _, err := ReadMessage(httptest.NewRequest("POST", "/worker", bytes.NewReader(envelope)), 1000); !errors.Is(err, core.ErrBodyTooLarge) {
		t.Error(err)
	}
}
