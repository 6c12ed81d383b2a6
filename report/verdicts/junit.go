package verdicts

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/posfleet/posfleet/report"
)

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		File     string      `xml:"file,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Skipped *junitSkipped `xml:"skipped"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

// WriteJUnit writes the results as CI systems read them: a suite for each
// feature, a case for each scenario of it, no two of one name. What is untested
// or skipped is skipped there, and a failure under Strict; so is what is known to
// fail, and a failure when it passes.
func (r *Results) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "posfleet", Time: inSeconds(r.Took)}
	names, surprising := r.names(), r.surprises()
	for _, f := range r.Features {
		suite := r.junit(&f, names, surprising)
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Skipped += suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = w.Write(append([]byte(xml.Header), text...))
	}
	return err
}

func (r *Results) junit(f *Feature, names map[*Verdict]string, surprising map[*Verdict]bool) junitSuite {
	suite := junitSuite{Name: f.Name, File: f.Path, Tests: len(f.Verdicts)}
	var took time.Duration
	for _, v := range f.Verdicts {
		c := junitCase{Name: names[v], Class: v.File, File: v.File, Line: v.Line, Time: inSeconds(v.Took)}
		reason := v.Why()
		switch {
		case surprising[v]:
			c.Failure = &junitFailure{Message: "it passed and is known to fail: " + report.Printable(v.Expected)}
			suite.Failures++
		case v.Outcome == Failed && v.Expected != "" && len(r.besides(v)) > 0:
			c.Failure = &junitFailure{"known to fail, and breaks besides: " + strings.Join(r.besides(v), ", "), fmt.Sprintf("%s: %s\n%s", v.At, v.Step, v.Exchange)}
			suite.Failures++
		case v.Outcome != Passed && v.Expected != "":
			c.Skipped = &junitSkipped{"known to fail: " + report.Printable(v.Expected) + ": " + reason}
			suite.Skipped++
		case v.Outcome == Failed || r.lacking(v):
			if v.Outcome != Failed {
				reason = v.Outcome.String() + ": " + reason
			}
			c.Failure = &junitFailure{reason, fmt.Sprintf("%s: %s\n%s", v.At, v.Step, v.Exchange)}
			suite.Failures++
		case v.Outcome == NotPlayed:
			c.Skipped = &junitSkipped{"not played: the check ended before its turn"}
			suite.Skipped++
		case v.Outcome > Failed:
			c.Skipped = &junitSkipped{v.Outcome.String() + ": " + reason}
			suite.Skipped++
		}
		took += v.Took
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = inSeconds(took)
	return suite
}

// names are what results files call the scenarios: id and name, the row of an
// outline, and where that is still not one scenario alone, its file and line.
func (r *Results) names() map[*Verdict]string {
	of, taken := map[*Verdict]string{}, map[string]int{}
	for v := range r.All() {
		name := report.Printable(v.Name)
		if v.ID != "" {
			name = "@" + v.ID + " " + name
		}
		if v.Example > 0 {
			name += fmt.Sprintf(" (example %d)", v.Example)
		}
		of[v] = name
		taken[name]++
	}
	for v := range r.All() {
		if taken[of[v]] > 1 {
			of[v] += fmt.Sprintf(" (%s:%d)", v.File, v.Line)
		}
	}
	return of
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
