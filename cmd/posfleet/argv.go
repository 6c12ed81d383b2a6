package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
)

// secretFlags are the flags that name files of secrets. No flag takes a secret itself:
// arguments can be seen by everybody on the machine, and shells keep them.
var secretFlags = []string{"admin-token-file", "creds", "keys", "nats-creds", "record-key", "tls-key", "under"}

// noSecretGiven complains of a secret in the place of the file that holds it, without
// repeating it.
func noSecretGiven(flags *pflag.FlagSet) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		path := f.Value.String()
		if !slices.Contains(secretFlags, f.Name) || strings.HasPrefix(path, keys.TokenScheme) || !strict.MayBeSecret(path) {
			return
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("--%s: there is no such file (what was given may be the secret itself and is not repeated here); "+
				"a secret is never an argument: write it into a file, chmod 600 it, and give its path", f.Name))
		}
	})
	return errors.Join(errs...)
}
