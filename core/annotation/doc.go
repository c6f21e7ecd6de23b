// Package annotation holds what a label says about its asset: objects with a
// geometry, answered questions, and relationships, in one form ([Set]) for v1 and
// v2 webhooks, exports, and every kind of asset. [Read] decodes it.
//
// Most programs do not call Read but the Annotations method of
// [github.com/labelhook/labelhook/core/payload.Label].
package annotation
