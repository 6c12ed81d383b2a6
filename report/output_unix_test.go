//go:build unix

package report

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe gets what is written; one that nobody reads, or whose reader has stopped, is an
// error, and holds nobody up for ever.
func TestPipeIsWrittenOrGivenUp(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(string, func(io.Writer) error) error{"written": WriteFile, "appended": AppendFile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Skip(err)
			}
			big := func(w io.Writer) error {
				_, err := io.WriteString(w, strings.Repeat("0123456789abcdef", 10_000))
				return err
			}
			if err := write(pipe, big); err == nil || !strings.Contains(err.Error(), "nobody") {
				t.Errorf("with nobody to read: %v", err)
			}
			read := make(chan int64)
			go func() {
				f, err := os.Open(pipe)
				if err != nil {
					read <- -1
					return
				}
				defer f.Close()
				n, _ := io.Copy(io.Discard, f)
				read <- n
			}()
			if err := write(pipe, big); err != nil {
				t.Error(err)
			}
			if n := <-read; n != 160_000 {
				t.Errorf("%d octets came through", n)
			}
			idle, err := os.OpenFile(pipe, os.O_RDWR, 0) // a reader that reads nothing
			if err != nil {
				t.Fatal(err)
			}
			defer idle.Close()
			if err := write(pipe, big); err == nil {
				t.Error("a pipe that nobody empties took all")
			}
		})
	}
}
