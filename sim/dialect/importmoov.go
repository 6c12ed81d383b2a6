package dialect

import "errors"

// draftSpec drafts what a spec in moov's JSON says.
func draftSpec(name string, data []byte) (*draft, error) {
	return nil, errors.New("not yet")
}
