package profile

import (
	"regexp"

	"github.com/posfleet/posfleet/sim/strict"
)

// TLS is how to reach a host over TLS.
type TLS struct {
	CA         string // PEM file; empty for the system's roots
	Cert, Key  string // PEM files of the client's certificate, when asked for
	ServerName string // when it is not the address's
}

// tls reads how to reach a host over TLS.
func (r reader) tls(v strict.Value, dir folder) *TLS {
	t := &TLS{}
	file := func(to *string, private bool) func(strict.Value) {
		return func(v strict.Value) {
			path, ok := r.Scalar(v)
			if !ok {
				return
			}
			data, err := dir.read(path, private, maxFile)
			if err != nil {
				r.Fail(v, "%w", err)
				return
			}
			clear(data)
			*to = dir.path(path)
		}
	}
	r.Map(v, strict.Table{
		"ca":          file(&t.CA, false),
		"cert":        file(&t.Cert, false),
		"key":         file(&t.Key, true),
		"server-name": r.Match(&t.ServerName, regexp.MustCompile(`^[0-9A-Za-z._:-]{1,253}$`), "a host name"),
	})
	if r.OK() && (t.Cert == "") != (t.Key == "") {
		r.Fail(v, "cert and key go together; give both or neither")
	}
	return t
}
