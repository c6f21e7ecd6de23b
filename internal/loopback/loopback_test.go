package loopback_test

import (
	"net/url"
	"testing"

	"github.com/labelhook/labelhook/internal/loopback"
)

func TestSpellings(t *testing.T) {
	for host, want := range map[string]struct{ reaches, confines, isName bool }{
		"localhost":                 {true, true, true},
		"LOCALHOST":                 {true, true, true},
		"localhost.":                {true, true, true},
		"LocalHost.":                {true, true, true},
		"sub.localhost":             {true, false, true},
		"A.B.LOCALHOST.":            {true, false, true},
		"127.0.0.1":                 {true, true, false},
		"127.255.255.254":           {true, true, false},
		"[::1]":                     {true, true, false},
		"[0:0:0:0:0:0:0:1]":         {true, true, false},
		"[::1%25lo]":                {true, true, false},
		"[::ffff:127.0.0.1]":        {true, true, false},
		"[::ffff:7f00:1]":           {true, true, false},
		"[::ffff:127.0.0.1%25eth0]": {true, true, false},
		"0.0.0.0":                   {true, false, false},
		"[::]":                      {true, false, false},
		"[::%25lo]":                 {true, false, false},
		"[::ffff:0.0.0.0]":          {true, false, false},
		"":                          {},
		".":                         {},
		"localhost..":               {},
		"localhost.example.com":     {},
		"notlocalhost":              {},
		"localhost.localdomain":     {},
		"127.1":                     {},
		"0x7f.1":                    {},
		"0177.0.0.1":                {},
		"127.000.000.001":           {},
		"2130706433":                {},
		"127.0.0.1.":                {},
		"127.0.0.1.example.com":     {},
		"128.0.0.1":                 {},
		"10.0.0.1":                  {},
		"169.254.169.254":           {},
		"[::127.0.0.1]":             {},
		"[fe80::1%25lo]":            {},
		"[64:ff9b::7f00:1]":         {},
		"ⓛocalhost":                 {},
		"127。0。0。1":                 {},
	} {
		u, err := url.Parse("http://" + host + ":80/")
		if err != nil {
			t.Errorf("%q: %v", host, err)
			continue
		}
		host := u.Hostname()
		if got := loopback.Reaches(host); got != want.reaches {
			t.Errorf("%q: reaches this machine: %v", host, got)
		}
		if got := loopback.Confines(host); got != want.confines {
			t.Errorf("%q: confines to this machine: %v", host, got)
		}
		if got := loopback.IsName(host); got != want.isName {
			t.Errorf("%q: is a name: %v", host, got)
		}
	}
}
