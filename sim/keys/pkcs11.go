//go:build pkcs11 && cgo

package keys

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/pkcs11"
)

// token is a Token that is open, until the process ends.
type token struct {
	Token
	lib        *pkcs11.Ctx
	mechanisms []uint // that it has
	lmk        pkcs11.ObjectHandle
	idle       chan pkcs11.SessionHandle
}

// mostSessions is how many calls a token is asked at once.
const mostSessions = 8

// A process initialises a library once, and logs in to a token once.
var opening struct {
	sync.Mutex
	libraries map[string]*pkcs11.Ctx
	tokens    map[Token]*token
}

// Open opens the token, with the user's PIN. It stays open until the process ends; to
// open it again gives the same.
func (t Token) Open(pin []byte) (HSM, error) {
	opening.Lock()
	defer opening.Unlock()
	if open := opening.tokens[t]; open != nil {
		return open, nil
	}
	open := &token{Token: t, idle: make(chan pkcs11.SessionHandle, mostSessions)}
	if err := open.open(pin); err != nil {
		for ; len(open.idle) > 0; open.lib.CloseSession(<-open.idle) {
		}
		return nil, &HSMError{t.String(), "open", err}
	}
	if opening.tokens == nil {
		opening.tokens = map[Token]*token{}
	}
	opening.tokens[t] = open
	return open, nil
}

func (t *token) open(pin []byte) (err error) {
	if t.lib, err = library(t.Module); err != nil {
		return err
	}
	slot, err := t.slot()
	if err != nil {
		return err
	}
	all, err := t.lib.GetMechanismList(slot)
	if err != nil {
		return err
	}
	for _, m := range all {
		t.mechanisms = append(t.mechanisms, m.Mechanism)
	}
	if !slices.Contains(t.mechanisms, pkcs11.CKM_AES_KEY_WRAP) {
		return errors.New("it does not do CKM_AES_KEY_WRAP, by which master keys are under an LMK; name a token that does")
	}
	for range mostSessions {
		s, err := t.lib.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		if err != nil && len(t.idle) == 0 {
			return fmt.Errorf("no session: %w", err)
		}
		if err != nil {
			break // it has fewer
		}
		t.idle <- s
	}
	s := <-t.idle
	defer func() { t.idle <- s }()
	if err := t.lib.Login(s, pkcs11.CKU_USER, string(pin)); err != nil && !is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN) {
		return t.refused(err)
	}
	t.lmk, err = t.find(s)
	return err
}

// library loads a module, once.
func library(path string) (*pkcs11.Ctx, error) {
	if lib := opening.libraries[path]; lib != nil {
		return lib, nil
	}
	lib := pkcs11.New(path)
	if lib == nil {
		return nil, fmt.Errorf("module-path %s cannot be loaded; want the PKCS#11 library of the token's maker, such as /usr/lib/softhsm/libsofthsm2.so", path)
	}
	if err := lib.Initialize(); err != nil && !is(err, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		lib.Destroy()
		return nil, fmt.Errorf("module-path %s cannot be initialised, is it set up for this user? %w", path, err)
	}
	if opening.libraries == nil {
		opening.libraries = map[string]*pkcs11.Ctx{}
	}
	opening.libraries[path] = lib
	return lib, nil
}

// slot is where the token is.
func (t *token) slot() (uint, error) {
	slots, err := t.lib.GetSlotList(true)
	if err != nil {
		return 0, fmt.Errorf("no slots: %w", err)
	}
	var others []string
	for _, slot := range slots {
		info, err := t.lib.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue
		}
		if (t.Label == "" || info.Label == t.Label) && (t.Serial == "" || info.SerialNumber == t.Serial) {
			return slot, nil
		}
		others = append(others, fmt.Sprintf("%q of serial number %s", info.Label, info.SerialNumber))
	}
	if others == nil {
		return 0, fmt.Errorf("module-path %s shows no token that is initialised; is it plugged in, and may this user use it?", t.Module)
	}
	return 0, fmt.Errorf("no such token; module-path %s shows %s", t.Module, strings.Join(others, ", "))
}

