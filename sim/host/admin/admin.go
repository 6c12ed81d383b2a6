// Package admin is the bundled host's side for people and programs: what a bank's
// back office does, as JSON over HTTP, while terminals pay over their own lines.
//
// A [Server] is the HTTP handler. Each area of the host has a file with its routes
// (host.go …); all of them are described in openapi.yaml, which the server gives
// out, and a test holds the two together. Whoever calls shows a bearer token;
// a body is JSON of 64 KiB at most; an error is {"error": "what is wrong, and the
// mend"} with a status that says whose fault it is.
package admin

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"path"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/posfleet/posfleet/sim/host"
)

//go:embed openapi.yaml
var openAPI []byte

// maxBody is the longest body that is read, in octets.
const maxBody = 64 << 10

// Server answers the API of one host. Any number of requests may be served at once.
type Server struct {
	host    *host.Host
	streams atomic.Int32      // of events, that are open
	token   [sha256.Size]byte // of it; what is compared tells nothing of its length
	names   []string          // of this machine, that a request may be to; nil for any
	routes  http.ServeMux
}

// New makes the API of h for those who show token. A request must be to one of the
// names (a page elsewhere that has its own name point here is turned away); without
// names to an address of the loopback.
func New(h *host.Host, token string, names ...string) *Server {
	s := &Server{host: h, token: sha256.Sum256([]byte(token)), names: names}
	for pattern, answer := range s.table() {
		s.routes.HandleFunc(pattern, s.json(answer))
	}
	for pattern, file := range pageFiles {
		s.routes.HandleFunc(pattern, file.serve)
	}
	s.routes.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		w.Write(openAPI)
	})
	return s
}

// answers gives what a request is answered with, as JSON. An [Error] has a status of
// its own; any other is the server's fault.
type answers func(r *http.Request) (any, error)

// stream is an answer that is not JSON: it writes itself.
type stream func(w http.ResponseWriter, r *http.Request)

// table is every route: method and path as http.ServeMux has them.
func (s *Server) table() map[string]answers {
	all := map[string]answers{}
	for _, area := range []map[string]answers{
		s.ofHost(),
		s.ofStaff(),
		s.ofOrders(),
		s.ofDevices(),
		s.ofSignature(),
		s.ofMerchants(),
		s.ofPayouts(),
		s.ofActivity(),
	} {
		for pattern, answer := range area {
			all[pattern] = answer
		}
	}
	return all
}

// Error is a request that is not done, and why.
type Error struct {
	Status int    // of HTTP: 400 malformed, 404 not there, 409 it is not in a state for that, 422 refused
	Why    string // what is wrong, and the mend; no secret
}

func (e *Error) Error() string { return e.Why }

// refuse makes an error.
func refuse(status int, format string, args ...any) *Error {
	return &Error{status, fmt.Sprintf(format, args...)}
}

// elsewhere tells requests that change something and come from a page of another origin.
var elsewhere = http.NewCrossOriginProtection()

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	if !s.isOurs(r.Host) {
		fail(w, refuse(http.StatusMisdirectedRequest, "this host is not %s", r.Host))
		return
	}
	if err := elsewhere.Check(r); err != nil {
		fail(w, refuse(http.StatusForbidden, "a page of another origin (%q) may not change anything here; send it from the host's own page, or by a program that names no Origin", r.Header.Get("Origin")))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if _, pattern := s.routes.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
		s.unrouted(w, r)
		return
	}
	s.routes.ServeHTTP(w, r)
}

// unrouted answers what no route is for, in the form of all other errors.
func (s *Server) unrouted(w http.ResponseWriter, r *http.Request) {
	said := verdict{header: http.Header{}}
	if s.routes.ServeHTTP(&said, r); said.status == http.StatusMethodNotAllowed {
		allow := said.header.Get("Allow")
		w.Header().Set("Allow", allow)
		fail(w, refuse(said.status, "%s is asked with %s", r.URL.Path, allow))
		return
	}
	fail(w, refuse(http.StatusNotFound, "there is nothing at %q; /openapi.yaml has what there is", r.URL.Path))
}

