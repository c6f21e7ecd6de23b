// Package jsonscan reads JSON in place, forwards only, and builds nothing for
// what it passes over. It exists because naming an event must cost less than
// proving it, and because decoding a function's event must cost less than both:
// a scanner may stop as soon as it knows enough, which no decoder of whole
// values can.
//
// It knows the grammar of RFC 8259 and nothing of Labelbox. Packages that read
// payloads embed a [Scanner] and add how Labelbox spells things.
package jsonscan
