package scenarios

import (
	"errors"
	"regexp"

	"github.com/posfleet/posfleet/report/verdicts"
	"github.com/posfleet/posfleet/sim/dialect"
)

// spoken is a password in a sentence of a feature.
var spoken = regexp.MustCompile(`(?i)(passwords?|密码|口令)([\s"'“:：=]*)\d{4,}`)

// scrubbed is text of a feature, of a host or about them as it may be shown and
// written into files: without card numbers, tracks, PINs, keys and passwords.
func scrubbed(d *dialect.Dialect, text string) string {
	return d.Scrubbed(spoken.ReplaceAllString(text, "${1}${2}****"))
}

// ScrubbedName is a name out of a feature, of it or of a scenario, as it may be shown.
func ScrubbedName(d *dialect.Dialect, name string) string { return scrubbed(d, name) }

// ScrubbedError is an error about a feature, which may quote it, as it may be shown. What it
// is made of stays to be asked for ([errors.As]); nil stays nil.
func ScrubbedError(d *dialect.Dialect, err error) error {
	if err == nil {
		return nil
	}
	text := scrubbed(d, err.Error())
	if text == err.Error() {
		return err
	}
	return &scrubbedError{text, err}
}

type scrubbedError struct {
	text string
	of   error
}

func (e *scrubbedError) Error() string { return e.text }
func (e *scrubbedError) Unwrap() error { return e.of }

// scrubError makes an error one that may be shown.
func (l *Language) scrubError(err *error) { *err = ScrubbedError(l.Profile.Dialect, *err) }

// scrub scrubs what a verdict says in words, the feature's own included. The
// exchange has been masked field by field as it was described.
func scrub(d *dialect.Dialect, v *verdicts.Verdict) {
	for _, text := range []*string{&v.Name, &v.Step, &v.Phrase, &v.Cause, &v.Expected} {
		*text = scrubbed(d, *text)
	}
	if v.Reason != nil {
		if text := v.Reason.Error(); scrubbed(d, text) != text {
			v.Reason = errors.New(scrubbed(d, text))
		}
	}
}

// scrubAll scrubs every text in a tree of JSON.
func scrubAll(d *dialect.Dialect, tree any) any {
	switch t := tree.(type) {
	case string:
		return scrubbed(d, t)
	case []any:
		for i := range t {
			t[i] = scrubAll(d, t[i])
		}
	case map[string]any:
		for name := range t {
			t[name] = scrubAll(d, t[name])
		}
	}
	return tree
}
