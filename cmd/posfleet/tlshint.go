package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/sim/line"
)

// tlsHint says what to change when a host cannot be met over TLS: nothing when
// TLS is not what failed.
func tlsHint(ctx context.Context, d *line.Dialer, why error) string {
	if wrong, is := errors.AsType[*tls.CertificateVerificationError](why); is {
		return certificateHint(wrong, d.TLS.ServerName)
	}
	if _, is := errors.AsType[tls.RecordHeaderError](why); is {
		return "what answers there is no TLS: is it a plain port? leave tls out of the profile, or give the TLS port"
	}
	if op, is := errors.AsType[*net.OpError](why); is && op.Op == "dial" {
		return ""
	}
	said := strings.Contains(why.Error(), "tls: ") // by either side
	met := meetTLS(ctx, d.Address, d.TLS)
	ourCertificate := ourCertificateHint(met, why, len(d.TLS.Certificates) > 0)
	switch {
	case met.version == 0 && !met.asked && !said:
		return "nothing of TLS comes back: is it a plain port? leave tls out of the profile, or give the TLS port"
	case ourCertificate != "":
		return ourCertificate
	case met.version == 0:
		return "the host has no TLS version and cipher suite that posfleet has"
	case met.version < d.TLS.MinVersion && met.rsa():
		return fmt.Sprintf(`the host speaks %s, with RSA key exchange only: tls: {min-version: "%s", rsa-key-exchange: true} allows it, if you must`,
			tls.VersionName(met.version), strings.TrimPrefix(tls.VersionName(met.version), "TLS "))
	case met.version < d.TLS.MinVersion:
		return fmt.Sprintf(`the host speaks %s and nothing newer: tls: {min-version: "%s"} allows it, if you must`,
			tls.VersionName(met.version), strings.TrimPrefix(tls.VersionName(met.version), "TLS "))
	case met.rsa() && len(d.TLS.CipherSuites) == 0:
		return fmt.Sprintf("the host has RSA key exchange only (%s): tls: {rsa-key-exchange: true} allows it, if you must", tls.CipherSuiteName(met.suite))
	case !met.within(d.TLS):
		return fmt.Sprintf("the host has no better cipher suite than %s, which posfleet does not use; have it offer one with AES", tls.CipherSuiteName(met.suite))
	case said:
		return "see tls in docs/profile.md"
	}
	return ""
}

// ourCertificateHint says what to change about the certificate that terminals show, when
// a connection ended so with a host that asks for one, under TLS 1.3 after the handshake;
// empty where that is not why.
func ourCertificateHint(met metTLS, why error, ours bool) string {
	said := met.alert != nil || strings.Contains(why.Error(), "tls: ") // by either side
	ended := errors.Is(why, io.EOF) || errors.Is(why, io.ErrUnexpectedEOF) || errors.Is(why, syscall.ECONNRESET) || errors.Is(why, syscall.EPIPE)
	switch {
	case !met.asked, met.weak(), met.version != 0 && !said && (ours || !ended):
		return ""
	case ours:
		return "the host does not take our certificate: was it signed by whom the host trusts, and for this use? tls: {cert: FILE, key: FILE}"
	case said || met.version == 0:
		return "the host wants a certificate of ours: tls: {cert: FILE, key: FILE}"
	}
	return "the host asks for a certificate of ours, gets none, and hangs up: tls: {cert: FILE, key: FILE}; if it does without, does it read our messages? see --dialect and docs/profile.md"
}

