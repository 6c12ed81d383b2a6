package main

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
)

// resetting is the address of a host of which one connection, the nth, is reset: when so
// many octets of a request have come.
func resetting(t *testing.T, host string, nth int32, octets int) string {
	var n atomic.Int32
	return listening(t, func(c net.Conn) {
		if n.Add(1) == nth {
			io.ReadFull(c, make([]byte, octets))
			c.(*net.TCPConn).SetLinger(0)
			return
		}
		relay(host, c)
	})
}

// relay gives a connection to a host what the terminal says, and back, until either ends.
func relay(host string, c net.Conn) {
	if up := goingUp(host, c); up != nil {
		defer up.Close()
		io.Copy(c, up)
	}
}

// goingUp is a connection to a host that gets what the terminal says on c, until either ends;
// nil when there is none.
func goingUp(host string, c net.Conn) net.Conn {
	up, err := net.Dial("tcp", host)
	if err != nil {
		return nil
	}
	go func() {
		io.Copy(up, c)
		up.Close()
	}()
	return up
}

// One connection that is lost says nothing of how the host speaks, nor of how many
// connections it serves.
func TestDoctorOfAHostThatLosesOneConnection(t *testing.T) {
	t.Parallel()
	const blames = "change in|another way|other ways|one connection at a time"
	for name, c := range map[string]struct {
		nth    int32
		octets int
		want   string
	}{
		"the first, at once": {1, 0, "nothing to change"}, // seen when it is dialed, or on the request
		"the first":          {1, 2, `none to the echo test: .*\nsends +it once more, on a new connection\nanswer +to the echo test after .*: approved\nline +the host closed the first connection and answered on the next\n(?s:.*)nothing to change`},
		"the second":         {2, 2, `none to the echo test: .*\nsends +it once more, on another connection beside the first\nanswer +to the echo test: approved\n(?s:.*)nothing to change`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diagnose(t, 0, []string{c.want}, blames, "--host", resetting(t, serveTLS(t, nil), c.nth, c.octets))
		})
	}
}

// A purchase that is lost with its connection is asked again when it has been taken back.
func TestDoctorOfAPurchaseThatIsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds; played whole without the race detector")
	}
	t.Parallel()
	_, file := withoutManagement(t, "  balance: {", "  balance: none\n  #{")
	host := resetting(t, served(t, "--profile", file), 1, 2)
	diagnose(t, 0, []string{`none to the purchase: .*\nsends +a reversal of the purchase: .*\nsends +it once more, on a new connection\nanswer +to the purchase after .*: approved\nsends +a void of the purchase: approved\nline +the host closed the first`, "nothing to change"},
		"change in|another way", "--host", host, "--profile", file)
}
