package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/posfleet/posfleet/sim/wire"
)

// overHTTP is CUP's framing of terminals on the internet.
var overHTTP = wire.Framing{Length: wire.Binary2, HTTP: wire.HTTP{Path: "/pos", Host: "host.example", Type: "x-ISO-TPDU/x-auth",
	Headers: "User-Agent: POS 1.0\nAccept: */*\nCache-Control: no-cache"}}

const posted = "POST /pos HTTP/1.1\r\nHost: host.example\r\nUser-Agent: POS 1.0\r\nAccept: */*\r\nCache-Control: no-cache\r\n" +
	"Content-Type: x-ISO-TPDU/x-auth\r\nContent-Length:    34\r\n\r\n\x00\x20" + echoTest

const answered = "HTTP/1.1 200 OK\r\nContent-Type: x-ISO-TPDU/x-auth\r\nContent-Length:    34\r\n\r\n\x00\x20" + echoTest

func TestFramesInHTTP(t *testing.T) {
	for answer, want := range map[bool]string{false: posted, true: answered} {
		got, err := overHTTP.Frame(nil, []byte(echoTest), answer)
		if err != nil || strings.Join(strings.Fields(string(got)), " ") != strings.Join(strings.Fields(want), " ") {
			t.Errorf("writes\n%q, %v, want\n%q", got, err, want)
		}
	}
	chunks := "\x00\x20" + echoTest
	chunked := "HTTP/1.1 200\r\nTRANSFER-ENCODING:\tChunked \r\n\r\n1\r\n\x00\r\n02;name=\"value\"\r\n\x20" + chunks[2:3] + "\r\n1f\r\n" + chunks[3:] + "\r\n0\r\nDigest: x\r\n\r\n"
	for name, frame := range map[string]string{
		"a POST":      posted,
		"an answer":   answered,
		"in chunks":   chunked,
		"provisional": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answered,
		"HTTP/1.0":    strings.Replace(answered, "1.1 200 OK", "1.0 200 ", 1),
	} {
		d := &wire.Format{Framing: overHTTP}
		for how, src := range map[string]io.Reader{
			"in one write":   strings.NewReader(frame + frame + frame),
			"octet by octet": iotest.OneByteReader(strings.NewReader(frame + frame + frame)),
		} {
			if got, err := cut(src, d); err != io.EOF || fmt.Sprint(got) != fmt.Sprint([]string{echoTest, echoTest, echoTest}) {
				t.Errorf("%s, %s: %q, %v", name, how, got, err)
			}
		}
		for n := 1; n < len(frame); n++ {
			r := d.NewReader(strings.NewReader(frame + frame[:n]))
			if m, err := r.Next(); string(m) != echoTest || err != nil {
				t.Fatalf("%s: %q, %v", name, m, err)
			}
			if _, err := r.Next(); err != io.ErrUnexpectedEOF || r.Buffered() {
				t.Errorf("%s and %d octets of the next: %v, whole %v", name, n, err, r.Buffered())
			}
			if octets, announced := r.Begun(); len(octets) == 0 && announced == 0 {
				t.Errorf("%s: %d octets of the next are nothing", name, n)
			}
		}
		whole := []byte(frame + "more")
		at, err := (&wire.Format{Framing: overHTTP}).Find(whole)
		if string(at.Message) != echoTest || at.End != len(frame) || err != nil || string(whole) != frame+"more" {
			t.Errorf("%s: finds %q up to %d of %d, %v", name, at.Message, at.End, len(frame), err)
		}
	}
}

