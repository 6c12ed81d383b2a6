package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/posfleet/posfleet/sim/strict"
)

// maxFile is the longest file that a profile may name, but for lists and keys:
// 1 MiB, in octets.
const maxFile = 1 << 20

// folder is where a profile's relative paths start. They cannot leave it, not
// by .. and not by a symbolic link; absolute paths may point anywhere.
type folder struct {
	dir   string
	files *Files // nil for the disk
}

// read gives a file's octets, at most limit of them. A private file must not
// be open to group or others.
func (d folder) read(path string, private bool, limit int64) ([]byte, error) {
	stat, open := d.files.Stat, func(path string) (fs.File, error) { return os.Open(path) }
	name := path // that stat and open know it by
	switch {
	case !filepath.IsAbs(path) && !filepath.IsLocal(path) && strict.MayBeSecret(path):
		return nil, strict.Unread(path, errors.New("no file of the profile's folder"))
	case !filepath.IsAbs(path) && !filepath.IsLocal(path):
		return nil, fmt.Errorf("file %s is outside the profile's folder; move it there or give its absolute path", path)
	case d.files.sent():
		name, open = d.path(path), d.files.open
	case !filepath.IsAbs(path):
		root, err := os.OpenRoot(d.dir)
		if err != nil {
			return nil, fmt.Errorf("folder of the profile: %w", cause(err))
		}
		defer root.Close()
		stat, open = root.Stat, func(path string) (fs.File, error) { return root.Open(path) }
	}
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := stat(name)
	if err != nil {
		return nil, strict.Unread(path, cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	data, mode, err := d.files.take(open, name, d.path(path), limit+1)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, cause(err))
	}
	// Windows has other permissions, which Mode does not tell.
	if private && mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		clear(data)
		return nil, fmt.Errorf("file %s holds keys and others may read it (mode %04o); chmod 600 %s", path, mode.Perm(), path)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("file %s is longer than %d octets", path, limit)
	}
	return data, nil
}

// ReadPrivate reads a file that only its owner can read, whose path somebody typed.
func ReadPrivate(path string) (Secret, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return folder{dir: "."}.read(whole, true, maxFile)
}

// path is where a relative path leads, for those who open the file later.
func (d folder) path(rel string) string {
	if filepath.IsAbs(rel) {
		return rel
	}
	return filepath.Join(d.dir, rel)
}

// cause is what went wrong with a file, without the path said already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