// refused says why a token does not let its user in.
func (t *token) refused(err error) error {
	switch {
	case is(err, pkcs11.CKR_PIN_INCORRECT), is(err, pkcs11.CKR_PIN_INVALID), is(err, pkcs11.CKR_PIN_LEN_RANGE):
		return fmt.Errorf("the PIN in %s is not its user's; some tokens lock after a few tries: %w", t.PIN, err)
	case is(err, pkcs11.CKR_PIN_LOCKED):
		return fmt.Errorf("its user's PIN is locked after wrong ones; its security officer sets a new one: %w", err)
	case is(err, pkcs11.CKR_USER_PIN_NOT_INITIALIZED):
		return fmt.Errorf("it has no PIN of a user yet; its security officer sets one: %w", err)
	}
	return fmt.Errorf("log in: %w", err)
}

// find finds the LMK.
func (t *token) find(s pkcs11.SessionHandle) (pkcs11.ObjectHandle, error) {
	aes := pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES)
	secret := pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY)
	found, err := t.objects(s, aes, secret, pkcs11.NewAttribute(pkcs11.CKA_LABEL, t.LMK))
	switch {
	case err != nil:
		return 0, err
	case len(found) == 1:
		return found[0], t.whole(s, found[0])
	case len(found) > 1:
		return 0, fmt.Errorf("%d AES keys have the label %q (object of the URI); give the LMK a label of its own", len(found), t.LMK)
	}
	return 0, fmt.Errorf("no AES key has the label %q (object of the URI); make one there: pkcs11-tool --module %s --login --keygen --key-type AES:32 --label %s --usage-wrap --sensitive",
		t.LMK, t.Module, t.LMK)
}

// whole refuses an LMK that is no AES key after all: softhsm2-util, for one, cuts a key that
// it imports at an octet of zero.
func (t *token) whole(s pkcs11.SessionHandle, key pkcs11.ObjectHandle) error {
	got, err := t.lib.GetAttributeValue(s, key, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, nil)})
	if err != nil || len(got) != 1 {
		return nil // it does not tell
	}
	var octets [8]byte
	copy(octets[:], got[0].Value)
	if n := binary.NativeEndian.Uint64(octets[:]); n < aes.BlockSize || n > 2*aes.BlockSize || n%8 != 0 {
		return fmt.Errorf("key %q has %d octets, want 16, 24 or 32 for AES; delete it and make another", t.LMK, n)
	}
	return nil
}

func (t *token) objects(s pkcs11.SessionHandle, like ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := t.lib.FindObjectsInit(s, like); err != nil {
		return nil, fmt.Errorf("look for keys: %w", err)
	}
	found, _, err := t.lib.FindObjects(s, 10)
	return found, errors.Join(err, t.lib.FindObjectsFinal(s))
}

// Supports says why the token has no keys of a cipher.
func (t *token) Supports(c Cipher) error {
	var why error
	switch {
	case c == CipherAES:
		why = errors.New("posfleet keeps no AES master keys in a token; have a sign-in bring keys of block 001, 003, 004, 013 or 014, or keep the master keys in a file")
	case c != CipherDES:
		why = fmt.Errorf("PKCS#11 has no %s for master keys; have a sign-in bring keys of block 001, 003 or 004, or keep the master keys in a file", c)
	case !slices.Contains(t.mechanisms, pkcs11.CKM_DES3_ECB):
		why = errors.New("it does not do CKM_DES3_ECB, by which working keys are under a master key; allow it there, or name a token that does")
	default:
		return nil
	}
	return &HSMError{t.String(), c.String(), why}
}

// Generate draws a key in the token.
func (t *token) Generate(c Cipher) (key []byte, err error) {
	if err := t.Supports(c); err != nil {
		return nil, err
	}
	if !slices.Contains(t.mechanisms, pkcs11.CKM_DES2_KEY_GEN) {
		return nil, &HSMError{t.String(), "draw a key", errors.New("it does not do CKM_DES2_KEY_GEN; draw keys without it, and put them in with posfleet keys --keep")}
	}
	err = t.with("draw a key", func(s pkcs11.SessionHandle) error {
		made, err := t.lib.GenerateKey(s, mechanism(pkcs11.CKM_DES2_KEY_GEN), template(true))
		if err == nil {
			key, err = t.wrap(s, made)
		}
		return err
	})
	return key, err
}

// Import puts a key of triple DES under the LMK, of double length.
func (t *token) Import(clear []byte) (key []byte, err error) {
	if len(clear) != masterLen {
		return nil, &HSMError{t.String(), "import a key", fmt.Errorf("%d octets are no master key, want %d", len(clear), masterLen)}
	}
	err = t.with("import a key", func(s pkcs11.SessionHandle) error {
		made, err := t.lib.CreateObject(s, append(template(true),
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY), pkcs11.NewAttribute(pkcs11.CKA_VALUE, clear)))
		if err == nil {
			key, err = t.wrap(s, made)
		}
		return err
	})
	return key, err
}

