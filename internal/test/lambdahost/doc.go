// Package lambdahost runs a built Lambda function, a bootstrap, as Lambda would:
// behind a Runtime API on a loopback address, with the events that Lambda's
// triggers make of HTTP requests.
//
//	err := lambdahost.Build(bootstrap, "./aws/function")
//	f := lambdahost.Start(t, bootstrap, variables)
//	result, err := f.Invoke(lambdahost.FunctionURL.Event(request))
//	answer, err := lambdahost.FunctionURL.Answer(result.Payload)
//
// The API is https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. It
// has no limits on size or time of its own, freezes nothing between events and
// starts no second process.
package lambdahost
