package admin

import (
	"net/http"
	"strings"
	"testing"
)

// A status that nobody has told is not made up.
func TestStatusOfATerminalThatToldNone(t *testing.T) {
	_, url := api(t, nil)
	for _, tid := range []string{"10000001", "99999999", "%22%3Cx%3E"} {
		if status, why := ask(t, "GET", url+"/v1/terminals/"+tid+"/status", "", nil); status != http.StatusNotFound || !strings.Contains(why, "status upload") {
			t.Errorf("%s: %d %q", tid, status, why)
		}
	}
}
