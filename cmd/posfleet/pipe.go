package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/posfleet/posfleet/sim/profile"
)

// pipePatience is how long a profile that comes through a pipe is waited for.
const pipePatience = 10 * time.Second

// maxProfile is how many octets of a pipe are read: more than a profile may have.
const maxProfile = 1 << 20

// readProfile reads a profile, also one that a pipe brings, as in
// --profile <(decrypt bank.yaml): that is waited for, but not for ever. What came is
// kept, to be read again.
func (f *networkFlags) readProfile(terminals int) (*profile.Profile, error) {
	path := f.profile
	if f.piped == nil {
		info, err := f.files.Stat(path)
		if err != nil || info.Mode().IsRegular() || info.IsDir() {
			return f.files.Load(path, terminals)
		}
		if f.piped, err = readPipe(path, info.Mode()&os.ModeNamedPipe != 0, pipePatience); err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
		if f.files.Seen != nil {
			f.files.Seen(f.files.Absolute(path), 0o600, f.piped)
		}
	}
	return f.files.Parse(path, f.piped, terminals)
}

// readPipe reads until a pipe's writers have gone; the first is awaited if that is
// said.
func readPipe(path string, awaited bool, patience time.Duration) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // or opening waits for a writer
	if err != nil {
		return nil, err
	}
	defer f.Close()
	over, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer context.AfterFunc(over, func() { _ = f.SetReadDeadline(time.Now()) })()
	var data []byte
	for {
		more, err := io.ReadAll(io.LimitReader(f, int64(maxProfile+1-len(data))))
		data = append(data, more...)
		switch {
		case over.Err() != nil:
			return nil, fmt.Errorf("%s: nothing, or no end of it, came out of this pipe within %v", path, patience)
		case err != nil:
			return nil, err
		case len(data) > 0 || !awaited:
			return data, nil
		}
		select { // nobody has written into it yet
		case <-over.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}
