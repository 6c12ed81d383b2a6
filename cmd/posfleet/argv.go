package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"

	"github.com/spf13/pflag"
)

// secretFlags are the flags that name files of secrets. No flag takes a secret itself:
// arguments can be seen by everybody on the machine, and shells keep them.
var secretFlags = []string{"admin-token-file", "creds", "keys", "nats-creds", "record-key", "tls-key", "under"}

// secretLike is text that may be a secret rather than the path of a file: hexadecimal
// digits, or a long word with digits in it.
var secretLike = regexp.MustCompile(`^(.*([0-9A-Fa-f][ :=,-]?){16}.*|[0-9A-Za-z+=_-]*[0-9][0-9A-Za-z+=_-]*)$`)

// noSecretGiven complains of a secret in the place of the file that holds it, without
// repeating it.
func noSecretGiven(flags *pflag.FlagSet) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		path := f.Value.String()
		if !slices.Contains(secretFlags, f.Name) || len(path) < 16 || !secretLike.MatchString(path) {
			return
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("--%s: there is no such file (what was given may be the secret itself and is not repeated here); "+
				"a secret is never an argument: write it into a file, chmod 600 it, and give its path", f.Name))
		}
	})
	return errors.Join(errs...)
}
