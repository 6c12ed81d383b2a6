package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/profile"
)

// secureProfile is a profile in dir whose host at an address is met over TLS.
func secureProfile(t *testing.T, dir, name, address, how string) string {
	t.Helper()
	file := filepath.Join(dir, name+".yaml")
	text := fmt.Sprintf("address: %s\ntls: %s\n", address, how)
	if err := os.WriteFile(file, append([]byte(text), profile.BundledYAML()...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// checks plays one scenario of a profile, and gives what is said.
func checks(args ...string) (code int, said string) {
	var stdout, stderr bytes.Buffer
	code = run(append([]string{"check", "--timeout", "2s", "@core-echo-1"}, args...), &stdout, &stderr)
	return code, stdout.String() + stderr.String()
}

// A host and a proxy meet terminals over TLS 1.2 or newer and no other way, ask for their
// certificates, and take files that were changed without a new start.
func TestTerminalsAreMetOverTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	dir := t.TempDir()
	ca, other := newAuthority(t, dir, "ca"), newAuthority(t, dir, "other")
	ca.issue(t, dir, "server", "acquirer.test")
	mine := ca.issue(t, dir, "client", "terminals.test")
	strange := other.issue(t, dir, "stranger", "terminals.test")
	in := func(name string) string { return filepath.Join(dir, name) }
	flags := []string{"--listen", "127.0.0.1:0", "--tls-cert", in("server.pem"), "--tls-key", in("server.key"), "--tls-client-ca", in("ca.pem")}
	host := start(t, "listening on ", append([]string{"host"}, flags...)...)
	address := tells(t, host, `listening on (\S+): `)
	ours := "{ca: ca.pem, server-name: acquirer.test, cert: client.pem, key: client.key}"
	between := start(t, "listening on ", append([]string{"proxy", "--profile", secureProfile(t, dir, "behind", address, ours), "--tls-key-log", in("secrets")}, flags...)...)
	middle := tells(t, between, `listening on (\S+): `)

	for name, a := range map[string]string{"host": address, "proxy": middle} {
		if code, said := checks("--profile", secureProfile(t, dir, name, a, ours)); code != exitOK || !strings.Contains(said, "1 passed") {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
		for why, c := range map[string]*tls.Config{
			"TLS 1.1":        {MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11, Certificates: []tls.Certificate{mine}},
			"no certificate": {},
			"a stranger's":   {Certificates: []tls.Certificate{strange}},
		} {
			c.InsecureSkipVerify = true
			if err := greets(a, c); err == nil {
				t.Errorf("%s takes a terminal with %s", name, why)
			}
		}
		plain, err := net.Dial("tcp", a)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(plain, "\x00\x04\x60\x00\x03\x00")
		plain.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, err := plain.Read(make([]byte, 512)); err == nil && n > 0 {
			if rest, err := plain.Read(make([]byte, 512)); err == nil && rest > 0 {
				t.Errorf("%s answers a plain terminal with %d octets", name, n+rest)
			}
		}
		plain.Close()
	}
	if log, err := os.ReadFile(in("secrets")); err != nil || !bytes.Contains(log, []byte("TRAFFIC_SECRET")) {
		t.Errorf("the key log that was asked for: %v, %d octets", err, len(log))
	}
	if info, err := os.Stat(in("secrets")); err == nil && info.Mode().Perm() != 0o600 {
		t.Errorf("the key log has mode %04o", info.Mode().Perm())
	}

	// Another certificate in the same files; then files that cannot be used.
	other.issue(t, dir, "server", "acquirer.test")
	if code, said := checks("--profile", secureProfile(t, dir, "renewed", address, "{ca: other.pem, server-name: acquirer.test, cert: client.pem, key: client.key}")); code != exitOK {
		t.Errorf("after the certificate was changed: exit code %d: %s", code, said)
	}
	if err := os.WriteFile(in("server.pem"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := checks("--profile", in("renewed.yaml")); code != exitOK || !strings.Contains(host.stderr.String(), "goes on to serve") {
		t.Errorf("after the certificate was spoilt: exit code %d: %s%s", code, said, &host.stderr)
	}
	for _, p := range []*process{host, between} {
		p.end(t, syscall.SIGTERM)
	}
}

// greets shakes hands, and reads until the other side has had its say about our certificate.
func greets(address string, c *tls.Config) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", address, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err = conn.Read(make([]byte, 1)); os.IsTimeout(err) {
		return nil // it waits for what we say
	}
	return err
}

func TestKeyLogIsWrittenOnlyWhenAsked(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir, "ca")
	address := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, dir, "server", "acquirer.test")}})
	file := secureProfile(t, dir, "bank", address, "{ca: ca.pem, server-name: acquirer.test}")
	t.Setenv("SSLKEYLOGFILE", filepath.Join(dir, "unasked"))
	if code, said := checks("--profile", file); code != exitOK {
		t.Fatal(code, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "unasked")); err == nil {
		t.Error("SSLKEYLOGFILE is enough to have the secrets of sessions written")
	}
	asked := filepath.Join(dir, "asked")
	if code, said := checks("--profile", file, "--tls-key-log", asked); code != exitOK {
		t.Error(code, said)
	}
	if log, err := os.ReadFile(asked); err != nil || !bytes.Contains(log, []byte("TRAFFIC_SECRET")) {
		t.Errorf("the log that was asked for: %v, %d octets", err, len(log))
	}
	os.Chmod(asked, 0o644)
	for want, args := range map[string][]string{
		"others may read it": {"--profile", file, "--tls-key-log", asked},
		"not met over TLS":   {"--tls-key-log", filepath.Join(dir, "never")},
	} {
		if code, said := checks(args...); code != exitUsage || !strings.Contains(said, want) {
			t.Errorf("exit code %d, want %q: %s", code, want, said)
		}
	}
}
