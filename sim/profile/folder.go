package profile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxFile is the longest file that a profile may name, but for lists and keys:
// 1 MiB, in octets.
const maxFile = 1 << 20

// folder is where a profile's relative paths start. They cannot leave it, not
// by .. and not by a symbolic link; absolute paths may point anywhere.
type folder string

// read gives a file's octets, at most limit of them. A private file must not
// be open to group or others.
func (d folder) read(path string, private bool, limit int64) ([]byte, error) {
	stat, open := os.Stat, os.Open
	if !filepath.IsAbs(path) {
		if !filepath.IsLocal(path) {
			return nil, fmt.Errorf("file %s is outside the profile's folder; move it there or give its absolute path", path)
		}
		root, err := os.OpenRoot(string(d))
		if err != nil {
			return nil, fmt.Errorf("folder of the profile: %w", cause(err))
		}
		defer root.Close()
		stat, open = root.Stat, root.Open
	}
	// Looked at before it is opened: opening a pipe would wait for its writer.
	info, err := stat(path)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, cause(err))
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, cause(err))
	}
	// Windows has other permissions, which Mode does not tell.
	if private && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("file %s holds keys and others may read it (mode %04o); chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, cause(err))
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
	return folder(".").read(whole, true, maxFile)
}

// path is where a relative path leads, for those who open the file later.
func (d folder) path(rel string) string {
	if filepath.IsAbs(rel) {
		return rel
	}
	return filepath.Join(string(d), rel)
}

// cause is what went wrong with a file, without the path said already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
