package aws_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestSecretsOnMoto(t *testing.T) {
	moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	vault := secretsmanager.NewFromConfig(c)
	id := awssdk.String("prod/labelbox")
	// cold is a function that has just started.
	cold := func() *core.Receiver {
		s := source(t, aws.SecretsManager{}, *id).(*secret.Cached)
		s.RetryEvery = 1
		return &core.Receiver{
			Secrets: s,
			Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }),
			Observe: core.LogTo(slog.New(slog.DiscardHandler)),
		}
	}
	send := func(r *core.Receiver, text string) int {
		secret, err := secret.New(text)
		required.NoError(t, err)
		body := []byte(`{"case":"moto"}`)
		return r.Receive(t.Context(), core.Request{Method: "POST", Body: body, Header: http.Header{core.SignatureHeader: {core.Sign(body, secret)}}}).Status
	}
	expect := func(r *core.Receiver, text string, want int) {
		t.Helper()
		if got := send(r, text); got != want {
			t.Errorf("signed with the %s secret: %d, want %d", text, got, want)
		}
	}
	put := func(text string) {
		t.Helper()
		if _, err := vault.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: id, SecretString: &text}); err != nil {
			t.Fatal(err)
		}
	}

	r := cold()
	expect(r, "first", 503) // there is no such secret
	if _, err := vault.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: id, SecretString: awssdk.String("first\n")}); err != nil {
		t.Fatal(err)
	}
	expect(r, "first", 200)

	// Rotated in mid-traffic: Labelbox signs with the first secret until it is
	// told the second, which is after Secrets Manager was.
	var rotated atomic.Bool
	var traffic sync.WaitGroup
	begun := make(chan struct{}, 8)
	for range cap(begun) {
		traffic.Go(func() {
			for after := 0; after < 50; {
				text := "first"
				if rotated.Load() {
					if after++; after%2 == 0 {
						text = "second"
					}
				}
				if got := send(r, text); got != 200 {
					t.Errorf("signed with the %s secret: %d", text, got)
					return
				}
				select {
				case begun <- struct{}{}:
				default:
				}
			}
		})
	}
	for range cap(begun) {
		<-begun
	}
	put(`{"LABELBOX_WEBHOOK_SECRET":"second"}`)
	rotated.Store(true)
	traffic.Wait()
	expect(r, "forged", 401)

	put("third")
	fresh := cold()
	expect(fresh, "first", 401)
	expect(fresh, "second", 200)
	expect(fresh, "third", 200)

	if _, err := vault.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: id}); err != nil {
		t.Fatal(err)
	}
	late := cold()
	expect(late, "third", 503)
	expect(fresh, "third", 200) // it was read while it was there
	if _, err := vault.RestoreSecret(t.Context(), &secretsmanager.RestoreSecretInput{SecretId: id}); err != nil {
		t.Fatal(err)
	}
	expect(late, "third", 200)
}
