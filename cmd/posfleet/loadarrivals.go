package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/strict"
)

// longestArrivals is the longest file of arrivals, in octets.
const longestArrivals = 1 << 28

// schedule reads the stages, or the file of arrivals: they say how long arrivals come
// when --for does not.
func (f *loadFlags) schedule(given func(flag string) bool) error {
	var length time.Duration
	for _, text := range f.stages {
		s, err := sim.ParseStage(text)
		if err != nil {
			return fmt.Errorf("--stage: %w", err)
		}
		f.parts = append(f.parts, s)
		length += s.For
	}
	if f.arrivals != "" && f.speed > 0 {
		text, _, err := f.net.files.Read(f.arrivals, longestArrivals+1)
		switch {
		case err != nil:
			return fmt.Errorf("--arrivals: %w", err)
		case len(text) > longestArrivals:
			return fmt.Errorf("--arrivals %s: longer than %d octets", f.arrivals, longestArrivals)
		}
		f.digest = fmt.Sprintf("%x", sha256.Sum256(text))
		lines, err := strict.Lines(text)
		if err != nil {
			return fmt.Errorf("--arrivals %s: %w", f.arrivals, err)
		}
		seed := uint64(0)
		if f.poisson {
			seed = f.seed
		}
		if f.times, length, err = sim.ReadArrivals(bytes.NewReader(lines), seed, f.speed); err != nil {
			return fmt.Errorf("--arrivals %s: %w", f.arrivals, err)
		}
	}
	switch {
	case length == 0:
	case !given("for"):
		f.length = length
	case len(f.stages) > 0 && f.length > length:
		return fmt.Errorf("--for %v: the stages are over after %v", f.length, length)
	}
	return nil
}

// pacer is how arrivals come, nil in a closed model, and that in words.
func (f *loadFlags) pacer() (p sim.Pacer, words string, err error) {
	rate, err := sim.ParseRate(f.rate)
	if err != nil {
		return nil, "", err
	}
	switch {
	case f.closed:
		return nil, fmt.Sprintf("think time %v", f.think), nil
	case len(f.parts) > 0:
		p, words = sim.Stages(f.parts), "stages "+strings.Join(f.stages, ", ")
	case f.times != nil:
		p, words = sim.At(f.times), fmt.Sprintf("%d arrivals of %s", len(f.times), f.arrivals)
		if f.speed != 1 {
			words += fmt.Sprintf(", %g times as fast", f.speed)
		}
	case f.poisson:
		p, words = sim.Poisson(rate, f.seed), "poisson "+rate.String()
	case f.ramp > 0:
		p, words = sim.Ramp(sim.Rate{N: 0, Per: time.Second}, rate, f.ramp), fmt.Sprintf("ramp 0/s to %s over %v", rate, f.ramp)
	default:
		p, words = sim.Constant(rate), rate.String()+" constant"
	}
	if f.burst == "" {
		return p, words, nil
	}
	n, every, err := parseBurst(f.burst)
	if err != nil {
		return nil, "", err
	}
	return sim.Bursts(p, n, every), fmt.Sprintf("%s, bursts of %d every %v", words, n, every), nil
}

// parseBurst reads "200/10s".
func parseBurst(text string) (n int, every time.Duration, err error) {
	count, period, _ := strings.Cut(text, "/")
	n, bad := strconv.Atoi(count)
	every, worse := time.ParseDuration(period)
	if errors.Join(bad, worse) != nil || n < 1 || n > 1e6 || every < time.Millisecond {
		return 0, 0, fmt.Errorf("--burst %q: want arrivals and how often they come, such as 200/10s", text)
	}
	return n, every, nil
}
