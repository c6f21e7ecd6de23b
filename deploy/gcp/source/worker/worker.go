// Package worker is the root of the source that is uploaded for the worker, as
// package function is for the receiver.
package worker

import (
	_ "github.com/GoogleCloudPlatform/functions-framework-go/functions" // by this import the builder knows that the function registers itself

	_ "github.com/labelhook/labelhook/gcp/worker" // registers LabelboxWorker
)
