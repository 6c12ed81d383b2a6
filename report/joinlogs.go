package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// JoinLogs writes the interval logs of the parts of one run, each in its folder, as one:
// what fell into the same second of the run is added up, histograms bucket for bucket.
// It gives the seconds that come of that: their quantiles are of all parts' exchanges,
// which those of parts alone do not tell.
func (f *Folder) JoinLogs(started time.Time, folders []string) ([]Second, error) {
	if f.writer == nil {
		if err := f.head(started); err != nil {
			return nil, err
		}
	}
	parts := make([]*logIntervals, len(folders))
	for i, dir := range folders {
		file, err := os.Open(filepath.Join(dir, logName))
		if err != nil {
			return nil, fmt.Errorf("join interval logs: %w", err)
		}
		defer file.Close()
		parts[i] = &logIntervals{in: bufio.NewReaderSize(file, longestLine)}
		if err := parts[i].advance(); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
	}
	var seconds []Second
	for {
		at, ended := time.Duration(0), true
		for _, p := range parts {
			if p.now != nil && (ended || p.second() < at) {
				at, ended = p.second(), false
			}
		}
		if ended {
			return seconds, nil
		}
		var sum *Interval
		for i, p := range parts {
			if p.now == nil || p.second() != at {
				continue
			}
			if sum == nil {
				sum = p.now
			} else if err := sum.add(p.now); err != nil {
				return nil, fmt.Errorf("join interval logs: %w", err)
			}
			if err := p.advance(); err != nil {
				return nil, fmt.Errorf("%s: %w", folders[i], err)
			}
		}
		if err := sum.quantiles(); err != nil {
			return nil, fmt.Errorf("join interval logs: %w", err)
		}
		if err := f.Interval(*sum); err != nil {
			return nil, err
		}
		seconds = append(seconds, *sum.Second)
	}
}

// JoinEvents puts what the parts of one run kept of their exchanges into the run's
// folder, part by part.
func (f *Folder) JoinEvents(folders []string) error {
	for _, dir := range folders {
		if err := appendFile(f.events, filepath.Join(dir, eventsName)); err != nil {
			return fmt.Errorf("join events: %w", err)
		}
	}
	return nil
}

// appendFile appends a file's whole lines; one that is not there has none.
func appendFile(to io.Writer, name string) error {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = to.Write(text[:bytes.LastIndexByte(text, '\n')+1])
	}
	return err
}

// logIntervals reads the intervals of a log one after the other.
type logIntervals struct {
	in   *bufio.Reader
	read logReader
	line int
	now  *Interval // nil at the end
}

// second is which second of the run the interval is.
func (l *logIntervals) second() time.Duration { return l.now.Second.At.Round(time.Second) }

// advance reads the next interval. One that is cut off, as a kill leaves it, is none.
func (l *logIntervals) advance() error {
	l.now = nil
	l.read = logReader{sums: map[string]*sum{}, beside: map[string]*beside{}, inflate: l.read.inflate}
	for {
		line, err := l.in.ReadSlice('\n')
		l.line++
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("interval log, line %d: %w", l.line, err)
		}
		l.read.now = l.line
		if err := l.read.line(bytes.TrimRight(line, "\r\n")); err != nil {
			return fmt.Errorf("interval log, line %d: %w", l.line, err)
		}
		if len(l.read.log.Seconds) == 0 {
			continue
		}
		log, err := l.read.finish()
		if err != nil {
			return err
		}
		s := log.Seconds[0]
		l.now = &Interval{From: s.At, To: s.At + s.Length, Second: &s, Labels: log.Labels, Warmup: log.Warmup}
		return nil
	}
}

// add takes another part's interval of the same second into this one.
func (iv *Interval) add(o *Interval) error {
	iv.From, iv.To = min(iv.From, o.From), max(iv.To, o.To)
	for _, x := range []struct{ into, from *[]Label }{{&iv.Labels, &o.Labels}, {&iv.Warmup, &o.Warmup}} {
		for _, l := range *x.from {
			i := slices.IndexFunc(*x.into, func(k Label) bool { return k.Name == l.Name })
			if i < 0 {
				*x.into = append(*x.into, l)
			} else if err := (*x.into)[i].add(l); err != nil {
				return err
			}
		}
	}
	s := iv.Second.plus(*o.Second)
	iv.Second = &s
	return nil
}

// quantiles works the second's out again, from the interval's histograms: those of the
// warm-up count as long as that lasts.
func (iv *Interval) quantiles() error {
	labels := iv.Labels
	if iv.Second.Warmup {
		labels = slices.Concat(labels, iv.Warmup)
	}
	var response, service, lag *hdr.Histogram
	for _, l := range labels {
		if err := errors.Join(addHistogram(&response, l.Response), addHistogram(&service, l.Service), addHistogram(&lag, l.Lag)); err != nil {
			return err
		}
	}
	if response == nil {
		return nil
	}
	iv.Second.Response, iv.Second.Service = quantiles(response), quantiles(service)
	late := quantiles(lag)
	iv.Second.LagP50, iv.Second.LagP99 = late.P50, late.P99
	return nil
}
