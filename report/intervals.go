package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Slice is what one interval of a log, about a second, has of one label's response
// times, exchanges due during the warm-up left out.
type Slice struct {
	Label  string
	From   time.Duration // since the start of the run
	Values []Bucket      // in rising order, none of them empty
	Counts Counts        // what became of these exchanges
}

// Bucket is so many response times of about the same length.
type Bucket struct {
	Value time.Duration // the bucket's upper end, as quantiles tell it
	N     int64
}

// ReadSlices reads the response times of a run's folder second by second, as its
// interval log has them.
func ReadSlices(dir string) ([]Slice, error) {
	f, err := os.Open(filepath.Join(dir, logName))
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	defer f.Close()
	all, err := readSlices(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return all, nil
}

// readSlices reads what [ReadLog] adds up; a last line that was cut off is left out.
func readSlices(r io.Reader) ([]Slice, error) {
	reader := newLogReader()
	in := bufio.NewReaderSize(r, longestLine)
	var all []Slice
	open := false // the last one has not been told its counts
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		var s *Slice
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case errors.Is(err, bufio.ErrBufferFull):
			err = fmt.Errorf("longer than %d octets", longestLine)
		case err == nil:
			s, err = reader.slice(bytes.TrimRight(line, "\r\n"))
		}
		if err != nil {
			return nil, fmt.Errorf("interval log, line %d: %w", n, err)
		}
		switch {
		case s != nil:
			all, open = append(all, *s), true
		case open && bytes.HasPrefix(line, []byte(countsMark)): // stands after the histograms of its label
			if err := all[len(all)-1].counted(line); err != nil {
				return nil, fmt.Errorf("interval log, line %d: %w", n, err)
			}
			open = false
		}
	}
}

// counted reads what became of a slice's exchanges from the line that tells it.
func (s *Slice) counted(line []byte) error {
	var c countsLine
	text := bytes.TrimPrefix(bytes.TrimRight(line, "\r\n"), []byte(countsMark))
	if err := json.Unmarshal(bytes.TrimSuffix(text, []byte("]")), &c); err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	n, err := counts(c.Counts)
	if c.Tag == escape(s.Label) {
		s.Counts = n
	}
	return err
}

// slice reads one line, if it has response times that are measured.
func (r *logReader) slice(line []byte) (*Slice, error) {
	rest, tagged := bytes.CutPrefix(line, []byte("Tag="))
	fields := bytes.SplitN(rest, []byte(","), 5)
	if !tagged || len(fields) != 5 {
		return nil, nil
	}
	escaped, is := bytes.CutSuffix(fields[0], []byte(".response"))
	if !is || bytes.HasPrefix(escaped, []byte(warmTag)) || bytes.HasPrefix(escaped, []byte(beforeTag)) {
		return nil, nil
	}
	name, err := url.PathUnescape(string(escaped))
	if err != nil {
		return nil, err
	}
	from, err := seconds(fields[1])
	if err != nil {
		return nil, err
	}
	clear(r.sums)
	if err := r.add(fields[0], fields[4]); err != nil {
		return nil, err
	}
	s := &Slice{Label: name, From: from}
	for _, b := range r.histogram(string(fields[0])).Distribution() {
		if b.Count > 0 {
			s.Values = append(s.Values, Bucket{time.Duration(b.To) * time.Microsecond, b.Count})
		}
	}
	return s, nil
}
