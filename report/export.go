package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// WriteCSV writes the seconds of the run as a table, for a spreadsheet or a
// plotter: a line for each second, units in the names of the columns.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"second", "length_s", "warmup", "planned", "begun", "held"}
	for o := range Outcomes {
		head = append(head, o.Key())
	}
	for _, of := range []string{"response", "service"} {
		for _, q := range []string{"p50", "p90", "p99", "p99.9", "max"} {
			head = append(head, of+"_"+q+"_us")
		}
	}
	head = append(head, "lag_p50_us", "lag_p99_us", "cpu", "busiest_core", "steal", "sched_p99_us", "gc_pause_us", "watchdog_late_us", "level", "run")
	whole := "whole"
	switch {
	case r.Incomplete != "" && r.Validity.Level == Invalid:
		whole = "incomplete, invalid"
	case r.Incomplete != "":
		whole = "incomplete, not judged"
	case r.Interrupted:
		whole = "interrupted"
	}
	out.Write(head)
	us := func(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
	share := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, s := range r.Seconds {
		row := []string{strconv.FormatFloat(s.At.Seconds(), 'f', -1, 64), strconv.FormatFloat(s.Length.Seconds(), 'f', 3, 64), strconv.FormatBool(s.Warmup),
			strconv.FormatInt(s.Planned, 10), strconv.FormatInt(s.begun(), 10), strconv.FormatInt(s.Held, 10)}
		for _, n := range s.Counts {
			row = append(row, strconv.FormatInt(n, 10))
		}
		for _, q := range []Quantiles{s.Response, s.Service} {
			row = append(row, us(q.P50), us(q.P90), us(q.P99), us(q.P999), us(q.Max))
		}
		g := s.Signals
		row = append(row, us(s.LagP50), us(s.LagP99), share(g.CPU), share(g.Busiest), share(g.Steal), us(g.Sched), us(g.GCPause), us(g.Watchdog), s.Level.String(), whole)
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// SavePercentiles writes HdrHistogram's percentile files into a folder, which any
// plotter of it reads: LABEL.response.hgrm and LABEL.service.hgrm, and "all" for all
// labels together. Values are in milliseconds. A folder that holds such files of another
// run is fs.ErrExist: theirs would be taken for this one's.
func (r *Report) SavePercentiles(dir string) error {
	all, err := r.Overall()
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, l := range append([]Label{all}, r.Labels...) {
		for _, of := range []struct {
			name string
			h    *hdr.Histogram
		}{{"response", l.Response}, {"service", l.Service}} {
			if of.h == nil || of.h.TotalCount() == 0 {
				continue
			}
			var text bytes.Buffer
			if _, err := of.h.PercentilesPrint(&text, 5, 1000); err != nil {
				return err
			}
			files[filepath.Join(dir, escape(l.Name)+"."+of.name+".hgrm")] = text.Bytes()
		}
	}
	there, err := os.ReadDir(filepath.Clean(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range there {
		name := filepath.Join(dir, f.Name())
		if filepath.Ext(name) != ".hgrm" {
			continue
		}
		if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, files[name]) {
			return fmt.Errorf("%s is of another run: %w", name, fs.ErrExist)
		}
	}
	if err := os.MkdirAll(filepath.Clean(dir), 0o755); err != nil {
		return err
	}
	for name, text := range files {
		err := WriteFile(name, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
