package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/profile"
)

// serverTLS is how terminals that connect are met over TLS: 1.2 or newer, by files that
// are read again when they change.
type serverTLS struct {
	cert, key string // PEM files; both empty for plain TCP
	clients   string // PEM file of who signs terminals' certificates; empty for none wanted
	log       string // file that gets the secrets of each session, for Wireshark; empty for none

	tell io.Writer // is told of files that cannot be read again

	mu     sync.Mutex
	seen   string // what the files were like when they were read
	config *tls.Config
	keys   io.Writer
}

func (s *serverTLS) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&s.cert, "tls-cert", "", "PEM file of the certificate for terminals that connect over TLS, read again when it changes (default: plain TCP)")
	fl.StringVar(&s.key, "tls-key", "", "PEM file of its key, which only its owner may read")
	fl.StringVar(&s.clients, "tls-client-ca", "", "PEM file of who signs terminals' certificates: those without one are refused (default: none is asked for)")
	addKeyLog(cmd, &s.log)
}

// addKeyLog adds the flag of the file for sessions' secrets.
func addKeyLog(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "tls-key-log", "", "file, for its owner alone, that gets the secrets of TLS sessions: with them a capture can be read")
}

// listen gives what terminals are met with; nil for plain TCP.
func (s *serverTLS) listen(tell io.Writer) (*tls.Config, error) {
	s.tell = tell
	switch {
	case s.cert == "" && s.key == "" && s.clients == "":
		return nil, nil
	case s.cert == "" || s.key == "":
		return nil, errors.New("--tls-cert and --tls-key go together, and --tls-client-ca with both: give both or none")
	}
	var err error
	if s.keys, err = keyLog(s.log, tell); err != nil {
		return nil, err
	}
	if err := s.read(s.look()); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.current(), nil }}, nil
}

// look tells what the files are like, so that a change of one changes it.
func (s *serverTLS) look() string {
	var all strings.Builder
	for _, path := range []string{s.cert, s.key, s.clients} {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintln(&all, info.Size(), info.ModTime().UnixNano(), info.Mode())
		} else {
			fmt.Fprintln(&all)
		}
	}
	return all.String()
}

// current is what the next terminal is met with. Files that were changed and cannot be used
// are told of once, and what was read before goes on to serve.
func (s *serverTLS) current() *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.look(); now != s.seen {
		if err := s.read(now); err != nil {
			s.seen = now
			fmt.Fprintf(s.tell, "posfleet: %v; the certificate that was read before goes on to serve\n", err)
		} else {
			fmt.Fprintln(s.tell, "posfleet: the certificate for terminals was read again")
		}
	}
	return s.config
}

// read reads the files, which are like seen.
func (s *serverTLS) read(seen string) error {
	secret, err := profile.ReadPrivate(s.key)
	if err != nil {
		return fmt.Errorf("--tls-key: %w", err)
	}
	defer clear(secret)
	certificate, err := os.ReadFile(s.cert)
	if err != nil {
		return fmt.Errorf("--tls-cert: %w", err)
	}
	pair, err := tls.X509KeyPair(certificate, secret)
	if err != nil {
		return fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, KeyLogWriter: s.keys}
	if s.clients != "" {
		data, err := os.ReadFile(s.clients)
		if err != nil {
			return fmt.Errorf("--tls-client-ca: %w", err)
		}
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(data) {
			return fmt.Errorf("--tls-client-ca: %s holds no PEM certificate", s.clients)
		}
	}
	s.seen, s.config = seen, c
	return nil
}

// keyLog opens the file for sessions' secrets, and says that it is written; nil where none
// is asked for. No variable of the environment but posfleet's own asks for one.
func keyLog(path string, tell io.Writer) (io.Writer, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--tls-key-log: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		f.Close()
		return nil, fmt.Errorf("--tls-key-log: file %s is there and others may read it (mode %04o); chmod 600 %s", path, info.Mode().Perm(), path)
	}
	fmt.Fprintf(tell, "posfleet: the secrets of TLS sessions are written to %s: whoever has it reads what passes\n", path)
	return f, nil
}
