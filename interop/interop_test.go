package interop

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// accounts is what the hosts are told of profile.yaml's cards: all else is rich.
const accounts = "6225000090000510=50"

// build makes a program of this module, once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", dir+"/", "../cmd/posfleet", "./moovserver").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := build(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// program is the path of posfleet or moovserver, as built from this module.
func program(t *testing.T, name string) string {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// host is one that listens in a process of its own.
type host struct {
	address string
	ask     io.Writer
	tell    *bufio.Reader
}

// start starts a host until the test ends: judges end with their standard input,
// posfleet when it is told to. What it says on standard error fails the test.
func start(t *testing.T, name string, args ...string) *host {
	t.Helper()
	cmd := exec.Command(name, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		late := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		defer late.Stop()
		in.Close()
		if filepath.Base(name) == "posfleet" {
			cmd.Process.Signal(syscall.SIGTERM)
		}
		if err := cmd.Wait(); err != nil || said.Len() > 0 {
			t.Errorf("the host ended with %v and said:\n%s", err, said.String())
		}
	})
	h := &host{ask: in, tell: bufio.NewReader(out)}
	line, err := h.tell.ReadString('\n')
	m := regexp.MustCompile(`^listening on ([^ :]+:\d+)`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the host says %q, %v", line, err)
	}
	h.address = m[1]
	return h
}

// book asks a host how many payments stand and what was taken by them.
func (h *host) book(t *testing.T) (count, taken int) {
	t.Helper()
	fmt.Fprintln(h.ask)
	line, err := h.tell.ReadString('\n')
	if n, _ := fmt.Sscanf(line, "book %d %d", &count, &taken); n != 2 {
		t.Fatalf("asked for its book the host says %q, %v", line, err)
	}
	return count, taken
}

// profile writes testdata's profile beside a dialect that extends one of testdata's.
// It returns the profile's path.
func profile(t *testing.T, extends, framing string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	network := fmt.Sprintf("extends: ./%s\nframing: %s\n", extends, framing)
	if err := os.WriteFile(filepath.Join(dir, "network.yaml"), []byte(network), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "profile.yaml")
}

// posfleet runs the program; its exit code must be one of codes.
func posfleet(t *testing.T, codes []int, args ...string) string {
	t.Helper()
	cmd := exec.Command(program(t, "posfleet"), args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, code := range codes {
		if cmd.ProcessState.ExitCode() == code {
			return string(out)
		}
	}
	t.Fatalf("exit code %d, want one of %v: posfleet %s\n%s", cmd.ProcessState.ExitCode(), codes, strings.Join(args, " "), out)
	return ""
}

// certify has posfleet check a host and load it, and compares its book with the
// terminals' journal.
func certify(t *testing.T, h *host, profile string, features ...string) {
	t.Helper()
	said := posfleet(t, []int{0}, append([]string{"check"}, append(features, "--profile", profile, "--host", h.address, "--timeout", "5s", "--parallel", "4")...)...)
	if passed := strings.Count("\n"+said, "\nok "); passed < 55 {
		t.Errorf("%d scenarios passed, want at least 55:\n%s", passed, said)
	}
	count, taken := h.book(t)
	run := filepath.Join(t.TempDir(), "run")
	said = posfleet(t, []int{0, 4}, "load", "--profile", profile, "--host", h.address, "--terminals", "8", // 4: this machine was too busy
		"--rate", "50/s", "--for", "1s", "--warmup", "0s", "--timeout", "10s", "--out", run)
	if !regexp.MustCompile(`(?m)^answers +0?00: \d+( +(51|116): \d+)?$`).MatchString(said) {
		t.Errorf("want nothing but approvals and too little money:\n%s", said)
	}
	wantCount, wantTaken := journal(t, filepath.Join(run, "journal.csv"))
	gotCount, gotTaken := h.book(t)
	if gotCount -= count; gotCount != wantCount || gotTaken-taken != wantTaken || wantCount == 0 {
		t.Errorf("the host has %d payments of %d fen, the terminals %d of %d", gotCount, gotTaken-taken, wantCount, wantTaken)
	}
}

// journal is how many payments were approved, as a run's terminals have it, and
// what they come to.
func journal(t *testing.T, name string) (count, taken int) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	for _, row := range rows[1:] { // terminal,merchant,batch,trace,transaction,state,count,amount_fen,…
		if row[4] != "purchase" || row[5] != "approved" {
			t.Errorf("%s: %v, want purchases that were approved", name, row)
		}
		n, _ := strconv.Atoi(row[6])
		amount, _ := strconv.Atoi(row[7])
		count, taken = count+n, taken+amount
	}
	return count, taken
}
