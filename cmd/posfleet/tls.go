package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim/profile"
)

// maxCertificates is the longest file of certificates or a key that is read, in octets;
// profiles allow no longer ones.
const maxCertificates = 1 << 20

// clientTLS is how the host at an address is met over TLS.
func clientTLS(t *profile.TLS, address string, files *profile.Files) (*tls.Config, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if t.ServerName != "" {
		name = t.ServerName
	}
	v := &verifier{name: name, asked: t.ServerName != "", pin: t.Pin}
	c := &tls.Config{ServerName: name, MinVersion: t.MinVersion,
		InsecureSkipVerify: true, VerifyConnection: v.verify} // verified there, always
	if t.RSA {
		c.CipherSuites = suites(false)
	}
	if t.CA != "" {
		data, _, err := files.Read(t.CA, maxCertificates)
		if err != nil {
			return nil, fmt.Errorf("tls ca: %w", err)
		}
		v.roots = x509.NewCertPool()
		if v.given = certificates(data); len(v.given) == 0 || !v.roots.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("tls ca: %s holds no PEM certificate", t.CA)
		}
	}
	if t.Cert != "" {
		cert, _, err := files.Read(t.Cert, maxCertificates)
		if err != nil {
			return nil, fmt.Errorf("tls cert: %w", err)
		}
		key, _, err := files.Read(t.Key, maxCertificates)
		if err != nil {
			return nil, fmt.Errorf("tls key: %w", err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("tls cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// certificates are those of a PEM file.
func certificates(data []byte) (all []*x509.Certificate) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			all = append(all, c)
		}
	}
	return all
}

// suites are the cipher suites up to TLS 1.2 with RSA key exchange among them,
// and when broken ones are wanted these too.
func suites(broken bool) (ids []uint16) {
	for _, s := range tls.CipherSuites() {
		ids = append(ids, s.ID)
	}
	for _, s := range tls.InsecureCipherSuites() {
		if broken || strings.HasPrefix(s.Name, "TLS_RSA_WITH_AES_") {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// verifier decides whether a host is the one meant.
type verifier struct {
	name  string
	asked bool // the profile names it, the address does not
	roots *x509.CertPool
	given []*x509.Certificate // what roots are made of
	pin   []byte
}

// verify holds a host's certificate to the pin, if there is one, and else to name
// and roots as is usual, with two ways more for what hosts of acquirers have: a
// certificate that is itself among the roots is trusted whatever its name, and one
// that has nothing but a common name is known by it if the profile asks for that.
func (v *verifier) verify(s tls.ConnectionState) error {
	leaf := s.PeerCertificates[0]
	wrong := func(err error) error {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	if v.pin != nil {
		if sum := sha256.Sum256(leaf.Raw); !bytes.Equal(sum[:], v.pin) {
			return wrong(errNotPinned)
		}
		return nil
	}
	options := x509.VerifyOptions{DNSName: v.name, Roots: v.roots, Intermediates: x509.NewCertPool()}
	own := slices.ContainsFunc(v.given, leaf.Equal)
	if own || v.asked && nameless(leaf) && strings.EqualFold(leaf.Subject.CommonName, v.name) {
		options.DNSName = ""
	}
	if own && nowIn(leaf) {
		return nil
	}
	for _, c := range s.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(options); err != nil {
		return wrong(err)
	}
	return nil
}

var errNotPinned = fmt.Errorf("it is not the one that the profile pins")

// nowIn reports whether a certificate is valid by its dates.
func nowIn(c *x509.Certificate) bool {
	now := time.Now()
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}

// nameless reports whether a certificate has a common name at most.
func nameless(c *x509.Certificate) bool {
	return len(c.DNSNames)+len(c.IPAddresses)+len(c.EmailAddresses)+len(c.URIs) == 0
}
