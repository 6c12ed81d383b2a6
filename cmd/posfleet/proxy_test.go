package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// middleman is a proxy that runs while a script does.
type middleman struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	errs bytes.Buffer
}

// proxies are those of scripts, by script and name.
type proxyKey struct{}

// standBetween starts posfleet proxy in the background: proxy NAME argument…, where $NAME
// is its address then. proxy end NAME CODE FILE interrupts it and puts what it said into a
// file.
func standBetween(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: proxy NAME argument…, or proxy end NAME CODE FILE")
	}
	running, _ := ts.Value(proxyKey{}).(map[string]*middleman)
	if args[0] == "end" && len(args) == 4 {
		b := running[args[1]]
		ts.Check(b.cmd.Process.Signal(os.Interrupt))
		said, err := io.ReadAll(b.out)
		ts.Check(err)
		code := 0
		if exit, is := errors.AsType[*exec.ExitError](b.cmd.Wait()); is {
			code = exit.ExitCode()
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), append(said, b.errs.Bytes()...), 0o600))
		if strconv.Itoa(code) != args[2] {
			ts.Fatalf("exit code %d, want %s: %s%s", code, args[2], said, b.errs.Bytes())
		}
		return
	}
	self, err := exec.LookPath(filepath.Join(strings.Split(ts.Getenv("PATH"), string(filepath.ListSeparator))[0], "posfleet"))
	ts.Check(err)
	b := &middleman{cmd: exec.Command(self, append([]string{"proxy", "--listen", "127.0.0.1:0"}, args[1:]...)...)}
	b.cmd.Dir, b.cmd.Stderr = ts.MkAbs("."), &b.errs
	out, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	ts.Defer(func() {
		late := time.AfterFunc(10*time.Second, func() { b.cmd.Process.Kill() })
		defer late.Stop()
		b.cmd.Process.Signal(os.Interrupt)
		b.cmd.Wait()
	})
	b.out = bufio.NewReader(out)
	line, err := b.out.ReadString('\n')
	ts.Check(err)
	address, _, ok := strings.Cut(strings.TrimPrefix(line, "listening on "), ": ")
	if !ok {
		ts.Fatalf("the proxy says %q", line)
	}
	ts.Setenv(args[0], address)
	running[args[0]] = b
}
