package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/bench"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
)

// measureAWSDecode compares all that labelhook does from the bytes of an event
// to those of the answer (envelope, verification, identification) with the same
// done by [typed]. A Function URL sends a body as text or as base64, by its
// content type.
func measureAWSDecode(t *table) error {
	var taken *core.Delivery
	ours := aws.NewHandler(bench.Receiver(core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { taken = d; return nil })))
	var read *identity
	theirs := typed([]secret.Secret{bench.Key()}, func(i *identity) { read = i })
	for _, body := range bench.Bodies() {
		hash, header := newWork(body.Bytes).mac, bench.Header(body.Bytes)
		for _, form := range []struct{ name, contentType string }{{"text", "application/json"}, {"base64", "application/octet-stream"}} {
			header.Set("Content-Type", form.contentType)
			request := lambdahost.Request{Method: "POST", Body: body.Bytes}
			for name, values := range header {
				request.Header = append(request.Header, [2]string{name, values[0]})
			}
			event := lambdahost.FunctionURL.Event(request)
			// Both must do the work before it is timed.
			for _, h := range []lambda.Handler{ours, theirs} {
				if answer, err := h.Invoke(context.Background(), event); err != nil || !bytes.HasPrefix(answer, []byte(`{"statusCode":200,`)) {
					return fmt.Errorf("a function answers %s, %v", answer, err)
				}
			}
			if row, project, label := read.ids(); row == "" || row != taken.DataRowID || project != taken.ProjectID || label != taken.LabelID {
				return fmt.Errorf("encoding/json reads %s, %s, %s; labelhook %s, %s, %s", row, project, label, taken.DataRowID, taken.ProjectID, taken.LabelID)
			}
			measured := inTurns(
				func() { theirs.Invoke(context.Background(), event) },
				func() { ours.Invoke(context.Background(), event) },
				hash)
			ratio := measured.figure(func(r []time.Duration) float64 { return beyond(r[0], r[1]-r[2], r[2]) })
			t.atLeast(fmt.Sprintf("Lambda, event to answer without the HMAC, times as fast as aws-lambda-go/events, %s as %s", body.Name, form.name), ratio, 6,
				fmt.Sprintf("%s to %s, of which %s hashing each", measured.typical(0), measured.typical(1), measured.typical(2)))
		}
	}
	return nil
}

// typed is a function as one writes it with aws-lambda-go: encoding/json reads
// the event into the type that package events has for it, and writes the answer
// from such a type. In between, a base64 body is decoded, or the bytes of a text
// are taken; they are verified by labelhook's own code, so that the HMAC costs
// both the same; and encoding/json reads them into a struct with no other fields
// than identification needs. It knows one front and one shape of body where
// labelhook tells apart all there are, and does not log, which is all to its
// advantage.
func typed(secrets []secret.Secret, handle func(*identity)) lambda.Handler {
	return lambda.NewHandler(func(_ context.Context, e events.LambdaFunctionURLRequest) (answer events.LambdaFunctionURLResponse, err error) {
		body := []byte(e.Body)
		if e.IsBase64Encoded {
			if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
				return answer, err
			}
		}
		if err := core.Verify(body, e.Headers["x-hub-signature"], secrets); err != nil {
			return answer, err
		}
		var i identity
		if err := json.Unmarshal(body, &i); err != nil {
			return answer, err
		}
		handle(&i)
		answer.StatusCode = 200
		answer.Headers = map[string]string{"Content-Type": "application/json"}
		answer.Body = `{"status":"accepted"}`
		return answer, nil
	})
}

// identity is what identifies a label in the documentation's second version.
type identity struct {
	DataRow struct {
		ID string `json:"id"`
	} `json:"data_row"`
	Projects map[string]struct {
		Labels []struct {
			ID      string `json:"id"`
			Details struct {
				Created time.Time `json:"created_at"`
				Updated time.Time `json:"updated_at"`
			} `json:"label_details"`
		} `json:"labels"`
	} `json:"projects"`
}

func (i *identity) ids() (row, project, label string) {
	for id, p := range i.Projects {
		if len(p.Labels) > 0 {
			project, label = id, p.Labels[0].ID
		}
	}
	return i.DataRow.ID, project, label
}
