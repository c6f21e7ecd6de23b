package sdk

// IsName reports whether text could be a name in Key Vault, an invocation or
// another id: 1 to 127 letters, digits and hyphens.
func IsName(text string) bool {
	for _, c := range []byte(text) {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return 1 <= len(text) && len(text) <= 127
}
