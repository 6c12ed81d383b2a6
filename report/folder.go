package report

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The names of the files that hold a run: the summary, the histograms, and what went
// wrong or took longest.
const (
	summaryName = "run.json"
	logName     = "latency.hlog"
	eventsName  = "events.ndjson"
)

// JournalName is the file of what each terminal took, where a run's folder has one.
const JournalName = "journal.csv"

// Folder is where a run is kept: run.json, latency.hlog, events.ndjson and what
// else was asked for. It has its one name from the start, and a run.json that says
// that the run is not whole until it is: of a run that is killed it can be read.
type Folder struct {
	Events *Events

	dir    string
	begun  Report // that run.json holds until the run has ended
	log    *os.File
	writer *LogWriter
	events *os.File
	lost   error // why an interval is not in the log; nil where all are
}

// Create makes the folder of a run that is about to begin. Of the report so far
// only plan and environment are known.
func Create(dir string, begun *Report) (*Folder, error) {
	f := &Folder{dir: filepath.Clean(dir)}
	if err := os.MkdirAll(filepath.Dir(f.dir), 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	if err := os.Mkdir(f.dir, 0o755); errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("run folder %s exists: name another, or move it away", f.dir)
	} else if err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	f.begun = *notWhole(*begun, cutShort)
	if err := f.begin(); err != nil {
		_ = os.RemoveAll(f.dir) // nothing is in it yet, and its name may be taken again
		return nil, fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return f, nil
}

// ErrNoRoom says that a run folder was made, and could not be written to.
var ErrNoRoom = errors.New("the run has not begun")

func (f *Folder) begin() (err error) {
	if err = f.summary(&f.begun); err == nil {
		err = f.keepRoom()
	}
	if err != nil {
		return err
	}
	if f.log, err = os.Create(f.Path(logName)); err == nil {
		f.events, err = os.Create(f.Path(eventsName))
	}
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	f.Events = NewEvents(f.events, mostEvents)
	return nil
}

// cutShort is why a run is not whole whose process was killed.
const cutShort = notToItsEnd + ": this is what its folder held"

// notWhole is of a report what is known whatever the interval log holds, and why that is
// not all.
func notWhole(r Report, why string) *Report {
	return &Report{Run: r.Run, Part: r.Part, Plan: r.Plan, Environment: r.Environment, Started: r.Started,
		Incomplete: why, Validity: Validity{Level: NotJudged, Reasons: []string{why}}}
}

// Reopen opens the folder of a run that did not come to its end, to be written anew: all
// of what it held but plan, environment and names is left behind.
func Reopen(dir string) (*Folder, *Report, error) {
	begun, err := Read(dir)
	if err != nil {
		return nil, nil, err
	}
	if begun.Incomplete == "" {
		return nil, nil, fmt.Errorf("the run of %s has come to its end", dir)
	}
	f := &Folder{dir: filepath.Clean(dir)}
	if f.log, err = os.Create(f.Path(logName)); err == nil {
		f.events, err = os.Create(f.Path(eventsName))
	}
	if err == nil {
		err = f.keepRoom()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("run folder: %w", err)
	}
	f.Events = NewEvents(f.events, mostEvents)
	return f, &Report{Run: begun.Run, Part: begun.Part, Plan: begun.Plan, Environment: begun.Environment, Started: begun.Started}, nil
}

// Changed says that the run that is under way is not played as it was asked for any
// more: so does run.json from now on, whether or not the run comes to its end.
func (f *Folder) Changed(p Plan) error {
	f.begun.Plan = p
	return errors.Join(f.summary(&f.begun), f.keepRoom())
}

// summaryRoom is how much is kept free for run.json, in octets: more than those of most
// runs take.
const summaryRoom = 32 << 10

// keepRoom keeps free on the disk what run.json will take, where summary begins it
// anew: what a run fills the disk with does not keep it from being told. What is written
// there can be no shorter on disks that pack.
func (f *Folder) keepRoom() error {
	room := make([]byte, summaryRoom)
	rand.Read(room)
	if err := os.WriteFile(f.Path(summaryName)+partial, room, 0o644); err != nil {
		return fmt.Errorf("run folder: room for %s: %w", summaryName, err)
	}
	return nil
}

// Path is where a further file of this run is to be written.
func (f *Folder) Path(name string) string { return filepath.Join(f.dir, name) }

// Name is the folder's name.
func (f *Folder) Name() string { return f.dir }

// Interval adds an interval to latency.hlog as soon as it has ended. The error may be that
// an event since the one before could not be written.
func (f *Folder) Interval(iv Interval) error {
	if f.lost != nil {
		return f.lost // what is left of it stays the log's end, where readers leave it out
	}
	if f.writer == nil {
		if err := f.head(time.Now().Add(-iv.To)); err != nil {
			return err
		}
	}
	f.lost = f.writer.Write(iv)
	return errors.Join(f.lost, f.Events.failed())
}

// Phase puts a phase before the first arrival into latency.hlog; they come before all
// intervals. started is when the run begins, from which the log counts.
func (f *Folder) Phase(p *Phase, started time.Time) error {
	if f.writer == nil {
		if err := f.head(started); err != nil {
			return err
		}
	}
	return f.writer.Phase(p)
}

func (f *Folder) head(started time.Time) (err error) {
	f.writer, err = NewLogWriter(f.log, started)
	return err
}

// WriteAll writes the summary, before the slowest exchanges may take its room, and closes
// what was written as the run went on. It refuses a report that does not add up.
func (f *Folder) WriteAll(r *Report) error {
	if err := r.Check(); err != nil {
		return err
	}
	if f.writer == nil {
		if err := f.head(r.Started); err != nil {
			return err
		}
	}
	told := r
	if f.lost != nil { // the log has less than the summary would tell
		told = notWhole(*r, "the run could not be written as a whole, and this is what its folder held: "+f.lost.Error())
		told.Journal, told.Lost = r.Journal, r.Lost
	}
	err := f.summary(told)
	whole, _ := f.events.Seek(0, io.SeekCurrent)
	lost := f.Events.Close()
	if lost != nil {
		r.Lost = append(r.Lost, fmt.Sprintf("%s: %v", eventsName, lost))
		if told.Lost = r.Lost; err == nil {
			err = f.again(told, whole)
		}
	}
	if err = errors.Join(err, lost, f.log.Sync(), f.log.Close(), f.events.Close()); err != nil {
		return fmt.Errorf("run folder %s: %w", f.dir, err)
	}
	return nil
}

// again writes run.json anew, which says that events are lost. Their end makes room for it
// where there is none.
func (f *Folder) again(r *Report, whole int64) error {
	_ = f.events.Truncate(whole)
	err := f.summary(r)
	if info, _ := os.Stat(f.Path(summaryName)); err != nil && info != nil {
		_ = f.events.Truncate(max(0, whole-info.Size()-summaryRoom/8))
		err = f.summary(r)
	}
	return err
}

// Missing are the files that the folder of a run is to have and has not, or not whole: a
// journal of other rows than run.json says, events whose last line is cut.
func Missing(dir string, r *Report) (lost []string) {
	if _, begun := summaryOf(dir); begun {
		return nil // they come when the agent has ended
	}
	look := func(name string, cut func(rows int64, last []byte) string) {
		rows, last, err := rowsOf(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			lost = append(lost, name+": it is not in "+dir)
		case err != nil:
			lost = append(lost, fmt.Sprintf("%s: %v", name, err))
		default:
			if why := cut(rows, last); why != "" {
				lost = append(lost, name+" "+why)
			}
		}
	}
	look(eventsName, func(rows int64, last []byte) string {
		if rows > 0 && !json.Valid(last) {
			return "is cut in its last line"
		}
		return ""
	})
	if r.Journal != nil {
		look(JournalName, func(rows int64, last []byte) string {
			rows = max(0, rows-1) // without the heading
			switch {
			case rows != r.Journal.Rows:
				return fmt.Sprintf("has %s, run.json says %s", Plural(rows, "row"), FormatCount(r.Journal.Rows))
			case !bytes.HasSuffix(last, []byte{'\n'}):
				return "is cut in its last row"
			}
			return ""
		})
	}
	return lost
}

// rowsOf counts the lines of a file, and gives the last one, whether it ends or not.
func rowsOf(name string) (rows int64, last []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	for in := bufio.NewReaderSize(f, 1<<20); ; {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			rows, last = rows+1, line
		}
		if errors.Is(err, io.EOF) {
			return rows, last, nil
		}
		if err != nil {
			return rows, last, err
		}
	}
}

