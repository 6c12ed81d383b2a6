package profile

import (
	"crypto/subtle"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/keys"
)

// publishedSeed is what the bundled profile derives its master keys from: in
// the open, so keys derived from it are no secret either.
const publishedSeed = "posfleet test seed, no secret"

// WithAddress is the profile with another host under test: what a flag or the
// environment says. The address is checked as one in the file is, and so is
// that no published test key meets a host that is not on this machine.
func (p *Profile) WithAddress(address string) (*Profile, error) {
	if err := p.checkAddress(address); err != nil {
		return nil, err
	}
	q := *p
	q.Address = address
	return &q, nil
}

// checkAddress checks an address, and whether the profile's keys may be used there.
func (p *Profile) checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q, want host:port as in 10.0.0.9:8583", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%q, want a port from 1 to 65535 after the host", address)
	}
	if host == "" {
		return fmt.Errorf("%q names no host, want host:port as in 10.0.0.9:8583", address)
	}
	if p.published != "" && !p.AllowTestKeys && !IsLoopback(host) {
		return fmt.Errorf("%s is not on this machine, and the master key of terminal %s is a published test key; "+
			"give the terminals keys of their own, or say allow-test-keys: true when the host is a test host", address, p.published)
	}
	return nil
}

// IsLoopback reports whether a host is this machine whatever a resolver says.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// wellKnown reports whether a master key is one that anybody may have.
func wellKnown(key Secret, mode keys.KeyBlock) bool {
	kcv, err := keys.CheckValue(keys.Software{}, mode.Cipher(), key)
	return err == nil && keys.WellKnown(mode.Cipher(), kcv)
}

func isPublishedSeed(seed []byte) bool {
	return subtle.ConstantTimeCompare(seed, []byte(publishedSeed)) == 1
}
