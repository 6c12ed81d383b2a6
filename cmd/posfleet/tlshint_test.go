package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/profile"
)

// Each way in which TLS comes about with no host of acquirers is told by its
// class, with the profile's lines that mend it, and those lines do mend it.
func TestTLSFailureNamesItsMend(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	ca := newAuthority(t, dir, "ca")
	server := ca.issue(t, dir, "server", "acquirer.test")
	ca.issue(t, dir, "client", "terminals.test")
	named := selfSigned(t, dir, "named", false, time.Hour, "pos.bank.test")
	nameless := selfSigned(t, dir, "nameless", false, time.Hour)
	expired := selfSigned(t, dir, "expired", false, -time.Hour, "pos.bank.test")
	future := ca.certify(t, dir, "future", &x509.Certificate{DNSNames: []string{"pos.bank.test"}, NotBefore: time.Now().Add(time.Hour), NotAfter: time.Now().Add(2 * time.Hour)})
	forClients := ca.certify(t, dir, "for-clients", &x509.Certificate{DNSNames: []string{"acquirer.test"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	withRSA := selfSigned(t, dir, "rsa", true, time.Hour, "pos.bank.test")
	pin := func(c tls.Certificate) string {
		sum := sha256.Sum256(c.Certificate[0])
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	with := func(c tls.Certificate, more *tls.Config) string {
		more = more.Clone()
		more.Certificates = []tls.Certificate{c}
		return serveTLS(t, more)
	}
	colons := strings.ToUpper(pin(named)[7:9])
	for i := 9; i < len(pin(named)); i += 2 {
		colons += ":" + strings.ToUpper(pin(named)[i:i+2])
	}
	old := with(withRSA, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})
	kx := with(withRSA, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}})
	broken := with(withRSA, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}})
	mutual := &tls.Config{ClientCAs: ca.pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	mutual12 := &tls.Config{ClientCAs: ca.pool(), ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: tls.VersionTLS12}
	silent := listening(t, func(c net.Conn) { time.Sleep(10 * time.Second) })
	text := listening(t, func(c net.Conn) { fmt.Fprint(c, "220 mail.test ESMTP\r\n") })
	for _, c := range []struct {
		name, host, tls string
		hint            []string // empty: it works
	}{
		{"unknown CA", with(server, &tls.Config{}), "{server-name: acquirer.test}", []string{"tls: {ca: FILE}", "pin: \"" + pin(server)}},
		{"its CA", with(server, &tls.Config{}), "{ca: ca.pem, server-name: acquirer.test}", nil},
		{"wrong name", with(server, &tls.Config{}), "{ca: ca.pem, server-name: other.test}", []string{`{server-name: "acquirer.test"}`}},
		{"pinned", with(named, &tls.Config{}), "{pin: \"" + pin(named) + "\"}", nil},
		{"pinned with colons", with(named, &tls.Config{}), "{pin: \"sha256:" + colons + "\"}", nil},
		{"another pinned", with(named, &tls.Config{}), "{pin: \"" + pin(server) + "\"}", []string{"renewed", pin(named)}},
		{"itself the CA", with(named, &tls.Config{}), "{ca: named.pem}", nil},
		{"common name only", with(nameless, &tls.Config{}), "{server-name: pos.test}", []string{`{server-name: "nameless"}`, pin(nameless)}},
		{"common name only, itself the CA", with(nameless, &tls.Config{}), "{ca: nameless.pem}", nil},
		{"common name only, pinned", with(nameless, &tls.Config{}), "{pin: \"" + pin(nameless) + "\"}", nil},
		{"common name asked for", with(ca.issueNameless(t, dir, "bare"), &tls.Config{}), "{ca: ca.pem, server-name: bare}", nil},
		{"not valid yet", with(future, &tls.Config{}), "{ca: ca.pem, server-name: pos.bank.test}", []string{"by this machine's clock it is", "have the host wait", pin(future)}},
		{"a client's certificate", with(forClients, &tls.Config{}), "{ca: ca.pem, server-name: acquirer.test}", []string{"key usage", pin(forClients)}},
		{"expired", with(expired, &tls.Config{}), "{ca: expired.pem}", []string{"is the clock right", "renew", pin(expired)}},
		{"expired, pinned", with(expired, &tls.Config{}), "{pin: \"" + pin(expired) + "\"}", nil},
		{"TLS 1.0", old, "{ca: rsa.pem}", []string{"TLS 1.0", `min-version: "1.0"`}},
		{"TLS 1.0 allowed", old, "{ca: rsa.pem, min-version: \"1.0\"}", nil},
		{"RSA key exchange", kx, "{ca: rsa.pem}", []string{"RSA key exchange", "rsa-key-exchange: true"}},
		{"RSA key exchange allowed", kx, "{ca: rsa.pem, rsa-key-exchange: true}", nil},
		{"no common cipher", broken, "{ca: rsa.pem}", []string{"TLS_RSA_WITH_3DES_EDE_CBC_SHA"}},
		{"client certificate wanted", with(named, mutual), "{ca: named.pem}", []string{"certificate of ours", "cert: FILE"}},
		{"client certificate wanted, TLS 1.2", with(named, mutual12), "{ca: named.pem}", []string{"certificate of ours", "cert: FILE"}},
		{"client certificate given", with(named, mutual), "{ca: named.pem, cert: client.pem, key: client.key}", nil},
		{"client certificate of another", with(named, mutual), "{ca: named.pem, cert: rsa.pem, key: rsa.key}", []string{"does not take our certificate"}},
		{"plain port", serveTLS(t, nil), "{}", []string{"plain port"}},
		{"port that says nothing", silent, "{}", []string{"plain port"}},
		{"port of something else", text, "{}", []string{"plain port"}},
		{"TLS port met in plain", with(named, &tls.Config{}), "", []string{"TLS port", "tls: {}"}},
		{"TLS port with our certificate, met in plain", with(named, mutual12), "", []string{"TLS port", "tls: {}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			yaml := "address: " + c.host + "\n"
			if c.tls != "" {
				yaml += "tls: " + c.tls + "\n"
			}
			file := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-")+".yaml")
			if err := os.WriteFile(file, append([]byte(yaml), profile.BundledYAML()...), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := run([]string{"check", "--profile", file, "--timeout", "2s", "@core-echo-1"}, &stdout, &stderr)
			said := stdout.String() + stderr.String()
			if len(c.hint) == 0 && code != exitOK || len(c.hint) > 0 && (code != exitUnreachable || strings.Contains(said, "listening there") || strings.Contains(said, "the host refuses")) {
				t.Errorf("exit code %d:\n%s", code, said)
			}
			for _, words := range c.hint {
				if !strings.Contains(said, words) {
					t.Errorf("want %q in:\n%s", words, said)
				}
			}
		})
	}
}

// A host that hangs up on messages, over TLS that the profile allows, is not told to have
// other TLS.
func TestHostThatHangsUpOverOldTLSIsNotBlamedForIt(t *testing.T) {
	dir := t.TempDir()
	certificate := selfSigned(t, dir, "rsa", true, time.Hour, "pos.bank.test")
	for name, c := range map[string]struct {
		host *tls.Config
		tls  string
	}{
		"RSA key exchange": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, "{ca: rsa.pem, rsa-key-exchange: true}"},
		"TLS 1.0":          {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, `{ca: rsa.pem, min-version: "1.0"}`},
	} {
		c.host.Certificates = []tls.Certificate{certificate}
		address := listening(t, func(conn net.Conn) {
			secure := tls.Server(conn, c.host)
			secure.Read(make([]byte, 1))
			secure.Close()
		})
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".yaml")
		if err := os.WriteFile(file, append([]byte("address: "+address+"\ntls: "+c.tls+"\n"), profile.BundledYAML()...), 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		code := run([]string{"check", "--profile", file, "--timeout", "2s", "@core-purchase-1"}, &stdout, &stderr)
		if said := stdout.String() + stderr.String(); code != exitUnreachable || strings.Contains(said, "cipher suite") || !strings.Contains(said, "does it speak CUP") {
			t.Errorf("%s: exit code %d:\n%s", name, code, said)
		}
	}
}

