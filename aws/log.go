package aws

import (
	"context"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/jsonlog"
)

// NewLogger returns a logger that writes records as Lambda's JSON log
// format has them: one object a line with "timestamp" (RFC 3339), "level" and
// "message", and with the "requestId" of the invocation that the context of a
// record belongs to. That is what CloudWatch and Lambda's own filtering by level
// look for (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(jsonlog.New(w, level, jsonlog.Fields{Time: "timestamp", Message: "message", Context: requestID}))
}

func requestID(ctx context.Context) []slog.Attr {
	invocation, found := lambdacontext.FromContext(ctx)
	if !found {
		return nil
	}
	return []slog.Attr{slog.String("requestId", invocation.AwsRequestID)}
}

// logLevel is the higher of two levels where both are set: LABELHOOK_LOG_LEVEL,
// and the one of the function's logging configuration, which Lambda passes in
// AWS_LAMBDA_LOG_LEVEL. Lambda drops records below its own, so writing them
// would be for nothing. A wrong LABELHOOK_LOG_LEVEL is an error, and as good as
// none.
func logLevel(getenv func(string) string) (slog.Level, error) {
	ours, err := environment.LogLevel(getenv)
	theirs, found := lambdaLevels[getenv("AWS_LAMBDA_LOG_LEVEL")]
	switch {
	case !found:
		return ours, err
	case err != nil || getenv(environment.LogLevelVariable) == "":
		return theirs, err
	}
	return max(ours, theirs), nil
}

var lambdaLevels = map[string]slog.Level{
	"TRACE": slog.LevelDebug - 4,
	"DEBUG": slog.LevelDebug,
	"INFO":  slog.LevelInfo,
	"WARN":  slog.LevelWarn,
	"ERROR": slog.LevelError,
	"FATAL": slog.LevelError + 4,
}