func TestHTTPThatIsNone(t *testing.T) {
	post := func(head, body string) string { return "POST /pos HTTP/1.1\r\n" + head + "\r\n\r\n" + body }
	long := strings.Repeat("a", 10_000)
	for stream, want := range map[string]error{
		"GET /pos HTTP/1.1\r\n\r\n":                                            wire.ErrFrame,
		"\x00\x20" + echoTest:                                                  wire.ErrFrame,
		"\x16\x03\x01\x00\xC8\x01\x00\x00":                                     wire.ErrFrame,
		"HTTP/2 200\r\n\r\n":                                                   wire.ErrFrame,
		"POST /other HTTP/1.1\r\n\r\n":                                         wire.ErrFrame,
		"POST /pos HTTP/3\r\n\r\n":                                             wire.ErrFrame,
		"POST /pos\r\n\r\n":                                                    wire.ErrFrame,
		"HTTP/1.1 404 Not Found\r\n\r\n":                                       wire.ErrFrame,
		"HTTP/1.1 2000\r\n\r\n":                                                wire.ErrFrame,
		"HTTP/1.1 \r\n\r\n":                                                    wire.ErrFrame,
		"HTTP/1.1 204 No Content\r\n\r\n":                                      wire.ErrFrame,
		post("", ""):                                                           wire.ErrFrame, // no length
		post("Content-Length", ""):                                             wire.ErrFrame,
		post(": 1", ""):                                                        wire.ErrFrame,
		post("A: b\r\n c", ""):                                                 wire.ErrFrame, // a line that goes on
		post("A: b\nContent-Length: 3", ""):                                    wire.ErrFrame,
		post("Content-Length : 3", ""):                                         wire.ErrFrame,
		post("Content-Length: ", ""):                                           wire.ErrLength,
		post("Content-Length: -1", ""):                                         wire.ErrLength,
		post("Content-Length: +3", ""):                                         wire.ErrLength,
		post("Content-Length: 3, 3", ""):                                       wire.ErrLength,
		post("Content-Length: 99999999", ""):                                   wire.ErrLength,
		post("Content-Length: "+long, ""):                                      wire.ErrFrame,
		post("Content-Length: 0", ""):                                          wire.ErrFrame, // no message
		post("Content-Length: 2", "\x00\x00"):                                  wire.ErrFrame, // nor here
		post("Content-Length: 3\r\nContent-Length: 3", "\x00\x01a"):            wire.ErrLength,
		post("Content-Length: 3\r\nTransfer-Encoding: chunked", ""):            wire.ErrFrame,
		post("Transfer-Encoding: gzip, chunked", ""):                           wire.ErrFrame,
		post("Content-Encoding: gzip\r\nContent-Length: 3", ""):                wire.ErrFrame,
		post("Content-Length: 3", "\x00\x01a"):                                 io.EOF,
		post("content-length:3\r\nContent-Encoding: identity", "\x00\x01a"):    io.EOF,
		post("Content-Length: 4", "\x00\x01ab"):                                wire.ErrFrame, // more than the frame
		post("Content-Length: 3", "\x00\x02a"):                                 wire.ErrFrame, // less
		post("Content-Length: 3", "\xFF\xFFa"):                                 wire.ErrLength,
		post("Content-Length: 3", "\x00\x01"):                                  io.ErrUnexpectedEOF,
		post("Transfer-Encoding: chunked", "3\r\n\x00\x01a\r\n0\r\n\r\n"):      io.EOF,
		post("Transfer-Encoding: chunked", "3\r\n\x00\x01ab\r\n0\r\n\r\n"):     wire.ErrFrame,
		post("Transfer-Encoding: chunked", "g\r\n"):                            wire.ErrLength,
		post("Transfer-Encoding: chunked", "\r\n"):                             wire.ErrLength,
		post("Transfer-Encoding: chunked", "ffffffffffffffff\r\n"):             wire.ErrLength,
		post("Transfer-Encoding: chunked", "7fffffff\r\n"):                     wire.ErrLength,
		post("Transfer-Encoding: chunked", "1"+strings.Repeat(" ", 300)):       wire.ErrLength,
		post("Transfer-Encoding: chunked", "1;"+long):                          wire.ErrLength,
		post("Transfer-Encoding: chunked", strings.Repeat("1\r\na\r\n", 5000)): wire.ErrLength,
		post("Transfer-Encoding: chunked", "0\r\n"+long+long):                  wire.ErrFrame,
		post("Transfer-Encoding: chunked", "0\r\n\r\n"):                        wire.ErrFrame,
		"POST /pos HTTP/1.1\r\nA: " + long:                                     wire.ErrFrame,
		"POST " + long:                                                         wire.ErrFrame,
		strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10_000):                wire.ErrFrame,
	} {
		var err error
		n := allocated(func() { _, err = cut(strings.NewReader(stream), &wire.Format{Framing: overHTTP}) })
		if !errors.Is(err, want) {
			t.Errorf("%.90q: %v, want %v", stream, err, want)
		}
		if n > 160<<10 { // most of it the race detector's, where that is on
			t.Errorf("%.90q: %d octets allocated", stream, n)
		}
		if _, again := cut(iotest.OneByteReader(strings.NewReader(stream)), &wire.Format{Framing: overHTTP}); !errors.Is(again, want) {
			t.Errorf("%.90q octet by octet: %v, want %v", stream, again, want)
		}
	}
}

