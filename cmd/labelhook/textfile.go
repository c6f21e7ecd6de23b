package main

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// inUTF8 returns the text of a file in UTF-8, without a byte order mark: on
// Windows, PowerShell's > writes UTF-16, and editors put a mark in front.
func inUTF8(text []byte) []byte {
	if marked, found := bytes.CutPrefix(text, []byte("\ufeff")); found {
		return marked
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return text
	}
	var units []uint16
	for text = text[2:]; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}
