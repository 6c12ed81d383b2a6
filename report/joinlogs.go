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
// what fell into the same second of the run is added up, histograms bucket for bucket. The
// report is the parts' sum; its seconds get the quantiles of all parts' exchanges, which
// those of parts alone do not tell.
func (f *Folder) JoinLogs(r *Report, folders []string) error {
	if f.writer == nil {
		if err := f.head(r.Started); err != nil {
			return err
		}
	}
	parts := make([]*logIntervals, len(folders))
	for i, dir := range folders {
		file, err := os.Open(filepath.Join(dir, logName))
		if err != nil {
			return fmt.Errorf("join interval logs: %w", err)
		}
		defer file.Close()
		parts[i] = &logIntervals{in: bufio.NewReaderSize(file, longestLine)}
		if err := parts[i].advance(); err != nil {
			return fmt.Errorf("%s: %w", file.Name(), err)
		}
	}
	for i := range r.Seconds {
		second := &r.Seconds[i]
		sum := newLogReader()
		for k, p := range parts {
			if !p.next || p.second() != second.At.Round(time.Second) {
				continue
			}
			if err := p.take(sum); err != nil {
				return fmt.Errorf("%s: %w", folders[k], err)
			}
		}
		log, err := sum.finish()
		if err != nil {
			return fmt.Errorf("join interval logs: %w", err)
		}
		iv := Interval{From: second.At, To: second.At + second.Length, Second: second, Labels: log.Labels, Warmup: log.Warmup}
		if err := iv.quantiles(); err != nil {
			return fmt.Errorf("join interval logs: %w", err)
		}
		if err := f.Interval(iv); err != nil {
			return err
		}
	}
	for k, p := range parts {
		if p.next {
			return fmt.Errorf("%s: its log has a second at %v that the run has not", folders[k], p.told.At)
		}
	}
	return nil
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

// logIntervals reads a log one interval after the other.
type logIntervals struct {
	in    *bufio.Reader
	line  int
	lines [][]byte // of the next interval
	next  bool     // there is one
	told  Second   // what it says of its second
	taken int64    // octets up to the end of it
}

// second is which second of the run the next interval is.
func (l *logIntervals) second() time.Duration { return l.told.At.Round(time.Second) }

// advance reads the next interval. One that is cut off, as a kill leaves it, is none.
func (l *logIntervals) advance() error {
	l.next, l.lines = false, l.lines[:0]
	taken := l.taken
	for {
		line, err := l.in.ReadSlice('\n')
		l.line++
		taken += int64(len(line))
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("interval log, line %d: %w", l.line, err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte(secondMark)) {
			var r logReader
			if err := r.line(line); err != nil {
				return fmt.Errorf("interval log, line %d: %w", l.line, err)
			}
			l.next, l.told, l.taken = true, r.log.Seconds[0], taken
			return nil
		}
		l.lines = append(l.lines, bytes.Clone(line))
	}
}

// take adds the next interval to a sum, and reads the one after it.
func (l *logIntervals) take(sum *logReader) error {
	for _, line := range l.lines {
		sum.now++
		if err := sum.line(line); err != nil {
			return fmt.Errorf("interval log, before line %d: %w", l.line, err)
		}
	}
	return l.advance()
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