// verdict takes what a handler answers, but for its words.
type verdict struct {
	header http.Header
	status int
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) WriteHeader(status int)      { v.status = status }
func (v *verdict) Write(b []byte) (int, error) { return len(b), nil }

// isOurs reports whether a request's Host names this server.
func (s *Server) isOurs(name string) bool {
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	for _, n := range s.names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return len(s.names) == 0 && (strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback())
}

// json makes a handler of what gives an answer, for those who may ask.
func (s *Server) json(answer answers) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			fail(w, refuse(http.StatusUnauthorized, "want the header Authorization: Bearer, and the token that the host was started with"))
			return
		}
		got, err := s.change(r, answer)
		if err != nil {
			fail(w, err)
			return
		}
		if out, is := got.(stream); is {
			out(w, r)
			return
		}
		if got == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if text, is := got.(csv); is {
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			io.WriteString(w, string(text))
			return
		}
		write(w, http.StatusOK, got)
	}
}

// change gives the answer to a request; where it may change something, alone and kept. Its
// body is read first, so that nobody else waits for who sends it.
func (s *Server) change(r *http.Request, answer answers) (got any, err error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return answer(r)
	}
	body, wrong := io.ReadAll(r.Body)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{wrong}))
	if kept := s.host.Change(func() { got, err = answer(r) }); kept != nil {
		return nil, refuse(http.StatusServiceUnavailable, "%v; ask whether it is done when it does", kept)
	}
	return got, err
}

// failing is the end of a body that could not be read to its end.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, cmp.Or(f.err, io.EOF) }

// csv is an answer that is no JSON but a spreadsheet's.
type csv string

// allowed reports whether a request shows the token, in a time that does not tell
// how much of it was right.
func (s *Server) allowed(r *http.Request) bool {
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(shown))
	return subtle.ConstantTimeCompare(sum[:], s.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// read reads a request's JSON into v: one value, no member that v does not have.
func read(r *http.Request, v any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "want a body of Content-Type application/json")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows the JSON value")
		}
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d octets", maxBody)
	}
	if of, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		return refuse(http.StatusBadRequest, "body: %s is %s, want %s", cmp.Or(of.Field, "it"), of.Value, wanted(of.Type))
	}
	if own, is := errors.AsType[*Error](err); is {
		return own
	}
	if err != nil {
		why := err.Error()
		if field, is := strings.CutPrefix(why, "json: unknown field "); is {
			why = "there is no field " + field
		} else if err == io.EOF {
			why = "it is empty"
		} else if err == io.ErrUnexpectedEOF {
			why = "it ends in the middle of its JSON"
		}
		return refuse(http.StatusBadRequest, "body: %s; want a JSON object of %s", why, strings.Join(fields(nil, "", reflect.TypeOf(v)), ", "))
	}
	return nil
}

// fields adds the names of a type's members, those of objects in it after a dot.
func fields(all []string, under string, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return append(all, strings.TrimSuffix(under, "."))
	}
	for f := range t.Fields() {
		switch name, _, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			all = fields(all, under, f.Type)
		default:
			all = fields(all, under+cmp.Or(name, f.Name)+".", f.Type)
		}
	}
	return all
}

// wanted says what JSON a Go value is read from.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	case reflect.Uint32:
		return fmt.Sprintf("a whole number from 0 to %d", uint32(math.MaxUint32))
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	e, is := errors.AsType[*Error](err)
	if !is {
		e = refuse(http.StatusInternalServerError, "internal error: %v", err)
	}
	write(w, e.Status, map[string]string{"error": e.Why})
}

func write(w http.ResponseWriter, status int, v any) {
	out, err := json.Marshal(v)
	if err != nil {
		status, out = http.StatusInternalServerError, []byte(`{"error": "the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(out, '\n'))
}

// mostConnections is how many may be open at once; more wait until one ends.
const mostConnections = 200

// Serve serves HTTP on l with bounds on time, size and number, until l is closed.
func (s *Server) Serve(l net.Listener) *http.Server {
	l = netutil.LimitListener(l, mostConnections)
	h := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go h.Serve(l)
	return h
}
