// Package azurehost is a model of the Azure Functions host, for tests of a
// custom handler without Azure: it starts the built handler, waits until it
// answers, passes HTTP requests on in one of the host's three ways, starts it
// again when it ends, and kills it.
//
// It is a model, made from a reading of the host's source (version 4.1037 and
// single newer files), and proves our side only. What it has of the host:
//
//   - the variables that a handler is started with, and its folder;
//   - GET / every 25 ms, where any HTTP response means "ready"; requests that
//     come before that wait;
//   - the end: status 0 is final, 200 asks for another start, any other is an
//     error, and at the third the host stops (the real one forgets errors after
//     30 minutes); SIGKILL when the host itself restarts;
//   - proxying, forwarding and the envelope, each with what it does to method,
//     path, query, headers and body;
//   - the envelope of triggers other than HTTP ([Host.Trigger]);
//   - the limit of 100 MiB on bodies;
//   - the levels that lines on stdout and stderr get.
//
// Two things are as .NET's HTTP client does them and not the host: values of a
// repeated header arrive in one line, joined by commas, and header names that HTTP
// does not define may arrive in lower case, as over HTTP/2.
//
// Missing are authorization, throttling, time limits and whatever Azure has in
// front of the host.
package azurehost
