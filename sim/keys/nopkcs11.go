//go:build !(pkcs11 && cgo)

package keys

import "errors"

// Open opens the token, with the user's PIN.
func (t Token) Open([]byte) (HSM, error) {
	return nil, &HSMError{t.String(), "open", errors.New("this posfleet is built without PKCS#11; build it with: CGO_ENABLED=1 go build -tags pkcs11 ./cmd/posfleet")}
}
