package main

import (
	"bytes"
	"context"
	"crypto/des"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/posfleet/posfleet/sim/line"
	"github.com/posfleet/posfleet/sim/profile"
	"github.com/posfleet/posfleet/sim/proxy"
	"github.com/posfleet/posfleet/sim/wire"
)

// canaryNetwork is a network whose secrets stand nowhere else, so that wherever one is
// found it came from here. Its cards are of a range that is named, or accepted as live
// ones.
const canaryNetwork = `name: canary
policy: {timeout: 2s, passwords: {cost: 4}}
operators:
  - {number: "01", password: "38291746"}
  - {number: "00", password: "61840275"}
merchants:
  - {mid: "999290054110001", name: shop}
terminals:
  - {list: fleet.csv}
issuers:
  bank: {scheme: pboc, cryptograms: test:D7E5A1930C48F26B7B1F3E926C0DA854}
cards:
  - {role: good, pan: "6217993074815020", count: 20, expiry: "4912", discretionary: "8350271946382", pin: "739158204617", balance: 900000.00}
  - {role: chip, pan: "6217994826150377", count: 20, expiry: "4912", sequence: "001", service: "201", issuer: bank, pin: "518370926481", balance: 900000.00}
  - {role: wrong-pin, pan: "6217995937261482", expiry: "4912", discretionary: "1946383502718", pin: "402917538264", typed: "864209175303", balance: 900000.00}
  - {role: qr, pan: "6217996048372598", count: 20, expiry: "4912", pin: "293746185037", code: "6299408172635481904", balance: 900000.00}
`

// canaryKeys are the master keys of its terminals.
var canaryKeys = []string{
	"8F2A61D3C49B7E5016D870AB2CE5F394", "C46B1F94B0527AEF29D3680D5BA7F1E0", "5E0D97A83BC2F461E9734A1FD0862BC5",
	"B3D9024F7AE5681C4C8F70F1529EAD67", "1F8A6BE0D34C972575A2D9160EB3C8F4", "E6132C9DA85BF7040BD6F485793A1EC2",
}

// canaryCage is a folder with that network, a host of it as a process, and a way to the
// host that hears what passes: what is enciphered on the line, and the keys that a sign-in
// brings, are secrets as well.
type canaryCage struct {
	*canaries
	dir, tap, token, admin string
	host                   *process

	mu    sync.Mutex
	heard map[string]int // secrets by what they are
}

func newCage(t *testing.T, cards string) *canaryCage {
	t.Helper()
	c := &canaryCage{canaries: newCanaries(t), dir: t.TempDir(), token: "kept-Zq7RwX0m3LtB9sVc5NfJ2yHd", heard: map[string]int{}}
	fleet := "tid,mid,kind,key\n"
	for i, key := range canaryKeys {
		fleet += fmt.Sprintf("%d,999290054110001,desktop,%s\n", 31000001+i, key)
	}
	for name, text := range map[string]string{"bank.yaml": canaryNetwork + cards, "fleet.csv": fleet, "token": c.token} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := profile.Load(filepath.Join(c.dir, "bank.yaml"), 0)
	if err != nil {
		t.Fatal(err)
	}
	c.static(p)
	c.host = start(t, "page for people: ", "host", "--listen", "127.0.0.1:0", "--profile", filepath.Join(c.dir, "bank.yaml"),
		"--admin", "127.0.0.1:0", "--admin-token-file", filepath.Join(c.dir, "token"))
	address := tells(t, c.host, `listening on (\S+): `)
	c.admin = tells(t, c.host, `page for people: (\S+)\n`)
	between := &proxy.Proxy{Format: &p.Dialect.Format, Dialer: &line.Dialer{Address: address, Timeout: 5 * time.Second}, Passed: c.listen(p)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.tap = l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); between.Serve(ctx, l) }()
	t.Cleanup(func() { stop(); <-done })
	return c
}

// tells waits until a process has said what a pattern is of, and gives its group.
func tells(t *testing.T, p *process, pattern string) string {
	t.Helper()
	for deadline := time.Now().Add(patient); ; time.Sleep(10 * time.Millisecond) {
		said := p.stdout.String() + "\n" + p.stderr.String()
		if m := regexp.MustCompile(pattern).FindStringSubmatch(said); m != nil {
			return m[1]
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not say %s, but\n%s", pattern, said)
		}
	}
}

