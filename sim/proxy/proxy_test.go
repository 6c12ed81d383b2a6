package proxy_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"reflect"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/proxy"
	"github.com/posfleet/posfleet/sim/wire"
)

var cup = func() *dialect.Dialect {
	d, _ := dialect.Named("cup")
	return d
}()

// purchase is the frame of a purchase with a MAC of zeros.
func purchase(tid string, trace int) []byte {
	m := cup.NewMessage()
	cup.Form(dialect.Purchase).Begin(m)
	copy(m.Head, "\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x00")
	m.SetFieldUint(4, 100)
	m.SetFieldUint(11, uint64(trace))
	m.SetFieldString(41, tid)
	m.SetFieldString(42, "999290054110001")
	m.SetFieldString(64, "00000000")
	return packed(m)
}

func packed(m *wire.Message) []byte {
	frame, err := wire.AppendFrame(nil, m)
	if err != nil {
		panic(err)
	}
	return frame
}

// approval is the frame that answers a request, with its MAC.
func approval(request []byte) []byte {
	m, a := cup.NewMessage(), cup.NewMessage()
	if err := m.Read(request); err != nil {
		return nil
	}
	a.AnswerTo(m)
	a.SetFieldString(39, "00")
	a.SetFieldString(64, "00000000")
	return packed(a)
}

// host answers every request that reads and keeps what came.
type host struct {
	net.Listener
	mu     sync.Mutex
	got    []byte  // all octets
	ends   []error // how connections ended
	silent bool    // answers nothing
}

func newHost(t *testing.T, over *tls.Config) *host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Listener: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if over != nil {
				conn = tls.Server(conn, over)
			}
			wg.Go(func() { h.talk(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return h
}

func (h *host) talk(conn net.Conn) {
	defer conn.Close()
	r := cup.NewReader(io.TeeReader(conn, h))
	for {
		body, err := r.Next()
		if err != nil {
			h.mu.Lock()
			h.ends = append(h.ends, err)
			h.mu.Unlock()
			return
		}
		h.mu.Lock()
		silent := h.silent
		h.mu.Unlock()
		if frame := approval(body); frame != nil && !silent && !(len(body) > 13 && body[12]&0x10 != 0) {
			conn.Write(frame)
		}
	}
}

func (h *host) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, b...)
	return len(b), nil
}

