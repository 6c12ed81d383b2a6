package plot

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// twoCurves cross at threshold 2, where both err in one of five.
func twoCurves() ErrorRates {
	return ErrorRates{
		Title: "Decided wrongly", Under: "made up", Score: "score", Used: 2,
		Thresholds: []float64{0, 1, 2, 3},
		Rejected:   ErrorRate{Name: "refused", Share: []float64{1, 0.5, 0.2, 0}},
		Accepted:   []ErrorRate{{Name: "accepted", Share: []float64{0, 0.0001, 0.2, 0.5}, EqualAt: 2, Equal: 0.2}},
	}
}

func TestErrorRatesAreDrawn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.png")
	if err := SaveErrorRates(twoCurves(), path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	doc, err := svg(errorRates(twoCurves()))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"refused", "accepted", "equal error 20.0 %", "threshold in use", "0.1 %"} {
		if !bytes.Contains(doc, []byte(want)) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	if strings.Contains(string(doc), "NaN") {
		t.Error("a coordinate is not a number")
	}
	if err := wellFormed(doc); err != nil {
		t.Error(err)
	}
}

func TestNoErrorRatesAreDrawnToo(t *testing.T) {
	doc, err := svg(errorRates(ErrorRates{Title: "nothing"}))
	if err != nil || !bytes.Contains(doc, []byte("no attempts")) {
		t.Errorf("%v", err)
	}
}
