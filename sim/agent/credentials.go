package agent

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"runtime"
	"time"
)

// Credentials are the secret that all who take part in a run have in common. Who has
// them may play and command, who has not can do neither: they are the two keys by
// which controller and agent know each other over TLS, and the key under which all
// that they exchange is sealed, on a cluster of others too. They never print.
type Credentials struct{ secret []byte }

// kind begins a file of credentials.
const kind = "posfleet-run-credentials-1"

// NewCredentials draws the credentials of a new run.
func NewCredentials() Credentials {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return Credentials{secret}
}

// ReadCredentials reads what Save wrote. The file must be its owner's alone, or that of a
// group that only reads it, as orchestrators hand secrets out.
func ReadCredentials(path string) (Credentials, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o027 != 0 && runtime.GOOS != "windows" {
		return Credentials{}, fmt.Errorf("credentials: others may read %s (mode %04o); chmod 600 %s", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	words := bytes.Fields(text)
	if len(words) != 2 || string(words[0]) != kind {
		return Credentials{}, fmt.Errorf("credentials: %s is no file of credentials (posfleet agent credentials FILE makes one)", path)
	}
	secret, err := base64.RawURLEncoding.DecodeString(string(words[1]))
	if err != nil || len(secret) != 32 {
		return Credentials{}, fmt.Errorf("credentials: %s is damaged", path)
	}
	return Credentials{secret}, nil
}

// Save writes the credentials to a new file that only its owner can read.
func (c Credentials) Save(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("credentials: %s exists: name another file", path)
	}
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	_, err = fmt.Fprintf(f, "%s %s\n", kind, base64.RawURLEncoding.EncodeToString(c.secret))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	return nil
}

// String tells nothing.
func (c Credentials) String() string { return "credentials of run " + c.id() }

// GoString tells nothing.
func (c Credentials) GoString() string { return c.String() }

// derive gives n octets for one use.
func (c Credentials) derive(use string, n int) []byte {
	key, err := hkdf.Key(sha256.New, c.secret, nil, "posfleet run "+use, n)
	if err != nil {
		panic(err) // only of lengths that nobody asks for
	}
	return key
}

// id names the run on a cluster where there may be others.
func (c Credentials) id() string { return hex.EncodeToString(c.derive("id", 8)) }

// seal encrypts what is sent; where it belongs is not secret, but cannot be changed.
func (c Credentials) seal(where string, data []byte) []byte {
	a := c.aead()
	nonce := make([]byte, a.NonceSize(), a.NonceSize()+len(data)+a.Overhead())
	_, _ = rand.Read(nonce)
	return a.Seal(nonce, nonce, data, []byte(where))
}

// errForeign is of what somebody sent who is not of this run.
var errForeign = errors.New("not sealed by anybody of this run")

func (c Credentials) open(where string, sealed []byte) ([]byte, error) {
	a := c.aead()
	if len(sealed) < a.NonceSize() {
		return nil, errForeign
	}
	data, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], []byte(where))
	if err != nil {
		return nil, errForeign
	}
	return data, nil
}

func (c Credentials) aead() cipher.AEAD {
	block, err := aes.NewCipher(c.derive("seal", 32))
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}

// tls is how one side meets the other, "controller" or "agent": by keys that only the
// run's have, whatever the machines are called.
func (c Credentials) tls(own, peer string) (*tls.Config, error) {
	key := func(side string) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(c.derive(side, ed25519.SeedSize)) }
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: own},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), // who has the key is meant, whenever
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key(own).Public(), key(own))
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key(own)}}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true, // verified here, always
		VerifyConnection: func(s tls.ConnectionState) error {
			if its, is := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey); !is || !its.Equal(key(peer).Public()) {
				return fmt.Errorf("the %s has other credentials", peer)
			}
			return nil
		},
	}, nil
}