// summary writes run.json; there is always a whole one.
func (f *Folder) summary(r *Report) error {
	o, err := createOutput(f.Path(summaryName), func(to string) (*os.File, error) { return os.Create(to + partial) }) // where room is
	if err == nil {
		err = o.Whole(r.WriteJSON)
	}
	if err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	return nil
}

// IsRun reports whether a folder is one of a run.
func IsRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, summaryName))
	return err == nil
}

// Read restores a run from its folder: the summary from run.json, the
// histograms from latency.hlog. Of a run that was killed it gives what the log
// holds and says in Incomplete that this is not all.
func Read(dir string) (*Report, error) {
	var log *Log
	var bad error
	var reading sync.WaitGroup
	name, sent := summaryOf(dir)
	reading.Go(func() {
		if log, bad = readLogFile(filepath.Join(dir, logName)); sent && errors.Is(bad, fs.ErrNotExist) {
			log, bad = &Log{}, nil // of its agent no second has come
		}
	})
	s, err := readSummary(name)
	reading.Wait()
	if err != nil {
		return nil, err
	}
	r, err := s.report()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if bad != nil {
		return nil, bad
	}
	if r.Incomplete != "" && r.Planned == 0 && len(r.Labels) == 0 {
		if sum := r.withAgents(dir, log); sum != nil {
			r = sum
		} else {
			r.restore(log)
		}
		r.complete()
		return r, nil
	}
	defer r.complete()
	r.SignIn.restore(log)
	r.Opening.restore(log)
	for i := range r.Labels {
		l := &r.Labels[i]
		at := slices.IndexFunc(log.Labels, func(x Label) bool { return x.Name == l.Name })
		if at < 0 {
			continue // nothing was sent outside the warm-up; Check knows
		}
		from := log.Labels[at]
		l.Response, l.Service, l.Lag, l.Censored = from.Response, from.Service, from.Lag, from.Censored
	}
	switch err := r.Check(); {
	case err != nil && (log.Torn || r.lacksSamples()):
		return nil, fmt.Errorf("%s: %w: %s holds less than %s tells of (%w); copy the folder again", dir, ErrNotWhole, logName, summaryName, err)
	case err != nil:
		return nil, fmt.Errorf("%s: summary and interval log do not belong together: %w", dir, err)
	}
	return r, nil
}

