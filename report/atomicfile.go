package report

import (
	"errors"
	"io"
	"os"
)

// partial is the ending of what is being written, a file or a run's folder,
// until it is whole and renamed.
const partial = ".partial"

// AtomicFile is a file that is written beside its name, as NAME.partial, and
// renamed once it is whole: nobody finds half of it, and one that was there
// before stays until then.
type AtomicFile struct {
	*os.File
	name string
	done bool
}

// CreateAtomic begins a file. It is to be committed; discarded otherwise.
func CreateAtomic(name string) (*AtomicFile, error) {
	f, err := os.Create(name + partial)
	if err != nil {
		return nil, err
	}
	return &AtomicFile{File: f, name: name}, nil
}

// Commit closes the file and gives it its name.
func (f *AtomicFile) Commit() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.name); err != nil {
		return err
	}
	f.done = true
	return nil
}

// Discard takes away what was not committed; of a file that was it does nothing.
func (f *AtomicFile) Discard() {
	if !f.done {
		f.Close()
		os.Remove(f.Name())
	}
}

// WriteFile writes a whole file by way of w, or leaves the one that is there.
func WriteFile(name string, w func(io.Writer) error) error {
	f, err := CreateAtomic(name)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := w(f); err != nil {
		return err
	}
	return f.Commit()
}
