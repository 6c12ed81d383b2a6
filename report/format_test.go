package report

import (
	"testing"
	"time"
)

func TestDurationHasThreeDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 µs", 499: "0 µs", 999_499: "999 µs", 999_500: "1.00 ms", 984 * time.Microsecond: "984 µs", 12345 * time.Microsecond: "12.3 ms",
		9_994 * time.Microsecond: "9.99 ms", 9_996 * time.Microsecond: "10.0 ms", 99_960 * time.Microsecond: "100 ms", 999_400 * time.Microsecond: "999 ms", 999_600 * time.Microsecond: "1.00 s",
		1896 * ms: "1.90 s", 135 * time.Second: "135 s", -5 * ms: "-5.00 ms",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%d ns: %q, want %q", d, got, want)
		}
	}
}

func TestThousandsAreSetOff(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -100: "-100", -123456: "-123,456", 1234567: "1,234,567"} {
		if got := FormatCount(n); got != want {
			t.Errorf("count %d: %q, want %q", n, got, want)
		}
	}
	for fen, want := range map[int64][2]string{
		0: {"0.00", "0.00"}, 5: {"0.05", "0.05"}, -5: {"-0.05", "-0.05"}, 123456: {"1234.56", "1,234.56"}, -123456789: {"-1234567.89", "-1,234,567.89"},
	} {
		if got := [2]string{FormatYuan(fen), Money{}.Format(fen)}; got != want {
			t.Errorf("%d fen: %q, want %q", fen, got, want)
		}
	}
	for decimals, want := range []string{"-1,234,567", "-123,456.7", "-12,345.67", "-1,234.567"} {
		if got := (Money{Decimals: &decimals}).Format(-1234567); got != want {
			t.Errorf("%d decimals: %q, want %q", decimals, got, want)
		}
		if got := FormatAmount(0, decimals); len(got) != max(1, decimals+2) && decimals > 0 {
			t.Errorf("%d decimals: nothing is %q", decimals, got)
		}
	}
}
