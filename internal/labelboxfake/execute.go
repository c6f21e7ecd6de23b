package labelboxfake

import (
	"fmt"
	"net/http"
	"regexp"

	"github.com/graphql-go/graphql"
	"github.com/graphql-go/graphql/language/ast"
	"github.com/graphql-go/graphql/language/parser"
)

// apiError is a failure as the API reports it.
type apiError struct {
	message string
	code    string
	status  int // that of extensions.exception; 0 leaves it out
}

func (e *apiError) Error() string { return e.message }

// Extensions makes the GraphQL library write the code beside the message.
func (e *apiError) Extensions() map[string]any {
	extensions := map[string]any{"code": e.code}
	if e.status != 0 {
		extensions["exception"] = map[string]any{"status": e.status}
	}
	return extensions
}

// invalid is how the API reports most mistakes of its callers.
func invalid(format string, args ...any) error {
	return &apiError{fmt.Sprintf(format, args...), "INTERNAL_SERVER_ERROR", http.StatusUnprocessableEntity}
}

func notFound(thing string) error {
	return &apiError{"Cannot find " + thing, "RESOURCE_NOT_FOUND", 0}
}

// failed is the answer that reports errors and nothing else.
func failed(status int, errors ...*apiError) (int, any) {
	var reports []any
	for _, e := range errors {
		reports = append(reports, map[string]any{"message": e.message, "extensions": e.Extensions()})
	}
	return status, map[string]any{"errors": reports}
}

// execute carries out a document and returns the answer to it.
func (a *API) execute(document string, variables map[string]any) (int, any) {
	parsed, errors := a.read(document)
	if len(errors) > 0 {
		return failed(http.StatusBadRequest, errors...)
	}
	result := graphql.Execute(graphql.ExecuteParams{Schema: a.schema, AST: parsed, Args: variables})
	for i, e := range result.Errors {
		if e.Extensions == nil { // the library's own, about the variables
			result.Errors[i].Extensions = (&apiError{code: "INTERNAL_SERVER_ERROR", status: http.StatusBadRequest}).Extensions()
		}
	}
	return http.StatusOK, result
}

// Check reports why the API would refuse a document of any sender.
func (a *API) Check(document string) error {
	if _, errors := a.read(document); len(errors) > 0 {
		return errors[0]
	}
	return nil
}

// read parses a document and validates it.
func (a *API) read(document string) (parsed *ast.Document, errors []*apiError) {
	parsed, err := parse(document)
	if err != nil {
		return nil, []*apiError{err}
	}
	for _, e := range graphql.ValidateDocument(&a.schema, parsed, nil).Errors {
		errors = append(errors, &apiError{e.Message, "GRAPHQL_VALIDATION_FAILED", 0})
	}
	return parsed, errors
}

var syntaxError = regexp.MustCompile(`(?s)^Syntax Error .*?\(\d+:\d+\) (.*?)\n.*`)

func parse(document string) (*ast.Document, *apiError) {
	parsed, err := parser.Parse(parser.ParseParams{Source: document})
	if err != nil {
		return nil, &apiError{syntaxError.ReplaceAllString(err.Error(), "Syntax Error: $1"), "GRAPHQL_PARSE_FAILED", 0}
	}
	if len(parsed.Definitions) == 0 { // which the library lets pass
		return nil, &apiError{"Syntax Error: Unexpected <EOF>.", "GRAPHQL_PARSE_FAILED", 0}
	}
	return parsed, nil
}

// firstField names what a document asks for.
func firstField(document string) string {
	parsed, err := parse(document)
	if err != nil {
		return ""
	}
	for _, definition := range parsed.Definitions {
		operation, ok := definition.(*ast.OperationDefinition)
		if !ok || operation.SelectionSet == nil {
			continue
		}
		for _, selection := range operation.SelectionSet.Selections {
			if field, ok := selection.(*ast.Field); ok {
				return field.Name.Value
			}
		}
	}
	return ""
}