// heard waits until the host has as many octets.
func (h *host) heard(t *testing.T, want []byte) {
	t.Helper()
	for range 500 {
		h.mu.Lock()
		got := bytes.Clone(h.got)
		h.mu.Unlock()
		if len(got) >= len(want) {
			if !bytes.Equal(got, want) {
				t.Errorf("the host got %X\nwant %X", got, want)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the host got %X\nwant %X", h.got, want)
}

// between puts a proxy before a host and gives its address.
func between(t *testing.T, h *host, p *proxy.Proxy, faults ...string) string {
	t.Helper()
	storm, err := line.ParseStorm(7, faults)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Format, p.Storm = &cup.Format, storm
	if p.Dialer == nil {
		p.Dialer = &line.Dialer{Address: h.Addr().String(), Timeout: 10 * time.Second}
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { p.Serve(ctx, l) })
	t.Cleanup(func() { stop(); wg.Wait() })
	return l.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// hears reads so many octets and compares them.
func hears(t *testing.T, conn net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the terminal hears %X, %v\nwant %X", got[:n], err, want)
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// spoiled has another last character.
func spoiled(frame []byte) []byte {
	out := bytes.Clone(frame)
	out[len(out)-1]++
	return out
}

// miscounted says one more.
func miscounted(frame []byte) []byte {
	out := bytes.Clone(frame)
	out[1]++
	return out
}

func TestEachFaultDoesWhatItSays(t *testing.T) {
	one, two := purchase("10000001", 1), purchase("10000001", 2)
	ansOne, ansTwo := approval(one[2:]), approval(two[2:])
	half := func(b []byte) []byte { return b[:len(b)/2] }
	for fault, want := range map[string]struct {
		host, terminal []byte // in the end
		ends           bool   // the connection, for the terminal
	}{
		"request-lost=1x":        {host: two, terminal: ansTwo},
		"answer-lost=1x":         {host: join(one, two), terminal: ansTwo},
		"request-late=1x:1s":     {host: join(two, one), terminal: join(ansTwo, ansOne)},
		"answer-late=1x:1s":      {host: join(one, two), terminal: join(ansTwo, ansOne)},
		"request-doubled=1x":     {host: join(one, one, two), terminal: join(ansOne, ansOne, ansTwo)},
		"answer-doubled=1x":      {host: join(one, two), terminal: join(ansOne, ansOne, ansTwo)},
		"request-mac-spoiled=1x": {host: join(spoiled(one), two), terminal: join(ansOne, ansTwo)},
		"answer-mac-spoiled=1x":  {host: join(one, two), terminal: join(spoiled(ansOne), ansTwo)},
		"request-echoed=1x":      {host: join(one, two), terminal: nil},
		"answer-echoed=1x":       {host: nil, terminal: join(ansOne, ansTwo)},
		"answer-overtaken=1x:1s": {host: join(one, two), terminal: join(ansTwo, ansOne)},
		"request-trickled=1x":    {host: join(one, two), terminal: join(ansOne, ansTwo)},
		"answer-trickled=1x":     {host: join(one, two), terminal: join(ansOne, ansTwo)},
		"request-miscounted=1x":  {host: join(miscounted(one), two), terminal: ansTwo[:0]},
		"answer-miscounted=1x":   {host: join(one, two), terminal: join(miscounted(ansOne), ansTwo)},
		"line-silent=1x":         {host: []byte{}, terminal: []byte{}},
		"request-cut=1x":         {host: half(one), terminal: []byte{}, ends: true},
		"answer-cut=1x":          {host: one, terminal: half(ansOne), ends: true},
		"request-reset=1x":       {ends: true},
		"answer-reset=1x":        {ends: true},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			h, p := newHost(t, nil), &proxy.Proxy{}
			conn := dial(t, between(t, h, p, fault))
			conn.Write(one)
			if want.ends {
				got, err := io.ReadAll(conn)
				if want.terminal != nil && (err != nil || !bytes.Equal(got, want.terminal)) {
					t.Errorf("the terminal hears %X, %v; want %X", got, err, want.terminal)
				}
				if want.terminal == nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the terminal hears %X, %v; want a reset", got, err)
				}
			} else {
				conn.Write(two)
				switch {
				case fault == "request-echoed=1x":
					got := make([]byte, len(one)+len(ansOne)+len(ansTwo))
					if _, err := io.ReadFull(conn, got); err != nil || !bytes.Contains(got, one) {
						t.Errorf("the terminal does not hear its request: %X, %v", got, err)
					}
				case len(want.terminal) > 0:
					hears(t, conn, want.terminal)
				}
			}
			if want.host != nil {
				h.heard(t, want.host)
			}
			for range 500 { // where nothing else tells that it has happened
				if len(p.Strikes()) > 0 {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			strikes := p.Strikes()
			if c := p.Counts(); len(strikes) != 1 || c.Injected[strikes[0].Name] != 1 || strikes[0].Message != 1 ||
				fmt.Sprint(strikes[0].Fault.Flag()) != fault[:bytes.IndexByte([]byte(fault), '=')] {
				t.Errorf("%v, counted %v; want the first message struck once", strikes, c.Injected)
			}
		})
	}
}

func TestFlippedBitIsOneBitAfterTheHeader(t *testing.T) {
	one := purchase("10000001", 1)
	h, p := newHost(t, nil), &proxy.Proxy{}
	h.silent = true
	conn := dial(t, between(t, h, p, "request-flipped=100%"))
	var sent []byte
	for range 20 {
		conn.Write(one)
		sent = append(sent, one...)
	}
	for range 500 {
		h.mu.Lock()
		n := len(h.got)
		h.mu.Unlock()
		if n == len(sent) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	bits := 0
	for i := range min(len(h.got), len(sent)) {
		x := h.got[i] ^ sent[i]
		if x != 0 && i%len(one) < 13 {
			t.Errorf("octet %d of the frame is another: that is its length or header", i%len(one))
		}
		for ; x != 0; x &= x - 1 {
			bits++
		}
	}
	if len(h.got) != len(sent) || bits != 20 {
		t.Errorf("of 20 messages %d bits are others, %d octets came of %d", bits, len(h.got), len(sent))
	}
}

func TestNothingIsChangedWithoutFaults(t *testing.T) {
	h, p := newHost(t, nil), &proxy.Proxy{}
	var passed []string
	p.Passed = func(m proxy.Message) { passed = append(passed, fmt.Sprint(m.Connection, m.Answer, len(m.Octets))) }
	conn := dial(t, between(t, h, p))
	one := purchase("10000001", 1)
	sent := join(one[:1], one[1:40], one[40:], []byte{0, 0}, one) // in pieces, and with a keep-alive between
	for _, part := range [][]byte{one[:1], one[1:40], join(one[40:], []byte{0, 0}, one)} {
		conn.Write(part)
		time.Sleep(10 * time.Millisecond)
	}
	hears(t, conn, join(approval(one[2:]), approval(one[2:])))
	h.heard(t, sent)
	conn.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after hanging up the terminal hears %X, %v", rest, err)
	}
	if want := []string{"1 false 90", "1 false 90", "1 true 66", "1 true 66"}; len(passed) != len(want) {
		t.Errorf("passed: %v", passed)
	}
}

func TestWhatIsNoMessagePassesAsItIs(t *testing.T) {
	for name, octets := range map[string][]byte{
		"HTTP":          []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + string(make([]byte, 5000))),
		"a long length": append([]byte{0xFF, 0xFF}, make([]byte, 20)...),
		"half a frame":  purchase("10000001", 1)[:20],
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newHost(t, nil), &proxy.Proxy{}
			conn := dial(t, between(t, h, p, "request-lost=100%"))
			conn.Write(octets)
			conn.(*net.TCPConn).CloseWrite()
			io.ReadAll(conn)
			h.mu.Lock()
			defer h.mu.Unlock()
			if !bytes.HasPrefix(octets, h.got) || len(h.got) < 4 && name != "half a frame" {
				t.Errorf("the host got %d octets, which are others", len(h.got))
			}
		})
	}
}

// The same terminals in another order: what strikes them is the same.
func TestSameSeedStrikesTheSame(t *testing.T) {
	storm := []string{"request-lost=10%", "answer-lost=10%", "answer-doubled=10%", "request-doubled=10%", "request-mac-spoiled=10%", "answer-echoed=5%"}
	play := func(order []int) []line.Strike {
		h, p := newHost(t, nil), &proxy.Proxy{}
		address := between(t, h, p, storm...)
		for _, k := range order {
			conn := dial(t, address)
			tid := fmt.Sprintf("%08d", k)
			for trace := range 40 {
				conn.Write(purchase(tid, trace+1))
			}
			conn.(*net.TCPConn).CloseWrite()
			io.ReadAll(conn)
		}
		return p.Strikes()
	}
	one, again := play([]int{1, 2, 3, 4, 5}), play([]int{5, 3, 1, 2, 4})
	if len(one) < 50 || !reflect.DeepEqual(one, again) {
		t.Errorf("%d strikes, then %d others", len(one), len(again))
	}
}

func TestHostThatIsNotThereIsCounted(t *testing.T) {
	p := &proxy.Proxy{Dialer: &line.Dialer{Address: "127.0.0.1:1", Timeout: 5 * time.Second}}
	conn := dial(t, between(t, nil, p))
	if got, err := io.ReadAll(conn); len(got) > 0 || err != nil {
		t.Errorf("%X, %v", got, err)
	}
	if c := p.Counts(); c.Unreachable != 1 {
		t.Errorf("%+v", c)
	}
}

func TestTLSOnBothSides(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"host"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	serving := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	roots := x509.NewCertPool()
	parsed, _ := x509.ParseCertificate(der)
	roots.AddCert(parsed)
	asking := &tls.Config{RootCAs: roots, ServerName: "host"}
	h := newHost(t, serving)
	p := &proxy.Proxy{TLS: serving, Dialer: &line.Dialer{Address: h.Addr().String(), TLS: asking, Timeout: 10 * time.Second}}
	conn := tls.Client(dial(t, between(t, h, p, "answer-doubled=1x")), asking)
	one := purchase("10000001", 1)
	conn.Write(one)
	hears(t, conn, join(approval(one[2:]), approval(one[2:])))
	conn.CloseWrite()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("%X, %v", rest, err)
	}
	plain := dial(t, between(t, h, &proxy.Proxy{TLS: serving}))
	plain.Write(one)
	if got, _ := io.ReadAll(plain); bytes.Contains(got, []byte("00000000")) {
		t.Errorf("plain octets are answered: %X", got)
	}
}
