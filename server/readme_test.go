package server_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
)

// The program of README is built and run as it stands there, but for its port.
func TestTheProgramOfREADME(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	required.NoError(t, err)
	program := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindSubmatch(readme)
	if program == nil {
		t.Fatal("README has no program")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	addr := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "receiver")
	required.NoError(t, os.WriteFile(source, bytes.ReplaceAll(program[1], []byte("127.0.0.1:8080"), []byte(addr)), 0o600))
	if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	for _, placeholder := range []string{"", "CHANGE-ME"} {
		c := exec.Command(binary)
		c.Env = append(os.Environ(), "LABELBOX_WEBHOOK_SECRET="+placeholder)
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "the secret is ") {
			t.Errorf("with the secret %q: %v, %s", placeholder, err, out)
		}
	}

	var log bytes.Buffer
	c := exec.Command(binary)
	c.Env, c.Stderr = append(os.Environ(), "LABELBOX_WEBHOOK_SECRET="+labelhooktest.Secret), &log
	required.NoError(t, c.Start())
	defer c.Process.Kill()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if response, err := http.Get("http://" + addr + "/healthz"); err == nil {
			response.Body.Close()
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	sample, _ := samples.Find(payload.LabelCreated, payload.V2)
	for key, want := range map[string]int{labelhooktest.Secret: 200, "a forger's guess": 401} {
		response, err := http.DefaultClient.Do(labelhooktest.Request(key, "http://"+addr+"/labelbox", payload.LabelCreated, sample.Body()))
		required.NoError(t, err)
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("signed with %q: %s", key, response.Status)
		}
	}
	required.NoError(t, c.Process.Signal(syscall.SIGTERM))
	if err := c.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if !strings.Contains(log.String(), "objects") || !strings.Contains(log.String(), "signature_mismatch") {
		t.Errorf("logged %s", &log)
	}
}
