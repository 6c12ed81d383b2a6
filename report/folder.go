package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Folder is where a run is kept: run.json, latency.hlog, events.ndjson and what
// else was asked for. It is written beside, as NAME.partial, and renamed when it
// is whole; of a run that is killed the partial folder can be read.
type Folder struct {
	Events *Events

	dir    string
	log    *os.File
	writer *LogWriter
	events *os.File
}

// Create makes the folder of a run that is about to begin. Of the report so far
// only plan and environment are known.
func Create(dir string, begun *Report) (*Folder, error) {
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("run folder %s exists: name another, or move it away", dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	f := &Folder{dir: dir}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	if err := os.Mkdir(dir+partial, 0o755); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("run folder %s%s exists: a run to it was killed or is under way; read it with posfleet report, then move it away", dir, partial)
	} else if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	start := *begun
	start.Incomplete = "the run did not come to its end: this is what its folder held"
	if err := f.summary(&start); err != nil {
		return nil, err
	}
	var err error
	if f.log, err = os.Create(f.Path(logName)); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	if f.events, err = os.Create(f.Path("events.ndjson")); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	f.Events = NewEvents(f.events, mostEvents)
	return f, nil
}

// Path is where a further file of this run is to be written, before WriteAll.
func (f *Folder) Path(name string) string { return filepath.Join(f.dir+partial, name) }

// Name is the folder's final name.
func (f *Folder) Name() string { return f.dir }

// Interval adds an interval to latency.hlog as soon as it has ended.
func (f *Folder) Interval(iv Interval) error {
	if f.writer == nil {
		if err := f.head(time.Now().Add(-iv.To)); err != nil {
			return err
		}
	}
	return f.writer.Write(iv)
}

func (f *Folder) head(started time.Time) (err error) {
	f.writer, err = NewLogWriter(f.log, started)
	return err
}

// WriteAll writes the summary and gives the folder its final name. It refuses a
// report that does not add up.
func (f *Folder) WriteAll(r *Report) error {
	if err := r.Check(); err != nil {
		return err
	}
	if f.writer == nil {
		if err := f.head(r.Started); err != nil {
			return err
		}
	}
	err := errors.Join(f.Events.Close(), f.summary(r), f.log.Sync(), f.log.Close(), f.events.Close())
	if err != nil {
		return fmt.Errorf("run folder %s%s: %w", f.dir, partial, err)
	}
	if err := os.Rename(f.dir+partial, f.dir); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	return nil
}

// summary writes run.json; there is always a whole one.
func (f *Folder) summary(r *Report) error {
	if err := WriteFile(f.Path(summaryName), r.WriteJSON); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	return nil
}
