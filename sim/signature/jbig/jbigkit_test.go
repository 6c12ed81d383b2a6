package jbig

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// jbigkit is an implementation that is not ours (Debian: apt-get install
// jbigkit-bin). Where it is missing this is said, not passed.
func jbigkit(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"jbgtopbm", "pbmtojbg", "jbgtopbm85", "pbmtojbg85"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED: that JBIG-KIT reads our images and we its; no %s in PATH (Debian: jbigkit-bin)", tool)
		}
	}
}

// convert sends octets through a tool that reads one file and writes another.
func convert(t *testing.T, in []byte, tool string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(from, in, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, append(args, from, to)...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", tool, args, err, out)
	}
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pbm(b *Bitmap) []byte {
	return append(fmt.Appendf(nil, "P4\n%d %d\n", b.Width, b.Height), b.Bits...)
}

// bitsOf are the pixels of a PBM file, whose head differs between writers.
func bitsOf(file []byte, b *Bitmap) []byte { return file[max(0, len(file)-len(b.Bits)):] }

// noise is white, then grey of every density from a pixel in twenty thousand to
// every second one and to all but one in twenty thousand, then black.
func noise() *Bitmap {
	r := rand.New(rand.NewPCG(5, 6))
	b := NewBitmap(512, 1024)
	for y := range b.Height {
		for x := range b.Width {
			rare := 0.5 * math.Pow(1e-4, float64(y/64*7%16)/15)
			inverse := y > 512 && y/64%2 == 1
			switch black := (r.Float64() < rare) != inverse; {
			case y < 64:
			case y >= 960, black:
				b.Blacken(x, y)
			}
		}
	}
	return b
}

var update = flag.Bool("update", false, "write testdata anew, with JBIG-KIT")

// Images that JBIG-KIT 2.1 packed, so that its word stands where the tool is missing.
var packed = []struct {
	file  string
	args  []string // of pbmtojbg
	image *Bitmap
}{
	{"noise.jbg", []string{"-q", "-s", "64", "-p", "0"}, noise()},
	{"typical.jbg", []string{"-q", "-s", "16"}, scribble(120, 48, 1)},
	{"two-lines.jbg", []string{"-q", "-s", "16", "-p", "72"}, scribble(120, 48, 2)},
	{"reset.jbg", []string{"-q", "-s", "16", "-r"}, scribble(120, 48, 3)},
}

func TestImagesOfJBIGKITInTestdata(t *testing.T) {
	for _, c := range packed {
		file := filepath.Join("testdata", c.file)
		if *update {
			jbigkit(t)
			if err := os.WriteFile(file, convert(t, pbm(c.image), "pbmtojbg", c.args...), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		octets, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(octets); err != nil || !equal(got, c.image) {
			t.Errorf("%s is read as another image: %v", file, err)
		}
	}
}

// The noise in testdata comes by every row of the table of estimates, so a wrong
// figure in it is noticed.
func TestNoiseComesByEveryEstimate(t *testing.T) {
	w := &watcher{seen: map[uint8]bool{}}
	w.start()
	l := lines{bitmap: noise(), template: templateOf(0)}
	l.code(w, 0, l.bitmap.Height)
	if got := len(w.seen); got < len(estimates) {
		t.Errorf("the image comes by %d of %d rows", got, len(estimates))
		for i := range estimates {
			if !w.seen[uint8(i)] {
				t.Logf("row %d is not tried", i)
			}
		}
	}
}

// A watcher notes the rows that an encoder comes by.
type watcher struct {
	encoder
	seen map[uint8]bool
}

func (w *watcher) pixel(context, value uint) uint {
	w.seen[w.states[context].row] = true
	return w.encoder.pixel(context, value)
}

func TestJBIGKITReadsOurImages(t *testing.T) {
	jbigkit(t)
	for _, size := range [][2]int{{1, 1}, {17, 5}, {240, 96}} {
		for i, o := range everyOption() {
			b := scribble(size[0], size[1], uint64(i))
			for _, tool := range []string{"jbgtopbm", "jbgtopbm85"} {
				if got := convert(t, Encode(b, o), tool); !bytes.Equal(bitsOf(got, b), b.Bits) {
					t.Errorf("%s sees another image of %v, %+v", tool, size, o)
				}
			}
		}
	}
}

func TestWeReadImagesOfJBIGKIT(t *testing.T) {
	jbigkit(t)
	seen := map[byte]bool{} // markers
	for _, size := range [][2]int{{1, 1}, {17, 5}, {333, 300}} {
		for seed, args := range [][]string{
			{"pbmtojbg", "-q"},
			{"pbmtojbg", "-q", "-s", "16"},
			{"pbmtojbg", "-q", "-s", "9", "-p", "8"},
			{"pbmtojbg", "-q", "-s", "9", "-p", "64"},
			{"pbmtojbg", "-q", "-m", "0", "-p", "72"},
			{"pbmtojbg", "-q", "-s", "16", "-r"},
			{"pbmtojbg85"},
			{"pbmtojbg85", "-s", "16", "-p", "64"},
			{"pbmtojbg85", "-s", "16", "-m", "127"},
			{"pbmtojbg", "-q", "-s", "16", "-Y", "1000"},
		} {
			// Columns that repeat make the encoder move its adaptive pixel.
			images := map[string]*Bitmap{"scribble": scribble(size[0], size[1], uint64(seed)), "screen": NewBitmap(size[0], size[1])}
			for y := range size[1] {
				for x := range size[0] {
					if (x+y*y)%6 < 2 {
						images["screen"].Blacken(x, y)
					}
				}
			}
			for name, b := range images {
				octets := convert(t, pbm(b), args[0], args[1:]...)
				for i := headerLen; i < len(octets)-1; i++ {
					seen[octets[i+1]] = seen[octets[i+1]] || octets[i] == escape
				}
				got, err := Decode(octets)
				if err != nil {
					t.Errorf("%q of %s %v: %v", args, name, size, err)
				} else if !equal(got, b) {
					t.Errorf("%q of %s %v: another image", args, name, size)
				}
			}
		}
	}
	for _, m := range []byte{endKeep, endDrop, newLen, atMove} {
		if !seen[m] {
			t.Errorf("no image had marker %02X: it was not tried", m)
		}
	}
}
