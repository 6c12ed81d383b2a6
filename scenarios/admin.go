package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/profile"
)

// Admin is the host's admin API (docs/admin.md), where what people do at the host
// is done: a supervisor of the bank, a customer on the phone. It is made when a
// network is bound, to be filled in before anything is played.
type Admin struct {
	URL   string // without a path
	Token profile.Secret
}

// adminTimeout is how long an answer is waited for.
const adminTimeout = 10 * time.Second

// mostAnswer is the longest answer that is read, in octets.
const mostAnswer = 4 << 20

// AdminError is what the API says of a request that it does not do.
type AdminError struct {
	Status int // of HTTP
	Why    string
}

func (e *AdminError) Error() string { return e.Why }

// Do asks the API: in, unless nil, is the body, and what comes goes into out, unless
// that is nil; text goes into a *string as it is. A refusal is an [AdminError]; that the API cannot be reached leaves
// a step untested.
func (a *Admin) Do(method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.URL+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+string(a.Token))
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	got, err := adminHTTP.Do(r)
	if err != nil {
		return fmt.Errorf("%w: the host's admin API: %w", sim.ErrUntested, err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, mostAnswer))
	if err != nil {
		return fmt.Errorf("%w: the host's admin API: %w", sim.ErrUntested, err)
	}
	if got.StatusCode >= 300 {
		var why struct{ Error string }
		if json.Unmarshal(text, &why) != nil || why.Error == "" {
			why.Error = got.Status
		}
		switch got.StatusCode {
		case http.StatusUnauthorized, http.StatusMisdirectedRequest, http.StatusNotImplemented:
			return fmt.Errorf("%w: the host's admin API: %s", sim.ErrUntested, why.Error)
		}
		return &AdminError{got.StatusCode, why.Error}
	}
	if out == nil || got.StatusCode == http.StatusNoContent {
		return nil
	}
	if plain, is := out.(*string); is {
		*plain = string(text)
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%w: the host's admin API answers %s %s with what is not the JSON of docs/admin.md: %w", sim.ErrUntested, method, path, err)
	}
	return nil
}

// text gives what is no JSON.
func (a *Admin) text(path string) (text string, err error) {
	return text, a.Do("GET", path, nil, &text)
}

// adminHTTP follows no redirects: the token is for one place. Under load many ask at
// once, and a connection for each question would cost more than the question.
var adminHTTP = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it sends elsewhere") },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 128, MaxConnsPerHost: 128, IdleConnTimeout: time.Minute},
}
