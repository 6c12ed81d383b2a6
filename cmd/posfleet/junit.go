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

// junitFile is a file of JUnit results that CI systems read. It is written
// beside its name and renamed, so that nobody finds half of it.
type junitFile struct {
	name   string
	beside *os.File
}

// createJUnit sees before anything is played that the file can be written.
func createJUnit(name string) (*junitFile, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(name + ".partial")
	return &junitFile{name, f}, err
}

// discard takes away what was not finished.
func (j *junitFile) discard() {
	if j.beside != nil {
		j.beside.Close()
		os.Remove(j.beside.Name())
	}
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

// write tells the verdicts: a suite for each feature, a case for each scenario
// of it; those without a verdict were not played.
func (j *junitFile) write(fs []*scenarios.Feature, verdicts []*scenarios.Verdict, took time.Duration) error {
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
	out := j.beside
	_, err := io.WriteString(out, xml.Header)
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err = errors.Join(err, e.Encode(all), e.Close(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), j.name)
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