// ErrNotWhole is of a folder whose files were whole once and are cut, by a copy say.
var ErrNotWhole = errors.New("not the whole run")

// lacksSamples reports whether the histograms hold fewer exchanges than were counted, and of
// no kind more: it is this run's log, and not all of it.
func (r *Report) lacksSamples() bool {
	fewer := false
	for i := range r.Labels {
		l := &r.Labels[i]
		counted, held := l.Counts.Sent(), int64(0)
		if l.Response != nil {
			held = l.Response.TotalCount()
		}
		if held > counted {
			return false
		}
		fewer = fewer || held < counted
	}
	return fewer
}

func readLogFile(name string) (*Log, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read run: %w", err)
	}
	defer f.Close()
	log, err := ReadLog(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return log, nil
}

// complete gives labels of which nothing was sent their empty histograms.
func (r *Report) complete() {
	for i := range r.Labels {
		for _, h := range []**hdr.Histogram{&r.Labels[i].Response, &r.Labels[i].Service, &r.Labels[i].Lag} {
			if *h == nil {
				*h = newHistogram(highest(r.Plan.Timeout))
			}
		}
	}
}

// take fills a report's exchanges and seconds from its log.
func (r *Report) take(log *Log) {
	r.Took, r.Labels, r.Seconds = log.Upto, log.Labels, log.Seconds
	for _, w := range log.Warmup {
		l := r.Label(w.Name)
		if l == nil {
			r.Labels = append(r.Labels, Label{Name: w.Name, Codes: map[string]int64{}})
			l = &r.Labels[len(r.Labels)-1]
		}
		l.Warmup = w.Counts
	}
	for _, s := range r.Seconds {
		r.Took = max(r.Took, s.At+s.Length)
	}
}

// restore fills a report that was never finished from its log. What a run judges when
// it ends has not been judged.
func (r *Report) restore(log *Log) {
	r.take(log)
	for _, s := range r.Seconds {
		r.Planned += s.Planned
		r.Played += s.Played
		if s.Stuck > 0 {
			addCount(&r.Stuck, "for reasons that an interval log does not tell", s.Stuck)
		}
	}
	if begun := r.Begun() - r.Planned; begun > 0 { // that fell due in seconds which had been written: they stand in the last
		r.Planned += begun
		r.Seconds[len(r.Seconds)-1].Planned += begun
	}
	if len(log.Phases) > 0 {
		r.SignIn = log.Phases[0]
	}
	if len(log.Phases) > 1 {
		r.Opening = log.Phases[1]
	}
	r.SignIn.restore(log)
	r.Opening.restore(log)
	if r.Started.IsZero() {
		r.Started = log.Started
	}
	if log.Torn {
		r.Incomplete += "; the last second of its log was cut off, and is left out"
	}
	r.Validity = unended(r.Seconds, r.Validity.SameHost)
	r.Limits, r.Money = nil, Money{}
}

// unended judges the generator over the seconds that are known of a run that did not come
// to its end: what was found stands, and that nothing was says nothing of the rest.
func unended(seconds []Second, sameHost bool) Validity {
	v := ValidityOf(seconds, sameHost)
	switch v.Level {
	case Invalid:
		v.Reasons = append(v.Reasons, notToItsEnd)
	case Suspect:
		v.Level, v.Reasons = NotJudged, append([]string{notToItsEnd}, v.Reasons...)
	default:
		v.Level, v.Reasons = NotJudged, []string{notToItsEnd}
	}
	return v
}

// restore takes the phase's histograms from the log.
func (s *Phase) restore(log *Log) {
	for _, l := range log.Before {
		if l.Name == s.Label.Name {
			s.Label.Response, s.Label.Service, s.Label.Lag, s.Label.Censored = l.Response, l.Service, l.Lag, l.Censored
		}
	}
}