// static has what the profile holds looked for.
func (c *canaryCage) static(p *profile.Profile) {
	for _, role := range []string{"good", "chip", "wrong-pin", "qr"} {
		for i, h := range p.Holders(role) {
			c.text(fmt.Sprintf("card %s %d", role, i), h.PAN)
			if h.Code != "" {
				c.text(fmt.Sprintf("payment code %d", i), h.Code)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(pin|typed|discretionary|password): "(\d+)"`).FindAllStringSubmatch(canaryNetwork, -1) {
		c.text(m[1], m[2])
	}
	for _, text := range append([]string{"D7E5A1930C48F26B7B1F3E926C0DA854"}, canaryKeys...) {
		key, err := hex.DecodeString(text)
		if err != nil {
			c.Fatal(err)
		}
		c.secret("master key", key)
	}
	c.text("token", c.token)
}

// heardOf has a secret of the line looked for, of each kind some.
func (c *canaryCage) heardOf(what string, octets []byte) {
	if len(octets) >= 8 && c.heard[what] < 40 && !c.secrets[string(octets)] {
		c.heard[what]++
		c.secret(what, octets)
	}
}

// listen takes the secrets of messages that pass: keys as a sign-in brings them and as they
// are, PIN blocks as they pass and in clear, tracks, chip data.
func (c *canaryCage) listen(p *profile.Profile) func(proxy.Message) {
	master := map[string][]byte{}
	for _, t := range p.Terminals {
		master[t.TID] = t.Master
	}
	pins := map[string][]byte{} // PIN keys, by terminal
	return func(m proxy.Message) {
		got := p.Dialect.NewMessage()
		if got.Read(m.Octets) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		tid := string(got.Get(wire.TerminalID))
		if block := got.Get(wire.WorkingKeys); len(block) >= 40 && master[tid] != nil && m.Answer {
			c.heardOf("key under its master", block[:16])
			pin, mac := opened(master[tid], block[:16]), opened(master[tid], block[20:28])
			c.heardOf("PIN key", pin)
			c.heardOf("MAC key", mac)
			pins[tid] = pin
		}
		if block := got.Get(wire.PINBlock); len(block) == 8 {
			c.heardOf("PIN block", block)
			if pins[tid] != nil {
				c.heardOf("PIN block in clear", opened(pins[tid], block))
			}
		}
		c.heardOf("track", got.Get(wire.Track2))
		if data := got.Get(wire.ChipData); len(data) > 40 && !m.Answer {
			c.heardOf("chip data", data)
		}
	}
}

// opened is what octets are that were enciphered by a double-length key, block by block.
func opened(key, octets []byte) []byte {
	cipher, err := des.NewTripleDESCipher(slices.Concat(key, key[:8]))
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(octets))
	for at := 0; at+8 <= len(octets); at += 8 {
		cipher.Decrypt(out[at:], octets[at:])
	}
	return out
}

// look looks through what was found in a place, when everything heard is known.
func (c *canaryCage) look(place string, text []byte) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in(place, text)
}

// play runs a verb and looks through what it says.
func (c *canaryCage) play(codes []int, args ...string) string {
	c.Helper()
	var stdout, stderr bytes.Buffer
	code := run(args, &stdout, &stderr)
	c.look("posfleet "+args[0]+" on standard output", stdout.Bytes())
	c.look("posfleet "+args[0]+" on standard error", stderr.Bytes())
	if !slices.Contains(codes, code) {
		c.Errorf("%s: exit code %d, want one of %v: %s", args, code, codes, stderr.String())
	}
	return stdout.String()
}

// fetch looks through an answer of HTTP, its head included.
func (c *canaryCage) fetch(url string) string {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), "GET", url, nil)
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		c.Error(err)
		return ""
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	c.look(r.URL.Path, fmt.Appendf(nil, "%v\n%s", got.Header, text))
	return string(text)
}

func (c *canaryCage) path(name string) string { return filepath.Join(c.dir, name) }

// No verb shows a secret of a card, a key or a password anywhere: on its outputs, in what it
// leaves, on its pages, in what agents and hosts keep.
func TestNoVerbShowsASecret(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds, and no goroutine of its own")
	}
	t.Parallel()
	c := newCage(t, "test-ranges: [{name: canary, prefix: \"621799\"}]\n")
	bank, played := c.path("bank.yaml"), []int{0, 1, 2, 3, 4, 5}
	at := func(verb string, args ...string) []string {
		return append([]string{verb, "--profile", bank, "--allow-test-keys"}, args...)
	}

	// What passes is kept by a man in the middle, masked, whole and as packets.
	for file, more := range map[string][]string{"masked.rec": nil, "whole.rec": {"--record-key", c.path("age.key")}, "day.pcapng": nil} {
		p := start(t, "listening on ", append([]string{"proxy", "--profile", bank, "--listen", "127.0.0.1:0", "--to", c.tap, "--record", c.path(file)}, more...)...)
		address := tells(t, p, `listening on (\S+): `)
		c.play(played, at("check", "--host", address, "--out", c.path("checked-"+file), "core/purchase", "cup/void", "cup/refund", "cup/chip")...)
		if code := p.end(t, os.Interrupt); code != exitOK {
			t.Errorf("proxy of %s: exit code %d: %s", file, code, &p.stderr)
		}
		c.look("posfleet proxy", []byte(p.stdout.String()+p.stderr.String()))
	}

	// A host that errs, and lines that fail: what is told of failures is the most.
	c.play(played, at("check", "--misbehave", "wrong-mac", "--out", c.path("erred"), "core/purchase", "core/signin", "cup/settlement")...)
	c.play(played, at("check", "--negative", "--misbehave", "malformed-approved", "--out", c.path("malformed"))...)
	var beside sync.WaitGroup
	beside.Go(func() {
		c.play(played, at("capacity", "--host", c.tap, "--from", "20/s", "--to", "20/s", "--confirm", "0", "--for", "1s", "--warmup", "0s", "--out", c.path("capacity"), "@core-purchase-1")...)
	})
	load := start(t, "metrics: ", at("load", "--host", c.tap, "--rate", "40/s", "--for", "2s", "--warmup", "0s", "--fault", "answer-lost=10%",
		"--live", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--out", c.path("run"))...)
	c.fetch(tells(t, load, `live: (\S+)\n`))
	c.fetch(tells(t, load, `metrics: (\S+)\n`))
	agents := start(t, "are ready", at("load", "--host", c.tap, "--agents", "2", "--rate", "20/s", "--for", "1s", "--warmup", "0s", "--out", c.path("spread"))...)
	if n := c.folder(c.path("spread/agents"), "credentials"); n == 0 {
		t.Error("agents keep nothing to look through while they play")
	}
	c.wait(load, "load")
	c.wait(agents, "load --agents")
	beside.Wait()

	c.play(played, at("replay", c.path("masked.rec"), "--host", c.tap, "--speed", "50", "--out", c.path("replayed"))...)
	c.play([]int{0, 5}, "report", c.path("run"), "--html", c.path("told.html"), "--csv", c.path("told.csv"), "--hgrm", c.path("hgrm"))
	c.play([]int{0, 5}, "report", c.path("run"), "--json")
	c.play([]int{0, 1, exitUsage}, "compare", c.path("run"), c.path("spread"))
	c.play([]int{0}, "decode", "--profile", bank, c.path("day.pcapng"))
	c.play(played, at("doctor", "--host", c.tap)...)
	c.play([]int{0}, "keys", "--profile", bank)
	c.newKeys(bank)
	c.books(bank)
	c.fetchAll()
	c.mistakes(bank)
	c.host.Process.Signal(os.Interrupt)
	c.wait(c.host, "host")

	if n := c.folder(c.dir, "bank.yaml", "fleet.csv", "token", "age.key"); n < 60 {
		t.Errorf("%d files were looked through, want all that the verbs leave", n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, what := range []string{"key under its master", "PIN key", "MAC key", "PIN block", "PIN block in clear", "track", "chip data"} {
		if c.heard[what] == 0 {
			t.Errorf("no %s was heard on the line: heard %v", what, c.heard)
		}
	}
	if len(c.masked) == 0 {
		t.Error("no card is shown masked, so that TestLiveCardsLeaveNothing proves nothing")
	}
	t.Logf("%d secrets, %d forms, looked for in %d places of %.1f MB: %d found", len(c.secrets), c.count(), c.places, float64(c.octets)/1e6, c.found)
}

// Cards that may be live ones, accepted by the profile: no number of one is shown, not even
// its first and last digits, in what a proxy and a host keep and tell either
// (testdata/live.txtar has check and load).
func TestLiveCardsLeaveNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds, and no goroutine of its own")
	}
	t.Parallel()
	c := newCage(t, "accept-live-pan: true\n")
	bank, played := c.path("bank.yaml"), []int{0, 1, 2, 3, 4, 5}
	p := start(t, "listening on ", "proxy", "--profile", bank, "--listen", "127.0.0.1:0", "--to", c.tap, "--record", c.path("day.pcapng"))
	address := tells(t, p, `listening on (\S+): `)
	c.play(played, "check", "--profile", bank, "--allow-test-keys", "--host", address, "--out", c.path("checked"), "core/purchase", "cup/void", "cup/chip")
	p.Process.Signal(os.Interrupt)
	c.wait(p, "proxy")
	c.play([]int{0}, "decode", "--profile", bank, c.path("day.pcapng"))
	c.fetchAll()
	c.folder(c.dir, "bank.yaml", "fleet.csv", "token")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, place := range c.masked {
		t.Errorf("%s shows digits of a card that may be live", place)
	}
}

// wait waits for a process and looks through what it said.
func (c *canaryCage) wait(p *process, verb string) {
	c.Helper()
	select {
	case <-p.ended:
	case <-time.After(patient):
		p.Process.Signal(syscall.SIGQUIT)
		<-p.ended
		c.Errorf("%s did not end", verb)
	}
	c.look("posfleet "+verb, []byte(p.stdout.String()+"\n"+p.stderr.String()))
}

// newKeys draws keys: the file has them, and nothing else.
func (c *canaryCage) newKeys(bank string) {
	said := c.play([]int{0}, "keys", "--profile", bank, "--out", c.path("new.csv"))
	drawn, err := os.ReadFile(c.path("new.csv"))
	if err != nil {
		c.Fatal(err)
	}
	keys := regexp.MustCompile(`[0-9A-F]{32}`).FindAllString(string(drawn), -1)
	for _, text := range keys {
		if strings.Contains(said, text) {
			c.Errorf("posfleet keys shows a key that it has drawn")
		}
	}
	if len(keys) != len(canaryKeys) {
		c.Errorf("%d keys drawn for %d terminals", len(keys), len(canaryKeys))
	}
}

// books has a host keep its books, which are looked through with what else is left.
func (c *canaryCage) books(bank string) {
	h := start(c.T, "listening on ", "host", "--listen", "127.0.0.1:0", "--profile", bank, "--data", c.path("books"))
	address := tells(c.T, h, `listening on (\S+): `)
	c.play([]int{0, 2, 4, 5}, "check", "--profile", bank, "--host", address, "core/purchase", "cup/settlement")
	h.Process.Signal(os.Interrupt)
	c.wait(h, "host --data")
}

// fetchAll asks the host's API for all that can be asked for, and its page.
func (c *canaryCage) fetchAll() {
	described := c.fetch(c.admin + "openapi.yaml")
	path, asked := "", 0
	for line := range strings.Lines(described) {
		if m := regexp.MustCompile(`^  (/v1/\S+):`).FindStringSubmatch(line); m != nil {
			path = m[1]
		} else if strings.HasPrefix(line, "    get:") && !strings.HasSuffix(path, "events") {
			path = strings.NewReplacer("{tid}", "31000001", "{mid}", "999290054110001", "{number}", "1", "{phone}", "13800000000",
				"{day}", time.Now().Format(time.DateOnly), "{operator}", "01").Replace(path)
			c.fetch(strings.TrimSuffix(c.admin, "/") + path)
			asked++
		}
	}
	if asked < 15 {
		c.Errorf("%d routes of the API were asked", asked)
	}
	c.fetch(c.admin)
}

// mistakes are those that people make with secrets: where one is not expected.
func (c *canaryCage) mistakes(bank string) {
	const pan, key = "6217993074815020", "8F2A61D3C49B7E5016D870AB2CE5F394"
	for _, args := range [][]string{
		{pan}, {"load", "--host", pan}, {"check", pan}, {"decode", pan + "D49121018350271946382"}, {"decode", key}, {"decode", "--keys", key, "00"},
		{"keys", "--profile", bank, "--under", key, "--out", c.path("x")}, {"report", pan}, {"proxy", "--to", pan}, {"replay", pan}, {"host", "--admin-token-file", c.token}, {"host", "--admin", "127.0.0.1:0", "--admin-token-file", c.token},
		{"load", "--limit", pan}, {"check", "--name", pan}, {"load", "--mix", pan}, {"compare", pan, pan}, {"agent", "--join", pan}, {"agent", "--join", "nats://127.0.0.1:1", "--creds", key}, {"proxy", "--to", "127.0.0.1:1", "--tls-cert", "x", "--tls-key", key},
		{"fees", pan},
	} {
		c.play([]int{0, exitUsage, exitUnreachable, exitIncomplete}, args...)
	}
	wrong := strings.Replace(canaryNetwork, "6217994826150377", "6217993074815020", 1) // twice the same card, of no range
	if err := os.WriteFile(c.path("wrong.yaml"), []byte(strings.Replace(wrong, "password: \"3829", "password: \"x3829", 1)), 0o600); err != nil {
		c.Fatal(err)
	}
	c.play([]int{exitUsage}, "check", "--profile", c.path("wrong.yaml"))
	os.Remove(c.path("wrong.yaml"))
}

func (c *canaries) count() (n int) {
	for _, of := range c.forms {
		n += len(of)
	}
	return n
}
