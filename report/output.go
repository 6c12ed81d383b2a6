package report

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// partial is in the name of a file that is being written, until it is whole and renamed. A
// drawn end follows it: what a user has of that name is left alone.
const partial = ".partial"

// Output is a file that is written for somebody: whole, or not at all. A regular file
// is written beside its name, as NAME.partial-…, and renamed: nobody finds half of it,
// and one that was there before stays until then. Of a symbolic link that is done to
// what it points to. A device, a pipe, a socket, or what is this program's own standard
// output, is written straight into.
type Output struct {
	file *os.File
	name string // that it is renamed to; empty for what is written straight into
	pipe bool
	done bool
}

// CreateOutput begins a file. It is to be committed; discarded otherwise.
func CreateOutput(name string) (*Output, error) {
	return createOutput(name, func(to string) (f *os.File, err error) {
		_, err = Beside(to, func(name string) error {
			f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
			return err
		})
		return f, err
	})
}

// unfinished are the names under which something was made that is to get another.
var unfinished struct {
	mu    sync.Mutex
	names []string
}

// DiscardUnfinished takes away what is being written, before the process is ended in the
// midst of it: what has its name by now stays.
func DiscardUnfinished() {
	unfinished.mu.Lock()
	defer unfinished.mu.Unlock()
	for _, name := range unfinished.names {
		os.RemoveAll(name)
	}
}

// Beside has something made under a name that nothing else has, beside the one that it is to
// get, and gives that name.
func Beside(name string, create func(name string) error) (string, error) {
	for {
		drawn := name + partial + "-" + rand.Text()[:8]
		unfinished.mu.Lock()
		err := create(drawn)
		if err == nil {
			unfinished.names = append(unfinished.names, drawn)
		}
		unfinished.mu.Unlock()
		if !errors.Is(err, fs.ErrExist) {
			return drawn, err
		}
	}
}

// createOutput begins a file; a regular one by what is made beside it.
func createOutput(name string, beside func(to string) (*os.File, error)) (*Output, error) {
	to, info, err := follow(name)
	switch {
	case err != nil:
		return nil, err
	case info != nil && straight(info):
		return openStraight(to, info)
	case info != nil && info.IsDir():
		return nil, &fs.PathError{Op: "write", Path: name, Err: syscall.EISDIR}
	}
	f, err := beside(to)
	if err != nil {
		return nil, err
	}
	if info != nil {
		_ = f.Chmod(info.Mode().Perm()) // where that cannot be, it is a new file
	}
	return &Output{file: f, name: to}, nil
}

// mostLinks is how many links of links are followed.
const mostLinks = 40

// follow finds the file that is meant by a name that may be a link, also one to what
// is not there yet, of which info is nil.
func follow(name string) (to string, info fs.FileInfo, err error) {
	to = name
	for range mostLinks {
		link, err := os.Lstat(to)
		if errors.Is(err, fs.ErrNotExist) {
			return to, nil, nil
		}
		if err != nil {
			return "", nil, err
		}
		if link.Mode()&fs.ModeSymlink == 0 {
			return to, link, nil
		}
		if there, err := os.Stat(to); err == nil && straight(there) {
			return to, there, nil // names under /dev and /proc are links that cannot all be followed
		}
		next, err := os.Readlink(to)
		if err != nil {
			return "", nil, err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(to), next)
		}
		to = next
	}
	return "", nil, &fs.PathError{Op: "write", Path: name, Err: syscall.ELOOP}
}

// straight reports whether a file is written straight into.
func straight(info fs.FileInfo) bool {
	if !info.Mode().IsRegular() {
		return !info.IsDir()
	}
	for _, own := range []*os.File{os.Stdout, os.Stderr} {
		if i, err := own.Stat(); err == nil && os.SameFile(i, info) {
			return true
		}
	}
	return false
}

// pipePatience is how long a pipe is waited for, that nobody reads or that is full.
const pipePatience = 5 * time.Second

// openStraight opens what there is; a pipe once somebody reads it.
func openStraight(name string, info fs.FileInfo) (*Output, error) {
	o := &Output{pipe: info.Mode()&fs.ModeNamedPipe != 0}
	flags := os.O_WRONLY | os.O_APPEND
	if !o.pipe {
		var err error
		o.file, err = os.OpenFile(name, flags, 0)
		return o, err
	}
	over, cancel := context.WithTimeout(context.Background(), pipePatience)
	defer cancel()
	ctx, stop := signal.NotifyContext(over, os.Interrupt, syscall.SIGTERM)
	defer stop()
	for {
		var err error
		o.file, err = os.OpenFile(name, flags|syscall.O_NONBLOCK, 0) // or opening waits for a reader, whatever comes
		if !errors.Is(err, syscall.ENXIO) {
			return o, err
		}
		select {
		case <-ctx.Done():
			if over.Err() == nil {
				return nil, fmt.Errorf("%s: nobody reads this pipe", name)
			}
			return nil, fmt.Errorf("%s: nobody has read this pipe within %v", name, pipePatience)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Write writes to the file. A pipe whose reader has stopped reading is an error in the
// end.
func (o *Output) Write(p []byte) (int, error) {
	if o.pipe {
		_ = o.file.SetWriteDeadline(time.Now().Add(pipePatience))
	}
	return o.file.Write(p)
}

// Commit closes the file and gives it its name.
func (o *Output) Commit() error {
	o.done = true
	if o.name == "" {
		return o.file.Close()
	}
	err := cmp.Or(o.file.Sync(), o.file.Close())
	if err == nil {
		err = os.Rename(o.file.Name(), o.name)
	}
	if err != nil {
		os.Remove(o.file.Name())
	}
	return err
}

// Discard takes away what was not committed; of a file that was it does nothing.
func (o *Output) Discard() {
	if o.done {
		return
	}
	o.file.Close()
	if o.name != "" {
		os.Remove(o.file.Name())
	}
}

// WriteFile writes a whole file by way of w, or leaves the one that is there.
func WriteFile(name string, w func(io.Writer) error) error {
	f, err := CreateOutput(name)
	if err != nil {
		return err
	}
	return f.Whole(w)
}

// Whole writes the file by way of w and commits it, or discards it where w has not written
// all.
func (o *Output) Whole(w func(io.Writer) error) error {
	defer o.Discard()
	if err := w(o); err != nil {
		return err
	}
	return o.Commit()
}

// AppendFile writes to the end of a file, which is made where there is none.
func AppendFile(name string, w func(io.Writer) error) error {
	to, info, err := follow(name)
	if err != nil {
		return err
	}
	o := &Output{}
	if info != nil && straight(info) {
		o, err = openStraight(to, info)
	} else {
		o.file, err = os.OpenFile(to, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	}
	if err != nil {
		return err
	}
	return cmp.Or(w(o), o.file.Close())
}