// Encrypt has the token encrypt data in place.
func (t *token) Encrypt(c Cipher, key, data []byte) error {
	return t.use(c, "encrypt under a key", key, func(s pkcs11.SessionHandle, k pkcs11.ObjectHandle) ([]byte, error) {
		if err := t.lib.EncryptInit(s, mechanism(pkcs11.CKM_DES3_ECB), k); err != nil {
			return nil, err
		}
		return t.lib.Encrypt(s, data)
	}, data)
}

// Decrypt undoes Encrypt.
func (t *token) Decrypt(c Cipher, key, data []byte) error {
	return t.use(c, "decrypt under a key", key, func(s pkcs11.SessionHandle, k pkcs11.ObjectHandle) ([]byte, error) {
		if err := t.lib.DecryptInit(s, mechanism(pkcs11.CKM_DES3_ECB), k); err != nil {
			return nil, err
		}
		return t.lib.Decrypt(s, data)
	}, data)
}

// wrapping is what the wrap of a key is longer by.
const wrapping = 8

// use unwraps a key in the token for one call, whose result takes the place of data.
func (t *token) use(c Cipher, doing string, key []byte, call func(pkcs11.SessionHandle, pkcs11.ObjectHandle) ([]byte, error), data []byte) error {
	if err := t.Supports(c); err != nil {
		return err
	}
	if len(key) != masterLen+wrapping {
		return &HSMError{t.String(), doing, fmt.Errorf("%d octets are no master key under an LMK, want %d", len(key), masterLen+wrapping)}
	}
	if len(data) == 0 || len(data)%c.BlockSize() != 0 {
		return &HSMError{t.String(), doing, errBlocks}
	}
	return t.with(doing, func(s pkcs11.SessionHandle) error {
		k, err := t.lib.UnwrapKey(s, mechanism(pkcs11.CKM_AES_KEY_WRAP), t.lmk, key,
			append(template(false), pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY)))
		if err != nil && !isGone(err) {
			return fmt.Errorf("it does not open under LMK %q: it was made under another, was changed since, or the LMK may not unwrap (CKA_UNWRAP): %w", t.LMK, err)
		}
		if err != nil {
			return err
		}
		out, err := call(s, k)
		if err = errors.Join(err, t.lib.DestroyObject(s, k)); err != nil {
			return err
		}
		if copy(data, out) != len(data) || len(out) != len(data) {
			return fmt.Errorf("%d octets came of %d", len(out), len(data))
		}
		return nil
	})
}

// wrap takes a key out of the token, under the LMK.
func (t *token) wrap(s pkcs11.SessionHandle, made pkcs11.ObjectHandle) ([]byte, error) {
	key, err := t.lib.WrapKey(s, mechanism(pkcs11.CKM_AES_KEY_WRAP), t.lmk, made)
	if err != nil {
		err = fmt.Errorf("wrap it under LMK %q, which may have to be allowed to (CKA_WRAP): %w", t.LMK, err)
	}
	return key, errors.Join(err, t.lib.DestroyObject(s, made))
}

// with calls the token in a session that is idle.
func (t *token) with(doing string, call func(pkcs11.SessionHandle) error) error {
	s := <-t.idle
	defer func() { t.idle <- s }()
	err := call(s)
	switch {
	case err == nil:
		return nil
	case isGone(err):
		err = fmt.Errorf("it is gone, or has let go of its user; start posfleet again when it is back: %w", err)
	}
	return &HSMError{t.String(), doing, err}
}

// isGone reports whether an error is the token's that does not answer any more.
func isGone(err error) bool {
	return slices.ContainsFunc([]pkcs11.Error{
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_SESSION_CLOSED,
		pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED,
	}, func(code pkcs11.Error) bool { return is(err, code) })
}

// template is that of a master key while a call needs it: it is gone with its session at
// the latest.
func template(extractable bool) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_DES2),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, false),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, extractable),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
	}
}

func mechanism(m uint) []*pkcs11.Mechanism { return []*pkcs11.Mechanism{pkcs11.NewMechanism(m, nil)} }

func is(err error, code pkcs11.Error) bool { return errors.Is(err, code) }