// Go's own server and client read what we write, and we what they write.
func TestHTTPIsThatOfOthers(t *testing.T) {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.Path != "/pos" || r.Header.Get("Content-Type") != overHTTP.HTTP.Type || err != nil {
			t.Errorf("%s %s %v, %v", r.Method, r.URL, r.Header, err)
		}
		if r.Host == "chunks" {
			w.Write(body[:5])
			w.(http.Flusher).Flush()
			body = body[5:]
		}
		w.Write(body)
	}))
	defer host.Close()
	for _, name := range []string{"", "host.example", "chunks"} {
		f := overHTTP
		f.HTTP.Host = name
		frame, err := f.Frame(nil, []byte(echoTest), false)
		if err != nil {
			t.Fatal(err)
		}
		c := dialTCP(t, host.Listener.Addr().String())
		r := (&wire.Format{Framing: f}).NewReader(c)
		for range 3 { // on one connection
			if _, err := c.Write(frame); err != nil {
				t.Fatal(err)
			}
			if m, err := r.Next(); err != nil || string(m) != echoTest {
				t.Fatalf("host %q: %q, %v", name, m, err)
			}
		}
	}
	l := listenTCP(t)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := (&wire.Format{Framing: overHTTP}).NewReader(c)
		for {
			m, err := r.Next()
			if err != nil {
				return
			}
			frame, _ := overHTTP.Frame(nil, m, true)
			c.Write(frame)
		}
	}()
	for _, body := range []io.Reader{strings.NewReader("\x00\x20" + echoTest), io.MultiReader(strings.NewReader("\x00\x20"), strings.NewReader(echoTest))} {
		answer, err := http.Post("http://"+l.Addr().String()+"/pos", "x-ISO-TPDU/x-auth", body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 200 || !bytes.Equal(got, []byte("\x00\x20"+echoTest)) {
			t.Errorf("%s %q, %v", answer.Status, got, err)
		}
		answer.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// Reading does not allocate, whatever the framing.
func TestNothingIsAllocatedForAFrame(t *testing.T) {
	all := append(framings(t), framed{"HTTP", overHTTP, echoTest, ""})
	for _, f := range all {
		frame, err := f.framing.Frame(nil, []byte(f.message), false)
		if err != nil {
			t.Fatal(err)
		}
		r := (&wire.Format{Framing: f.framing}).NewReader(&again{octets: frame})
		out := make([]byte, 0, 1024)
		message := []byte(f.message)
		if n := testing.AllocsPerRun(200, func() {
			if _, err := r.Next(); err != nil {
				t.Error(err)
			}
			r.Buffered()
			f.framing.Frame(out, message, false)
		}); n != 0 {
			t.Errorf("%s: %v allocations", f.name, n)
		}
	}
}

func listenTCP(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func dialTCP(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(5 * time.Second))
	return c
}
