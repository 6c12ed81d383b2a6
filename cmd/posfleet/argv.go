package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
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
		if proves, is := urlFlags[f.Name]; is && strings.ContainsAny(f.Value.String(), "@?#") || userInfo.MatchString(f.Value.String()) {
			errs = append(errs, fmt.Errorf("--%s: want host, port and path alone; what else is in this URL, such as a name or a password, is not repeated here "+
				"and never an argument: %s", f.Name, cmp.Or(proves, "leave it out")))
		}
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

// commandLine is how this process was asked, as it may be written down.
func commandLine() []string {
	words := []string{"posfleet"}
	for _, word := range os.Args[1:] {
		words = append(words, string(scrub([]byte(word))))
	}
	return words
}

// urlFlags are the flags that take a URL, and where what proves who asks goes instead.
var urlFlags = map[string]string{
	"join": "--creds FILE is all that proves who joins",
	"nats": "--nats-creds FILE has it, or NATS_USER and NATS_PASSWORD in the environment (a token is NATS_USER alone)",
	"otlp": "it goes into OTEL_EXPORTER_OTLP_HEADERS in the environment",
}

// userInfo is what a URL has before its host's name (RFC 3986, 3.2.1), in text.
var userInfo = regexp.MustCompile(`(://)[^\s/?#"']*@`)
