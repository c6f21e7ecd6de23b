// Receiver is the least that a receiver in Go can be, which the throughput of
// "labelhook listen" is held against: it verifies the HMAC and answers. It names
// no event, logs nothing and keeps nothing.
package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	secret := []byte(os.Getenv("BENCH_SECRET"))
	http.HandleFunc("POST /webhook-endpoint", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "the body broke off", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha1.New, secret)
		mac.Write(body)
		if !hmac.Equal([]byte("sha1="+hex.EncodeToString(mac.Sum(nil))), []byte(r.Header.Get("X-Hub-Signature"))) {
			http.Error(w, "signature does not match", http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "Success")
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
