package main

import (
	"context"
	"os"
)

// measureAWS checks the budgets of the Lambda function.
func measureAWS(ctx context.Context, t *table) error {
	if err := measureAWSDecode(t); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "labelhook-budgets-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := measureAWSSize(ctx, t, folder); err != nil {
		return err
	}
	return measureAWSStart(ctx, t, folder)
}
