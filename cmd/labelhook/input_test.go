package main

import "testing"

func TestInUTF8(t *testing.T) {
	for name, text := range map[string]string{
		"as it is":         "käse\r\n",
		"a mark":           "\xef\xbb\xbfkäse\r\n",
		"UTF-16":           "\xff\xfek\x00\xe4\x00s\x00e\x00\r\x00\n\x00",
		"UTF-16, reversed": "\xfe\xff\x00k\x00\xe4\x00s\x00e\x00\r\x00\n",
		"UTF-16, cut":      "\xff\xfek\x00\xe4\x00s\x00e\x00\r\x00\n\x00x",
	} {
		if got := string(inUTF8([]byte(text))); got != "käse\r\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, text := range []string{"", "\xff", "\xff\xfe", "\xef\xbb\xbf"} {
		if got := string(inUTF8([]byte(text))); got != "" && got != "\xff" {
			t.Errorf("%q became %q", text, got)
		}
	}
}