// Under TLS 1.3 a host that does not take our certificate says so after the handshake, and
// its word may be lost when our request meets the end of the connection.
func TestCertificateOfOursIsTakenForTheReasonWhateverWasMet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, server := newAuthority(t, dir, "ca"), selfSigned(t, dir, "server", false, time.Hour, "pos.bank.test")
	host := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: ca.pool(), ClientAuth: tls.RequireAndVerifyClientCert})
	for name, c := range map[string]struct {
		ours []tls.Certificate
		want string
	}{
		"of another": {[]tls.Certificate{server}, "does not take our certificate"},
		"none":       {nil, "wants a certificate of ours"},
		"a good one": {[]tls.Certificate{ca.issue(t, dir, "client", "terminals.test")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			met := meetTLS(t.Context(), host, &tls.Config{Certificates: c.ours})
			reset := &net.OpError{Op: "write", Err: syscall.ECONNRESET}
			if got := ourCertificateHint(met, reset, len(c.ours) > 0); !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("hint %q, want %q", got, c.want)
			}
		})
	}
}

// issueNameless makes a certificate that has a common name only.
func (a *authority) issueNameless(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	return a.certify(t, dir, name, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// selfSigned makes a certificate that nobody else signed, NAME.pem and NAME.key
// in dir, valid for so long from now on, or until so long ago.
func selfSigned(t *testing.T, dir, name string, withRSA bool, validity time.Duration, names ...string) tls.Certificate {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatalf("certificate %s: %v", name, err)
		}
	}
	var public, key any
	if withRSA {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		must(err)
		public, key = &k.PublicKey, k
	} else {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		public, key = &k.PublicKey, k
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: names,
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(validity),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, key)
	must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	for ending, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		must(os.WriteFile(filepath.Join(dir, name+ending), pem.EncodeToMemory(block), 0o600))
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
	must(err)
	return pair
}
