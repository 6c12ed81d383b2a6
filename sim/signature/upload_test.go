package signature

import (
	"bytes"
	"strings"
	"testing"
)

func TestSegmentsMakeTheWhole(t *testing.T) {
	octets := make([]byte, 3*MaxSegment)
	for i := range octets {
		octets[i] = byte(i * 7)
	}
	for _, n := range []int{1, MaxSegment - 1, MaxSegment, MaxSegment + 1, 2 * MaxSegment, 3 * MaxSegment} {
		parts := Segments(octets[:n], MaxSegment)
		if want := (n + MaxSegment - 1) / MaxSegment; len(parts) != want {
			t.Errorf("%d octets: %d segments, want %d", n, len(parts), want)
		}
		if got, err := Join(parts); err != nil || !bytes.Equal(got, octets[:n]) {
			t.Errorf("%d octets: %d come back, %v", n, len(got), err)
		}
	}
	if Segments(nil, MaxSegment) != nil || Segments(octets, 0) != nil {
		t.Error("segments of nothing")
	}
}

func TestSegmentsThatDoNotBelongTogether(t *testing.T) {
	a, b := Segment{1, false, []byte{1}}, Segment{2, true, []byte{2}}
	for want, parts := range map[string][]Segment{
		"no segments":             nil,
		"segment 2 where 1 is":    {b},
		"segment 1 where 2 is":    {a, a, b},
		"segment 1 of 1: last":    {a},
		"segment 1 of 2: last":    {{1, true, []byte{1}}, b},
		"segment 1 has 0 octets":  {{1, true, nil}},
		"segment 1 has 1000":      {{1, true, make([]byte, 1000)}},
		"10 segments, want at mo": Segments(make([]byte, 10), 1),
	} {
		if _, err := Join(parts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}

func TestFeatureCode(t *testing.T) {
	for _, c := range []struct{ date, reference, want string }{
		{"1126", "123456789012", "475E8226"},
		{"", "123456789012", "56788226"}, // 00001234 and 56789012
	} {
		got, err := FeatureCode(c.date, c.reference)
		if got != c.want || err != nil {
			t.Errorf("of %q and %q: %s, %v, want %s", c.date, c.reference, got, err, c.want)
		}
	}
	for _, c := range [][2]string{{"112", "123456789012"}, {"1126", "12345678901"}, {"1126", "12345678901A"}, {"1126", "12345 789012"}} {
		if got, err := FeatureCode(c[0], c[1]); err == nil {
			t.Errorf("of %q: %s", c, got)
		}
	}
}
