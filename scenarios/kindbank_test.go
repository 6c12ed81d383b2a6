package scenarios

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/posfleet/posfleet/features"
	"github.com/posfleet/posfleet/report/verdicts"
)

// A bank that takes anybody for one of its staff, or a code of a message a second time, is
// found out by the scenarios about resets.
func TestBankThatProvesTooLittleIsCaught(t *testing.T) {
	for name, kind := range map[string]func(http.Handler) http.Handler{
		"anybody is a clerk":    anybodyAClerk,
		"a code is taken again": codeTakenAgain,
	} {
		t.Run(name, func(t *testing.T) {
			p, d := bundledHost(t, "cup")
			lang := language(quick(p), d)
			target, err := url.Parse(lang.Admin.URL)
			if err != nil {
				t.Fatal(err)
			}
			bank := httptest.NewServer(kind(httputil.NewSingleHostReverseProxy(target)))
			defer bank.Close()
			lang.Admin.URL = bank.URL
			fs, err := ReadFeatures(features.FS, "shop/reset.feature", "shop/reset.zh.feature")
			if err != nil {
				t.Fatal(err)
			}
			found, err := (&Check{Language: lang, Dialer: d, Features: fs, Terminals: 8}).Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			failed := 0
			for v := range found.All() {
				if v.Outcome == verdicts.Failed {
					failed++
					t.Logf("caught by %s: %v", v.ID, v.Reason)
				}
			}
			if failed == 0 || failed > 2 {
				t.Errorf("%d scenarios fail, want one or two", failed)
			}
		})
	}
}

// anybodyAClerk puts one of the staff in the place of somebody who is not.
func anybodyAClerk(host http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		known := clerks[0]
		if bytes.Contains(body, []byte(known)) {
			known = clerks[1]
		}
		body = bytes.ReplaceAll(body, []byte(notOfTheStaff), []byte(known))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Host = ""
		host.ServeHTTP(w, r)
	})
}

// codeTakenAgain gives what a proof was given for once more.
func codeTakenAgain(host http.Handler) http.Handler {
	var mu sync.Mutex
	granted := map[string][]byte{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = ""
		if !strings.HasSuffix(r.URL.Path, "/proof") {
			host.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		again := granted[r.URL.Path]
		if again == nil {
			said := httptest.NewRecorder()
			host.ServeHTTP(said, r)
			if again = said.Body.Bytes(); said.Code == http.StatusOK {
				granted[r.URL.Path] = again
			} else {
				w.WriteHeader(said.Code)
			}
		}
		w.Write(again)
	})
}
