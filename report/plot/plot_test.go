package plot

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
)

var (
	update = flag.Bool("update", false, "write the golden figures anew")
	keep   = flag.String("keep", "", "also write all figures of all made-up runs to this folder, to be looked at")
)

// Every kind of run is drawn, the ones with nothing to draw too, and in a time
// that nobody minds at the end of a run.
func TestEveryRunIsDrawn(t *testing.T) {
	if testing.Short() {
		t.Skip("draws every picture of every made-up run, which -short leaves out")
	}
	for name, r := range runs() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if *keep != "" {
				dir = filepath.Join(*keep, name)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			start := time.Now()
			paths, err := Save(r, dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("drawn in %v", time.Since(start).Round(time.Millisecond))
			if got, want := len(paths), 2*len(figures); got != want {
				t.Fatalf("%d files written, want %d", got, want)
			}
			for _, p := range paths {
				b, err := os.ReadFile(p)
				if err != nil {
					t.Fatal(err)
				}
				if want := map[string]string{".svg": "<?xml", ".png": "\x89PNG"}[filepath.Ext(p)]; !strings.HasPrefix(string(b), want) {
					t.Errorf("%s begins %q, want %q", filepath.Base(p), b[:min(len(b), 8)], want)
				}
				if filepath.Ext(p) == ".svg" {
					if err := wellFormed(b); err != nil {
						t.Errorf("%s: %v", filepath.Base(p), err)
					}
				}
				if bytes.Contains(b, []byte("NaN")) {
					t.Errorf("%s holds a coordinate that is not a number", filepath.Base(p))
				}
			}
		})
	}
}

func wellFormed(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// The figures of the run that has everything, octet for octet: whatever changes
// how figures look shows up as a changed picture to be looked at.
func TestFiguresLookAsAgreed(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the made-up run differs in its last digits on " + runtime.GOARCH + "; the golden SVGs were not compared")
	}
	dir := t.TempDir()
	if *update {
		dir = "testdata"
	}
	paths, err := Save(runs()["overloaded"], dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		name := filepath.Base(p)
		if filepath.Ext(name) == ".png" {
			if *update {
				os.Remove(p) // the SVG says it all
			}
			continue
		}
		got, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s differs at octet %d: %q, want %q; look at it and run with -update", name, i, around64(got, i), around64(want, i))
		}
	}
}

func around64(b []byte, i int) []byte { return b[max(0, i-32):min(len(b), i+32)] }

// Two workers may report at the same time; gonum's fonts are shared.
func TestFiguresAreTheSameEachTime(t *testing.T) {
	if testing.Short() {
		t.Skip("draws every picture of every made-up run, which -short leaves out")
	}
	r := runs()["stall"]
	var got [3][]byte
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			for _, f := range figures {
				b, err := render(f.draw, r, svg)
				if err != nil {
					t.Error(err)
				}
				got[i] = append(got[i], b...)
			}
		})
	}
	wg.Wait()
	if !bytes.Equal(got[0], got[1]) || !bytes.Equal(got[1], got[2]) {
		t.Error("the same run drawn three times gave different figures")
	}
}

// A PNG has no Chinese glyphs: a name it cannot show must not vanish.
func TestChineseNamesDoNotVanish(t *testing.T) {
	r := runs()["healthy"]
	if got, err := render(labels, legible(r, unicode.IsPrint), svg); err != nil || !bytes.Contains(got, []byte("签到")) {
		t.Errorf("the SVG lost the name 签到 (error %v)", err)
	}
	got, err := render(labels, legible(r, drawable), svg)
	if err != nil || bytes.Contains(got, []byte("签到")) || !bytes.Contains(got, []byte("label 7")) {
		t.Errorf("the PNG does not call 签到 label 7 (error %v)", err)
	}
}

// The dots on the percentile curve are the figures of the text report.
func TestCurveSaysWhatTheTableSays(t *testing.T) {
	r := runs()["declined"] // one label, so that label and run are the same
	doc, err := render(percentiles, r, svg)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []float64{0.5, 0.9, 0.99} {
		if want := r.Labels[0].Quantile(q).String(); !bytes.Contains(doc, []byte(">"+want+"<")) {
			t.Errorf("p%g: the figure does not say %q", q*100, want)
		}
	}
	if !bytes.Contains(doc, []byte("99.9 %</text>")) {
		t.Error("the axis does not reach 99.9 %")
	}
}
