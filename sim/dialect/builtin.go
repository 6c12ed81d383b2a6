package dialect

import (
	"embed"
	"slices"
	"strings"
	"sync"
)

//go:embed *.yaml
var files embed.FS

// Names are the dialects that come with posfleet, in alphabetical order.
func Names() (all []string) {
	entries, _ := files.ReadDir(".")
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(all)
	return all
}

// Text is the file of a dialect that comes with posfleet.
func Text(name string) (text []byte, ok bool) {
	text, err := files.ReadFile(name + ".yaml")
	return text, err == nil
}

// builtins has what makes each dialect that comes with posfleet, once.
var builtins = func() map[string]func() *Dialect {
	all := map[string]func() *Dialect{}
	for _, name := range Names() {
		all[name] = sync.OnceValue(func() *Dialect {
			text, _ := Text(name)
			d, err := Parse(name+".yaml", text, nil)
			if err != nil {
				panic(err) // a test reads each, so it does not happen at a user's
			}
			return d
		})
	}
	return all
}()

// Named is the dialect of a name that comes with posfleet. It is made once, and
// read only.
func Named(name string) (*Dialect, bool) {
	make, ok := builtins[name]
	if !ok {
		return nil, false
	}
	return make(), true
}

// CUP and ISO87 are copies of two of them, whose framing may be changed.
func CUP() *Dialect { return copied("cup") }

// ISO87 is plain ISO 8583:1987 in ASCII (see CUP).
func ISO87() *Dialect { return copied("iso87") }

func copied(name string) *Dialect {
	d, _ := Named(name)
	c, err := d.copy()
	if err != nil {
		panic(err)
	}
	return c
}
