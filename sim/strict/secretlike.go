package strict

import (
	"fmt"
	"regexp"
	"strings"
)

// Of a text that may be a key, a token or a PIN rather than a path or a name nothing is
// repeated: whoever puts the secret where the name of its file belongs finds it in no log.

var (
	hexInARow  = regexp.MustCompile(`[0-9A-Fa-f]{16}`)
	hexInGroup = regexp.MustCompile(`\b([0-9A-Fa-f](0x|\\x|, |[ :=,-])?){16}`)
	numberOnly = regexp.MustCompile(`(^|[/\\:])\d{4,}$`)
	word       = regexp.MustCompile(`[0-9A-Za-z+]+`)
	// plainWord is a word as people name files, TestKeysOfAnna2026, and loudWord as they name
	// merchants, CORNERSHOP01.
	plainWord = regexp.MustCompile(`^([A-Z]{0,4}[a-z]+)*[A-Z]{0,4}\d{0,10}$`)
	loudWord  = regexp.MustCompile(`^[A-Z]+\d{0,10}$`)
	capital   = regexp.MustCompile(`[A-Z]`)
	padded    = regexp.MustCompile(`[0-9A-Za-z+/_-]{10,}=+$`)
)

// secretWord is how long a word is, in characters, that may be a secret by itself.
const secretWord = 16

// MayBeSecret reports whether a text may be a secret at random, as keys and tokens are:
// hexadecimal digits, 16 and more, in groups too; a long word that is none of a language; text
// in which small letters, capitals and digits take turns. Or a PIN: a number alone. What
// people call files and folders is not.
func MayBeSecret(text string) bool {
	if hexInARow.MatchString(text) || hexInGroup.MatchString(text) || padded.MatchString(text) || numberOnly.MatchString(text) {
		return true
	}
	length, turns := 0, 0
	for _, w := range word.FindAllString(text, -1) {
		named := loudWord.MatchString(w) || plainWord.MatchString(w) && 3*len(capital.FindAllString(w, -1)) <= len(w)
		if len(w) >= secretWord && !named {
			return true
		}
		length += len(w)
		for i := 1; i < len(w); i++ {
			if a, b := charClass(w[i-1]), charClass(w[i]); a != b && !(i == 1 && a == 'A' && b == 'a') {
				turns++
			}
		}
	}
	return length >= secretWord && 4*turns >= length
}

func charClass(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a'
	case c >= 'A' && c <= 'Z':
		return 'A'
	}
	return '0'
}

// Unread is what is said of a file that could not be read, for a reason: by its name, unless
// what stands in the place of the name may be the secret itself.
func Unread(path string, why error) error {
	if MayBeSecret(path) {
		return fmt.Errorf("%w (what stands here may be the secret itself and is not repeated); write a secret into a file, chmod 600 it, and give its path", why)
	}
	return fmt.Errorf("file %s: %w", path, why)
}

// hidden is what is said instead of a value that may be a secret.
func hidden(s string) string { return fmt.Sprintf("a value of %d characters", len([]rune(s))) }

// cardRun reports whether a run of hexadecimal digits may be a card number, of which the
// last four digits may be shown.
func cardRun(run string) bool {
	return strings.Trim(run, "0123456789") == ""
}
