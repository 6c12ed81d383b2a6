package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/profile"
)

// sentPlan is a load run as an agent is told of it: what was asked for, and the files
// that this is about, which the agent keeps in memory.
type sentPlan struct {
	Run     string              `json:"run"`
	Args    []string            `json:"args"`
	Flags   map[string][]string `json:"flags"`
	Dir     string              `json:"dir"` // where relative paths start
	Digests map[string]string   `json:"digests"`
	Bundled *bundledHost        `json:"bundled,omitempty"`
	Watched bool                `json:"watched,omitempty"` // the run is seen while it runs
	Keys    bool                `json:"keys,omitempty"`    // somebody at a terminal may ask for the slowest exchanges

	files fs.FS
}

// bundledHost is where the bundled host of another process is.
type bundledHost struct {
	Address string `json:"address"`
	Admin   string `json:"admin"`
	Token   string `json:"token"`
}

// ownFlags are what a controller is told for itself: no agent is to know.
var ownFlags = []string{"agents", "listen", "creds", "nats", "nats-creds", "nats-ca", "attach", "out", "run-id", "live", "metrics", "otlp", "behaviour", "misbehave"}

// filesSeen keeps what is read for a run, to be sent with its plan.
type filesSeen map[string]seenFile

type seenFile struct {
	mode fs.FileMode
	data []byte
}

func (s filesSeen) see(path string, mode fs.FileMode, data []byte) {
	s[path] = seenFile{mode, bytes.Clone(data)}
}

// planOf is the plan of a run whose flags were given and whose files have been seen.
func planOf(args []string, flags *pflag.FlagSet) (*sentPlan, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return &sentPlan{Args: args, Flags: flagsGiven(flags, ownFlags), Dir: dir}, nil
}

// flagsGiven are the values of the flags that were given, but for some.
func flagsGiven(flags *pflag.FlagSet, without []string) map[string][]string {
	given := map[string][]string{}
	flags.Visit(func(f *pflag.Flag) {
		if slices.Contains(without, f.Name) {
			return
		}
		if list, is := f.Value.(pflag.SliceValue); is {
			given[f.Name] = list.GetSlice()
		} else {
			given[f.Name] = []string{f.Value.String()}
		}
	})
	return given
}

// giveFlags gives flags the values that others of the same names were given.
func giveFlags(flags *pflag.FlagSet, given map[string][]string) error {
	for name, values := range given {
		f := flags.Lookup(name)
		if f == nil || len(values) == 0 {
			return fmt.Errorf("flag --%s", name)
		}
		if err := flags.Set(name, values[0]); err != nil {
			return err
		}
		if list, is := f.Value.(pflag.SliceValue); is {
			if err := list.Replace(values); err != nil {
				return fmt.Errorf("flag --%s: %w", name, err)
			}
		}
	}
	return nil
}

// planName and filesUnder are what a packed plan has: what was asked for, and the files.
const (
	planName   = "plan.json"
	filesUnder = "files"
)

// pack puts the plan into octets, with the files that were seen and the features.
func (p *sentPlan) pack(seen filesSeen, features []*scenarios.Feature) ([]byte, error) {
	disk := profile.Files{Seen: seen.see}
	for _, f := range features {
		if !f.Embedded {
			if _, _, err := disk.Read(f.Path, maxFeature); err != nil {
				return nil, err
			}
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, mode fs.FileMode, data []byte) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(0, 0)}
		h.SetMode(mode & fs.ModePerm)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if err := add(planName, 0o600, text); err != nil {
		return nil, err
	}
	for path, f := range seen {
		if err := add(filesUnder+"/"+strings.TrimPrefix(filepath.ToSlash(path), "/"), f.mode, f.data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// maxFeature is the longest feature file that is sent, in octets.
const maxFeature = 16 << 20

// unpackPlan reads what pack wrote.
func unpackPlan(octets []byte) (*sentPlan, error) {
	z, err := zip.NewReader(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	text, err := fs.ReadFile(z, planName)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	p := &sentPlan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	p.files, err = fs.Sub(z, filesUnder)
	return p, err
}
