// Package aws receives Labelbox webhooks on AWS Lambda.
//
// [Start] is the whole of a main function: with a handler of one's own it hands
// over every genuine delivery, without one it sends them where the environment
// says. [NewHandler] puts a receiver of one's own behind Lambda. Both take the
// events of Function URLs, API Gateway and Application Load Balancers.
//
// [SecretsManager] reads the webhook secret from AWS Secrets Manager. The
// destinations have packages of their own, so that a program links those that
// it uses:
//
//   - [github.com/labelhook/labelhook/aws/sqs]
//   - [github.com/labelhook/labelhook/aws/eventbridge]
//   - [github.com/labelhook/labelhook/aws/s3]
//
// Region, credentials and endpoints come from the SDK's own environment
// variables (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html),
// as Lambda sets them. Elsewhere credentials may also be a web identity's, a
// container's or an instance's. Profiles are not read: set what "aws configure
// export-credentials --format env" prints.
//
// The function that is deployed as it is, in aws/function, is these put
// together. Build either for Lambda with -tags lambda.norpc, which leaves out
// what only older runtimes needed.
package aws
