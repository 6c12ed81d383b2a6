package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/scenarios"
)

// createJUnit sees before anything is played that the file of JUnit results can
// be written.
func createJUnit(name string) (*report.AtomicFile, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return report.CreateAtomic(name)
}

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

		took time.Duration
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

// writeJUnit tells the verdicts: a suite for each feature, a case for each
// scenario of it; those without a verdict were not played.
func writeJUnit(w io.Writer, fs []*scenarios.Feature, verdicts []*scenarios.Verdict, took time.Duration) error {
	of := map[*scenarios.Scenario]*scenarios.Verdict{}
	for _, v := range verdicts {
		of[v.Scenario] = v
	}
	all := junitSuites{Name: "posfleet", Time: inSeconds(took)}
	for _, f := range fs {
		suite := junitSuite{Name: f.Name, File: f.Path}
		for _, s := range f.Scenarios {
			c := junitCase{Name: s.Name, Class: f.Path, File: f.Path, Line: s.Line, Time: inSeconds(0)}
			if s.ID != "" {
				c.Name = "@" + s.ID + " " + s.Name
			}
			suite.Tests++
			switch v := of[s]; {
			case v == nil:
				c.Skipped = &struct{}{}
				suite.Skipped++
			case v.Err != nil:
				c.Failure = &junitFailure{report.Printable(v.Err.Error()), fmt.Sprintf("%s: %s\n%s", v.At, v.Step, v.Exchange)}
				suite.Failures++
				fallthrough
			default:
				c.Time = inSeconds(v.Took)
				suite.took += v.Took
			}
			suite.Cases = append(suite.Cases, c)
		}
		suite.Time = inSeconds(suite.took)
		all.Tests, all.Failures, all.Skipped = all.Tests+suite.Tests, all.Failures+suite.Failures, all.Skipped+suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	_, err := io.WriteString(w, xml.Header)
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	return errors.Join(err, e.Encode(all), e.Close())
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
