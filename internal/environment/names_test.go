package environment_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/environment"
)

func TestVariablesThatWouldHaveNoEffectAreRefused(t *testing.T) {
	for name, meant := range map[string]string{
		"LABELHOOK_DESTINATION":            "LABELHOOK_DESTINATIONS",
		"LABELHOOK_DESTINATONS":            "LABELHOOK_DESTINATIONS",
		"LABELHOOK_EVENT":                  "LABELHOOK_EVENTS",
		"LABELHOOK_DEADLETTER":             "LABELHOOK_DEAD_LETTER",
		"LABELHOOK_DEAD_LETTERS":           "LABELHOOK_DEAD_LETTER",
		"LABELHOOK_MAXBODY":                "LABELHOOK_MAX_BODY",
		"LABELHOOK_MAX_BODY_SIZE":          "LABELHOOK_MAX_BODY",
		"LABELHOOK_LOGLEVEL":               "LABELHOOK_LOG_LEVEL",
		"LABELHOOK_OVERFLOWS":              "LABELHOOK_OVERFLOW",
		"LABELHOOK_ANYTHING_ELSE":          "one of LABELBOX_WEBHOOK_SECRET",
		"labelhook_destinations":           "LABELHOOK_DESTINATIONS",
		"Labelhook_Events":                 "LABELHOOK_EVENTS",
		"LABLEHOOK_EVENTS":                 "LABELHOOK_EVENTS",
		"LABELBOOK_EVENTS":                 "LABELHOOK_EVENTS",
		"LABELBOX_EVENTS":                  "", // four letters away
		"LABELBOX_WEBHOK_SECRET":           "LABELBOX_WEBHOOK_SECRET",
		"LABLEBOX_WEBHOOK_SECRET":          "LABELBOX_WEBHOOK_SECRET",
		"LABELBOX_WEBHOOK_SECRETS":         "LABELBOX_WEBHOOK_SECRET",
		"LABELBOX_WEBHOOKSECRET":           "LABELBOX_WEBHOOK_SECRET",
		"LABELBOX-WEBHOOK-SECRET":          "LABELBOX_WEBHOOK_SECRET",
		"labelbox_webhook_secret":          "LABELBOX_WEBHOOK_SECRET",
		"LABELBOX_WEBHOOK_SERCET_FILE":     "LABELBOX_WEBHOOK_SECRET_FILE",
		"LABELBOX_WEBHOOK_SECRET_ARN":      "one of LABELBOX_WEBHOOK_SECRET",
		"LABELBOX_WEBHOOK_SECRET_PREVIOS":  "LABELBOX_WEBHOOK_SECRET_PREVIOUS",
		"LABELBOX_WEBHOOK_SECRET_OLD":      "one of LABELBOX_WEBHOOK_SECRET",
		"LABELBOX_APIKEY":                  "LABELBOX_API_KEY",
		"LABELBOX_API_KEYS":                "LABELBOX_API_KEY",
		"LABELBOX_API_URI":                 "LABELBOX_API_URL",
		"LABELHOOK_\x1b[2J":                "one of",
		"LABELBOX_PROJECT":                 "",
		"LABELBOX_PROJECT_ID":              "",
		"LABELBOX_WEBHOOK_URL":             "",
		"LABELBOX_ORGANIZATION":            "",
		"LABELBOX_API_KEY_STAGING":         "",
		"WEBHOOK_SECRET":                   "",
		"PATH":                             "",
		"A":                                "",
		"":                                 "",
		"APPSETTING_LABELHOOK_EVENTS":      "", // Azure repeats each setting so
		"LABELHOOK_SERVICE_HOST":           "", // Kubernetes, of a service called labelhook
		"LABELHOOK_SERVICE_PORT":           "",
		"LABELHOOK_SERVICE_PORT_HTTP":      "",
		"LABELHOOK_PORT":                   "",
		"LABELHOOK_PORT_8080_TCP":          "",
		"LABELHOOK_PORT_8080_TCP_ADDR":     "",
		"LABELHOOK_ACME_PORT_53_UDP_PROTO": "",
		"LABELHOOK_PORT_HTTP":              "one of",
		"LABELHOOK_RETRY_SECONDS":          "",
		"LABELHOOK_EVENTS":                 "",
		"LABELBOX_WEBHOOK_SECRET_PREVIOUS": "",
		"LABELBOX_API_KEY":                 "",
	} {
		err := environment.CheckNames([]string{"HOME=/", name + "=" + key, "ZONE=x"})
		var config *environment.ConfigError
		switch {
		case meant == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case meant == "":
		case !errors.As(err, &config), !strings.HasPrefix(config.Remedy, "did you mean "+meant):
			t.Errorf("%q: %v, want %s", name, err, meant)
		case strings.ContainsAny(err.Error(), "\x1b") || strings.Contains(err.Error()+config.Remedy, key):
			t.Errorf("%q: %q", name, err)
		}
	}
}

func TestEveryVariableIsKnownToReceivers(t *testing.T) {
	p := platform(withSecret, new(bytes.Buffer))
	p.Environ = func() []string { return []string{"LABELBOX_WEBHOK_SECRET=x"} }
	_, _, err := environment.Receiver(p)
	check(t, err, "LABELBOX_WEBHOK_SECRET", "no variable of labelhook is called so", "did you mean LABELBOX_WEBHOOK_SECRET?")
	t.Setenv("LABELBOX_WEBHOOK_SECRET", key)
	t.Setenv("LABELHOOK_DESTINATION", "file:x")
	_, _, err = environment.Receiver(environment.Platform{})
	check(t, err, "LABELHOOK_DESTINATION", "no variable", "did you mean LABELHOOK_DESTINATIONS?")
}

// A name that looks like a right one shows what is wrong with it.
func TestNamesThatLookRightAreQuoted(t *testing.T) {
	for name, shown := range map[string]string{
		"LABELHOOK_EVENTS ": `"LABELHOOK_EVENTS "`, " LABELHOOK_EVENTS": `" LABELHOOK_EVENTS"`, "L\u0410BELHOOK_EVENTS": `"L\u0410BELHOOK_EVENTS"`, "LABELHOOK_EVENT": "LABELHOOK_EVENT",
	} {
		if err := environment.CheckNames([]string{name + "=x"}); err == nil || !strings.HasPrefix(err.Error(), shown+": no variable") {
			t.Errorf("%+q: %v", name, err)
		}
	}
}

// FuzzCheckNames checks that known names are never in the way, and that messages
// are one line.
func FuzzCheckNames(f *testing.F) {
	f.Add("LABELHOOK_DESTINATION")
	f.Add("LABELHOOK_\n")
	f.Fuzz(func(t *testing.T, name string) {
		if err := environment.CheckNames([]string{name, name + "=x", "LABELHOOK_EVENTS=x"}); err != nil && strings.ContainsAny(err.Error(), "\n\x1b\x00") {
			t.Errorf("%q: %q", name, err)
		}
	})
}
