package secret_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"log/slog"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

func mustSecret(tb testing.TB, text string) secret.Secret {
	tb.Helper()
	s, err := secret.New(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// reference is the digest as the standard library computes it.
func reference(body []byte, key string) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signed is a request as Labelbox makes it.
func signed(tb testing.TB, key string) core.Request {
	tb.Helper()
	body := []byte(`{"data_row":{"id":"row"}}`)
	return core.Request{Method: "POST", Body: body, Header: http.Header{core.SignatureHeader: {core.Sign(body, mustSecret(tb, key))}}}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// taken takes every delivery.
var taken = core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })
