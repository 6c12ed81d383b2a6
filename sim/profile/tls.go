package profile

import (
	"crypto/tls"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
)

// TLS is how to reach a host over TLS.
type TLS struct {
	CA         string // PEM file; empty for the system's roots
	Cert, Key  string // PEM files of the client's certificate, when asked for
	ServerName string // when it is not the address's
	Pin        []byte // SHA-256 of the host's certificate, which alone is trusted then; nil when its issuer is
	MinVersion uint16 // of crypto/tls; TLS 1.2 unless the file allows older ones
	RSA        bool   // also RSA key exchange, which keeps no secret once the host's key is known
}

var (
	certificateShape = regexp.MustCompile(`^sha256:([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$`)
	nameShape        = regexp.MustCompile(`^[0-9A-Za-z._:-]{1,253}$`)
	tlsVersions      = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
)

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
	var pin string
	version := "1.2"
	r.Map(v, strict.Table{
		"ca":               file(&t.CA, false),
		"cert":             file(&t.Cert, false),
		"key":              file(&t.Key, true),
		"server-name":      r.Match(&t.ServerName, nameShape, "a host name"),
		"pin":              r.Match(&pin, certificateShape, "sha256: and the 64 hexadecimal digits of the certificate's fingerprint"),
		"min-version":      r.Match(&version, regexp.MustCompile(`^1\.[0-3]$`), `"1.0", "1.1", "1.2" or "1.3", in quotes`),
		"rsa-key-exchange": r.Bool(&t.RSA),
	})
	t.MinVersion = tlsVersions[version]
	if digits, given := strings.CutPrefix(pin, "sha256:"); given {
		t.Pin, _ = hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	}
	if r.OK() && (t.Cert == "") != (t.Key == "") {
		r.Fail(v, "cert and key go together; give both or neither")
	}
	if r.OK() && t.Pin != nil && (t.CA != "" || t.ServerName != "") {
		r.Fail(v, "a pinned certificate is trusted by itself; leave ca and server-name out")
	}
	return t
}
