package profile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
)

// Files are where a profile and all that it names are read from. The zero Files is the
// disk.
type Files struct {
	// From, when not nil, is read instead of the disk: a file's name there is its absolute
	// path, with slashes and without the first one. Relative paths start in Dir.
	From fs.FS
	Dir  string
	// Seen is told each file that has been read, by its absolute path; it may be nil. What it
	// is given is the reader's own, which may clear it next.
	Seen func(path string, mode fs.FileMode, data []byte)

	paths []string // of all that has been read
}

// Paths are the absolute paths of the files that have been read, each once.
func (f *Files) Paths() []string { return f.paths }

// Note adds to Paths a file that somebody else has read.
func (f *Files) Note(path string) {
	if path = f.Absolute(path); !slices.Contains(f.paths, path) {
		f.paths = append(slices.Clip(f.paths), path)
	}
}

// Load reads a profile as [Load] does, from these files.
func (f *Files) Load(path string, terminals int) (*Profile, error) {
	data, _, err := f.Read(path, strict.MaxFile+1)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return f.Parse(path, data, terminals)
}

// Parse reads a profile as [Parse] does; what it names is read from these files.
func (f *Files) Parse(name string, data []byte, terminals int) (*Profile, error) {
	return parse(name, data, terminals, nil, f)
}

// Read gives at most limit octets of a file.
func (f *Files) Read(path string, limit int64) ([]byte, fs.FileMode, error) {
	open := func(path string) (fs.File, error) { return os.Open(path) }
	if f.sent() {
		open = f.open
	}
	return f.take(open, path, path, limit)
}

// Stat tells about a file or folder.
func (f *Files) Stat(path string) (fs.FileInfo, error) {
	if !f.sent() {
		return os.Stat(path)
	}
	return fs.Stat(f.From, f.name(path))
}

// Under gives the files below a folder.
func (f *Files) Under(root string) (fs.FS, error) {
	if !f.sent() {
		return os.DirFS(root), nil
	}
	return fs.Sub(f.From, f.name(root))
}

func (f *Files) sent() bool { return f != nil && f.From != nil }

// name is what a path is called in From.
func (f *Files) name(path string) string {
	return strings.TrimPrefix(filepath.ToSlash(f.Absolute(path)), "/")
}

// Absolute is the path from the root.
func (f *Files) Absolute(path string) string {
	switch {
	case filepath.IsAbs(path):
		return filepath.Clean(path)
	case f.sent():
		return filepath.Join(f.Dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (f *Files) open(path string) (fs.File, error) {
	file, err := f.From.Open(f.name(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return file, err
}

// take reads at most limit octets of what open opens under a name, whose path is known.
func (f *Files) take(open func(string) (fs.File, error), name, path string, limit int64) ([]byte, fs.FileMode, error) {
	file, err := open(name)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	data, err := io.ReadAll(io.LimitReader(file, limit))
	if f != nil {
		f.Note(path)
	}
	if err == nil && f != nil && f.Seen != nil {
		f.Seen(f.Absolute(path), info.Mode(), data)
	}
	return data, info.Mode(), err
}
