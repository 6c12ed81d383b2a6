package profile

import (
	"bytes"
	"fmt"
	"net/url"

	"github.com/posfleet/posfleet/sim/strict"
)

// Admin is where a host's admin API is (docs/admin.md).
type Admin struct {
	URL   string // without a path
	Token Secret
}

// admin reads where the admin API is: the address and the file of the token.
func (r reader) admin(v strict.Value, dir folder) *Admin {
	a := &Admin{}
	found := r.Map(v, strict.Table{
		"url": func(v strict.Value) {
			text, ok := r.Scalar(v)
			if !ok {
				return
			}
			u, err := url.Parse(text)
			switch {
			case err == nil && u.User != nil:
				r.Fail(v, "has a name or a password before the host, which are not repeated; want http://HOST:PORT or https://HOST, and the token in token-file")
			case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/":
				r.Fail(v, "%s, want http://HOST:PORT or https://HOST", strict.Quote(text))
			case u.Scheme == "http" && !IsLoopback(u.Hostname()):
				r.Fail(v, "%s would send the token in clear to another machine; want https://", strict.Quote(text))
			default:
				a.URL = u.Scheme + "://" + u.Host
			}
		},
		"token-file": func(v strict.Value) {
			path, ok := r.Scalar(v)
			if !ok {
				return
			}
			var err error
			if a.Token, err = dir.token(path); err != nil {
				r.Fail(v, "%w", err)
			}
		},
	})
	for _, k := range []string{"url", "token-file"} {
		if r.OK() && found[k] == 0 {
			r.Fail(v, "key %s is missing; admin has url and token-file", k)
		}
	}
	return a
}

// leastToken is the shortest token that is taken, in characters.
const leastToken = 16

// ReadToken reads the token of an admin API from a file that only its owner can read.
func ReadToken(path string) (Secret, error) { return folder{dir: "."}.token(path) }

func (d folder) token(path string) (Secret, error) {
	text, err := d.read(path, true, maxFile)
	if err != nil {
		return nil, err
	}
	token := Secret(bytes.TrimSpace(text))
	if len(token) < leastToken || bytes.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, fmt.Errorf("file %s: want a token of at least %d characters without blanks, such as openssl rand -hex 16 makes", path, leastToken)
	}
	return token, nil
}
