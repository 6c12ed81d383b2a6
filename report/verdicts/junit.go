package verdicts

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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
		Skipped *struct{}     `xml:"skipped"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the results as CI systems read them: a suite for each
// feature, a case for each scenario of it.
func (r *Results) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "posfleet", Time: inSeconds(r.Took)}
	for _, f := range r.Features {
		suite := f.junit()
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Skipped += suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	_, err := io.WriteString(w, xml.Header)
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	return errors.Join(err, e.Encode(all), e.Close())
}

func (f *Feature) junit() junitSuite {
	suite := junitSuite{Name: f.Name, File: f.Path, Tests: len(f.Verdicts)}
	var took time.Duration
	for _, v := range f.Verdicts {
		c := junitCase{Name: v.Name, Class: v.File, File: v.File, Line: v.Line, Time: inSeconds(v.Took)}
		if v.ID != "" {
			c.Name = "@" + v.ID + " " + v.Name
		}
		switch v.Outcome {
		case NotPlayed:
			c.Skipped = &struct{}{}
			suite.Skipped++
		case Failed:
			c.Failure = &junitFailure{report.Printable(v.Reason.Error()), fmt.Sprintf("%s: %s\n%s", v.At, v.Step, v.Exchange)}
			suite.Failures++
		}
		took += v.Took
		suite.Cases = append(suite.Cases, c)
	}
	suite.Time = inSeconds(took)
	return suite
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
