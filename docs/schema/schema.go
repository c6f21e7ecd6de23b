// Package schema holds the JSON Schema (2020-12) of the decoded form of a
// delivery, which package
// github.com/labelhook/labelhook/core/decoded makes.
package schema

import _ "embed"

// Decoded is the schema of [github.com/labelhook/labelhook/core/decoded.Form].
// It allows members that it does not name, since more may be added.
//
//go:embed decoded.v1.json
var Decoded []byte
