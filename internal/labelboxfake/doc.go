// Package labelboxfake is a stand-in for the part of Labelbox's GraphQL API
// that is about webhooks, for tests and for "labelhook demo --with-api".
//
// [API] is an http.Handler. A GraphQL library parses, validates and executes
// what it is sent against a schema of the documented types, so that it refuses
// what the real one would: an unknown field or topic, a syntax error, a wrong
// key, an unknown id. Webhooks that are switched off stay in the lists, topics
// keep their order, pages are cut by skip and first, any text is taken for a
// URL, and no read gives a secret back. [API.Fail] scripts the failures of
// networks and servers, [API.Deliver] signs and sends an event to the webhooks
// that want it.
//
// Where Labelbox's documentation and its own client leave open what the server
// does, the fake follows Apollo, which the error codes are taken from:
//
//   - 400 with GRAPHQL_PARSE_FAILED or GRAPHQL_VALIDATION_FAILED for a document
//     that is not GraphQL, or does not fit the schema; 401 with AUTHENTICATION_ERROR;
//     200 with errors for what fails while it is carried out;
//   - an input that no type forbids but that makes no sense (no topics, an empty
//     secret) is INTERNAL_SERVER_ERROR with exception.status 422 inside;
//   - the names of input types are inventions;
//   - the retired topics can still be subscribed to;
//   - first is at most 100.
package labelboxfake
