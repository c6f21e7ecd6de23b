// Package secret holds webhook secrets and says where they come from: a text, a
// file, or a secret manager that is asked as seldom as possible.
//
// [New] takes only what can be a secret and refuses the rest by name. A [Source]
// gives the secrets that are live now; [Static], [File] and [Cached] are sources.
package secret
