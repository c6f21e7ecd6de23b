package gcs

import (
	"context"
	"fmt"
	"iter"
	"net/http"
)

// List implements [destination.Lister]. It needs the role roles/storage.objectViewer.
func (b *source) List(ctx context.Context, begin, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		client, err := b.client(ctx)
		if err != nil {
			yield("", fmt.Errorf("%s: %w", b, err))
			return
		}
		bucket, prefix := b.Names(begin)
		call := client.Objects.List(bucket).Prefix(prefix).StartOffset(prefix[:len(prefix)-len(begin)]+from).Fields("nextPageToken", "items(name)")
		for token := ""; ; {
			page, err := call.PageToken(token).Context(ctx).Do()
			if err != nil {
				yield("", explainTo(b.bucket, err, toRead))
				return
			}
			for _, object := range page.Items {
				if !yield(b.URI(object.Name), nil) {
					return
				}
			}
			if token = page.NextPageToken; token == "" {
				return
			}
		}
	}
}

var toRead = map[int]string{
	http.StatusForbidden:    "give who is signed in roles/storage.objectViewer on the bucket",
	http.StatusNotFound:     remedies[http.StatusNotFound],
	http.StatusUnauthorized: "sign in by gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
}
