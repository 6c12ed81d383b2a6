package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/profile"
)

// What a profile says of TLS decides which hosts are met: the right one, whose
// certificate our CA signed for this name, and none that only looks like it.
func TestProfileSaysWhichTLSHostIsMet(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	ca, other := newAuthority(t, dir, "ca"), newAuthority(t, dir, "other")
	server := ca.issue(t, dir, "server", "acquirer.test")
	ca.issue(t, dir, "client", "terminals.test")
	other.issue(t, dir, "stranger", "terminals.test")
	open := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{server}})
	strict := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: ca.pool(), ClientAuth: tls.RequireAndVerifyClientCert})
	plain := serveTLS(t, nil)
	for _, c := range []struct {
		name, host, tls string
		code            int
		says            string
	}{
		{"right host", open, "{ca: ca.pem, server-name: acquirer.test}", exitOK, "1 passed, 0 failed"},
		{"right host, our certificate", strict, "{ca: ca.pem, server-name: acquirer.test, cert: client.pem, key: client.key}", exitOK, "1 passed, 0 failed"},
		{"no certificate of ours", strict, "{ca: ca.pem, server-name: acquirer.test}", exitUnreachable, "certificate required"},
		{"a certificate of a stranger's", strict, "{ca: ca.pem, server-name: acquirer.test, cert: stranger.pem, key: stranger.key}", exitUnreachable, "tls: "},
		{"another CA", open, "{ca: other.pem, server-name: acquirer.test}", exitUnreachable, "certificate signed by unknown authority"},
		{"the system's CAs", open, "{server-name: acquirer.test}", exitUnreachable, "certificate signed by unknown authority"},
		{"another name", open, "{ca: ca.pem, server-name: bank.test}", exitUnreachable, "not bank.test"},
		{"the address for a name", open, "{ca: ca.pem}", exitUnreachable, "127.0.0.1"},
		{"TLS to a host without", plain, "{ca: ca.pem, server-name: acquirer.test}", exitUnreachable, "cannot be reached"},
		{"no TLS to a host with", open, "", exitUnreachable, "does not answer a sign-in"},
		{"no certificate in the file", open, "{ca: client.key}", exitUsage, "tls ca: "},
		{"key of another certificate", open, "{ca: ca.pem, cert: client.pem, key: stranger.key}", exitUsage, "tls cert: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := "address: " + c.host + "\n"
			if c.tls != "" {
				text += "tls: " + c.tls + "\n"
			}
			file := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-")+".yaml")
			if err := os.WriteFile(file, append([]byte(text), profile.BundledYAML()...), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			code := run([]string{"check", "--profile", file, "--timeout", "2s", "@core-echo-1"}, &stdout, &stderr)
			if said := stdout.String() + stderr.String(); code != c.code || !strings.Contains(said, c.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.says, said)
			}
		})
	}
}

// serveTLS serves the bundled network on loopback, over TLS unless c is nil, and
// gives its address.
func serveTLS(t *testing.T, c *tls.Config) string {
	t.Helper()
	p, err := profile.Bundled("cup", 0)
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(p, host.WithTLS(c))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { h.Serve(ctx, l) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	return l.Addr().String()
}

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority makes a CA; its certificate is NAME.pem in dir.
func newAuthority(t *testing.T, dir, name string) *authority {
	t.Helper()
	a := &authority{}
	a.certificate, a.key = a.sign(t, dir, name, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// issue makes a certificate for a host name: NAME.pem and NAME.key in dir.
func (a *authority) issue(t *testing.T, dir, name, dns string) tls.Certificate {
	t.Helper()
	return a.certify(t, dir, name, &x509.Certificate{DNSNames: []string{dns}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}})
}

// certify completes a certificate and signs it.
func (a *authority) certify(t *testing.T, dir, name string, c *x509.Certificate) tls.Certificate {
	t.Helper()
	c.KeyUsage = x509.KeyUsageDigitalSignature
	a.sign(t, dir, name, c)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// sign completes and signs a certificate, by itself when there is no CA yet.
func (a *authority) sign(t *testing.T, dir, name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatalf("certificate %s: %v", name, err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	for ending, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		must(os.WriteFile(filepath.Join(dir, name+ending), pem.EncodeToMemory(block), 0o600))
	}
	made, err := x509.ParseCertificate(der)
	must(err)
	return made, key
}
