package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Growing adds up the interval logs of the parts of one run while they are being
// written. What has been read of a log is not read again.
type Growing struct {
	in    *bufio.Reader
	parts map[string]*growingPart       // by folder
	open  map[time.Duration]*openSecond // by when they begin
	until time.Duration                 // the seconds before are closed
}

// growingPart is one log as far as it has been read.
type growingPart struct {
	*logReader
	taken int64 // octets
}

// openSecond is a second of the run of which more parts may tell.
type openSecond struct {
	sum    *logReader // what fell into it; nil when it is no longer kept
	warmup bool
	told   Second // its quantiles, as far as it has been told
}

// openSeconds is how many seconds are kept open: so late may parts tell of one until its
// quantiles are but a bound.
const openSeconds = 10

// NewGrowing has read nothing yet.
func NewGrowing() *Growing {
	return &Growing{in: bufio.NewReaderSize(nil, longestLine), parts: map[string]*growingPart{}, open: map[time.Duration]*openSecond{}}
}

// Fill gives a part's report what the log in its folder has by now: exchanges and
// seconds. A folder without a log has none.
func (g *Growing) Fill(r *Report, dir string) error {
	p := g.parts[dir]
	if p == nil {
		p = &growingPart{logReader: newLogReader()}
		g.parts[dir] = p
	}
	if err := g.readOn(p, filepath.Join(dir, logName)); err != nil {
		return err
	}
	log, err := p.soFar()
	if err != nil {
		return err
	}
	r.take(log)
	r.complete()
	return nil
}

// readOn takes the intervals that a log has gained.
func (g *Growing) readOn(p *growingPart, name string) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read run: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(p.taken, 0); err != nil {
		return fmt.Errorf("read run: %w", err)
	}
	g.in.Reset(f)
	log := &logIntervals{in: g.in, taken: p.taken}
	for {
		if err := log.advance(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !log.next {
			return nil
		}
		s := g.second(log.second())
		s.warmup = s.warmup || log.told.Warmup
		for _, line := range log.lines {
			p.now++
			err := p.line(line)
			if err == nil && s.sum != nil {
				err = s.sum.line(line)
			}
			if err != nil {
				return fmt.Errorf("%s: interval log: %w", name, err)
			}
		}
		if s.sum == nil {
			s.told = s.told.Plus(log.told)
		}
		p.log.Seconds, p.taken = append(p.log.Seconds, log.told), log.taken
	}
}

// second is one that is told of; the oldest that are open are closed for it.
func (g *Growing) second(at time.Duration) *openSecond {
	s := g.open[at]
	if s == nil {
		s = &openSecond{sum: newLogReader()}
		g.open[at] = s
		for ; g.until < at-openSeconds*time.Second; g.until += time.Second {
			if old := g.open[g.until]; old != nil && old.sum != nil {
				_ = old.tell() // what cannot be added up the part's own reader has told
				old.sum = nil
			}
		}
	}
	return s
}

// tell works the second's quantiles out.
func (s *openSecond) tell() error {
	log, err := s.sum.soFar()
	if err != nil {
		return err
	}
	s.told.Warmup = s.warmup
	iv := Interval{Second: &s.told, Labels: log.Labels, Warmup: log.Warmup}
	return iv.quantiles()
}

// Quantiles gives the seconds of the parts' sum the quantiles of all parts' exchanges,
// which those of parts alone do not tell.
func (g *Growing) Quantiles(seconds []Second) error {
	for i := range seconds {
		second := &seconds[i]
		s := g.open[second.At.Round(time.Second)]
		if s == nil {
			continue
		}
		if s.sum != nil {
			if err := s.tell(); err != nil {
				return err
			}
		}
		second.Response, second.Service, second.LagP50, second.LagP99 = s.told.Response, s.told.Service, s.told.LagP50, s.told.LagP99
	}
	return nil
}

// soFar is the log as far as it has been read; more may be read after.
func (r *logReader) soFar() (*Log, error) {
	c := newLogReader()
	c.log = r.log
	c.log.Seconds, c.log.Phases = slices.Clone(r.log.Seconds), slices.Clone(r.log.Phases)
	for tag, s := range r.sums {
		c.sums[tag] = &sum{s.geometry, slices.Clone(s.counts)}
	}
	for tag, b := range r.beside {
		l := *b
		l.Codes = maps.Clone(b.Codes)
		c.beside[tag] = &l
	}
	return c.finish()
}

// Line is the report as one line of JSON, without its exchanges and seconds: what an
// interval log does not tell.
func (r *Report) Line() ([]byte, error) {
	short := *r
	short.Labels, short.Seconds = nil, nil
	var whole, line bytes.Buffer
	err := short.WriteJSON(&whole)
	if err == nil {
		err = json.Compact(&line, whole.Bytes())
	}
	return line.Bytes(), err
}

// ReadLine reads what Line gives.
func ReadLine(line []byte) (*Report, error) {
	var s summaryJSON
	if err := s.read(bytes.NewReader(line)); err != nil {
		return nil, err
	}
	return s.report()
}