// certificateHint says what to change when a host's certificate is not trusted.
func certificateHint(wrong *tls.CertificateVerificationError, name string) string {
	leaf := wrong.UnverifiedCertificates[0]
	pin := fmt.Sprintf(`tls: {pin: "sha256:%x"} trusts this very certificate; compare it with whoever runs the host`, sha256.Sum256(leaf.Raw))
	if _, is := errors.AsType[x509.HostnameError](wrong); is {
		if nameless(leaf) {
			if cn := leaf.Subject.CommonName; cn != "" && cn != name {
				return fmt.Sprintf("the certificate names its host by a common name only: tls: {server-name: %q} goes by it, or %s", cn, pin)
			}
			return "the certificate names no host: " + pin
		}
		names := append([]string(nil), leaf.DNSNames...)
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Sprintf("the certificate is for %s: if that is the host, tls: {server-name: %q}, or %s", strings.Join(names, ", "), names[0], pin)
	}
	if bad, is := errors.AsType[x509.CertificateInvalidError](wrong); is && bad.Reason == x509.Expired {
		now, mend := time.Now(), "have the host renew it"
		if now.Before(leaf.NotBefore) {
			mend = "have the host wait or show another"
		}
		return fmt.Sprintf("the certificate is valid from %s to %s, and by this machine's clock it is %s: is the clock right? Else %s, or %s",
			moment(leaf.NotBefore), moment(leaf.NotAfter), moment(now), mend, pin)
	}
	if errors.Is(wrong, errNotPinned) {
		return "has the host renewed its certificate? " + pin
	}
	if _, is := errors.AsType[x509.UnknownAuthorityError](wrong); is {
		return fmt.Sprintf("who signed it (%s) is not trusted: tls: {ca: FILE} with the PEM certificate of whoever did, or %s",
			cmp.Or(leaf.Issuer.CommonName, leaf.Issuer.String()), pin)
	}
	return pin
}

// moment is a time as certificates have it, in UTC to the minute.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// metTLS is what a host was found to speak.
type metTLS struct {
	version, suite uint16 // zero when no handshake came about
	spoke          bool   // TLS, if only to refuse
	asked          bool   // it asked for our certificate
	alert          error  // with which it ended a handshake of TLS 1.3 in which it did, after our part; nil for none
}

// rsa reports whether the host uses RSA key exchange.
func (m *metTLS) rsa() bool {
	return strings.HasPrefix(tls.CipherSuiteName(m.suite), "TLS_RSA_WITH_AES_")
}

// within reports whether the host speaks what a profile's settings allow.
func (m *metTLS) within(ours *tls.Config) bool {
	switch {
	case m.version < ours.MinVersion:
		return false
	case m.version >= tls.VersionTLS13 || slices.Contains(ours.CipherSuites, m.suite):
		return true
	}
	return len(ours.CipherSuites) == 0 && slices.ContainsFunc(tls.CipherSuites(), func(s *tls.CipherSuite) bool { return s.ID == m.suite })
}

// weak reports whether the host could be met with what posfleet does not use.
func (m *metTLS) weak() bool {
	for _, s := range tls.InsecureCipherSuites() {
		if s.ID == m.suite {
			return true
		}
	}
	return m.version != 0 && m.version < tls.VersionTLS12
}

// objecting is how long a host is given to say that it does not take our certificate.
const objecting = time.Second

// meetTLS finds out what a host speaks, with a handshake that takes anything and
// after which nothing is sent. ours may be nil.
func meetTLS(ctx context.Context, address string, ours *tls.Config) (met metTLS) {
	c := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, CipherSuites: suites(true)}
	var certificate tls.Certificate
	if ours != nil {
		c.ServerName = ours.ServerName
		if len(ours.Certificates) > 0 {
			certificate = ours.Certificates[0]
		}
	}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		met.asked = true
		return &certificate, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return met
	}
	defer conn.Close()
	secure := tls.Client(conn, c)
	if err := secure.HandshakeContext(ctx); err != nil {
		met.spoke = strings.Contains(err.Error(), "remote error: tls: ")
		return met
	}
	s := secure.ConnectionState()
	met.version, met.suite, met.spoke = s.Version, s.CipherSuite, true
	if met.asked && s.Version == tls.VersionTLS13 { // it looks at our certificate when we are done
		conn.SetReadDeadline(time.Now().Add(objecting))
		if _, err := secure.Read(make([]byte, 1)); err != nil && strings.Contains(err.Error(), "tls: ") {
			met.alert = err
		}
	}
	return met
}
