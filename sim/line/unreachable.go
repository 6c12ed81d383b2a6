package line

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
)

// Cause is why a host cannot be reached over a line, as far as the line can tell.
type Cause uint8

const (
	Unclear     Cause = iota
	NoSignal          // the line itself is down: no cable, no carrier, no network, no name server
	HostRefuses       // the line is up, and the host takes no connection
	HostSilent        // the line is up, and nothing answers there
	Untrusted         // the host takes the connection, and its certificate is not what TLS wants here
	NoTLS             // the host takes the connection, and the two do not agree on TLS
)

// String says the cause in words.
func (c Cause) String() string {
	return [...]string{"the host cannot be reached", "no signal: the line is down", "the host refuses connections", "the host is silent",
		"the certificate of the host is not trusted", "the host takes the connection, and no TLS comes about"}[min(c, NoTLS)]
}

// Unreachable is the error of a connection that could not be had.
type Unreachable struct {
	Cause Cause
	Err   error
}

func (u *Unreachable) Error() string { return u.Cause.String() + ": " + u.Err.Error() }

func (u *Unreachable) Unwrap() error { return u.Err }

// CauseOf is why the host could not be reached in an exchange that ended with an
// error; Unclear where the error does not tell.
func CauseOf(err error) Cause {
	if u, is := errors.AsType[*Unreachable](err); is {
		return u.Cause
	}
	return Unclear
}

// unreachable says why a connection could not be had.
func unreachable(err error) error {
	var cause Cause
	var name *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var timeout net.Error
	dialing, at := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, ErrStopped), errors.Is(err, context.Canceled), Exhausted(err):
		return err
	case errors.As(err, &untrusted):
		cause = Untrusted
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET) && at && dialing.Op == "dial":
		cause = HostRefuses
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EHOSTUNREACH), errors.As(err, &name):
		cause = NoSignal
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		cause = HostSilent
	case !at || dialing.Op != "dial":
		cause = NoTLS
	default:
		return err
	}
	return &Unreachable{cause, err}
}

// Errors of outages.
var (
	errUnplugged = errors.New("the line has been unplugged")
	errRefused   = errors.New("the line has been made to be refused")
)

// outage is what keeps the line from being used at all just now; nil for nothing. It
// drops a connection that there was.
func (l *Own) outage() error {
	switch l.Faults.Outage {
	case NoSignal:
		l.Close()
		return &Unreachable{NoSignal, errUnplugged}
	case HostRefuses:
		l.Close()
		return &Unreachable{HostRefuses, errRefused}
	}
	return nil
}
