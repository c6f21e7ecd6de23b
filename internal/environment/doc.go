// Package environment turns the environment that every labelhook function is
// configured by into a [core.Receiver].
package environment
