// Package function is the root of the source that is uploaded: Google's builder
// looks for the function in the Go files of the root folder and nowhere else.
package function

import (
	_ "github.com/GoogleCloudPlatform/functions-framework-go/functions" // by this import the builder knows that the function registers itself

	_ "github.com/labelhook/labelhook/gcp/function" // registers LabelboxWebhook
)
