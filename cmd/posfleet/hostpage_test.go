package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// toldOfPage starts posfleet host with an admin API until the test ends, and gives what
// it says up to where its page is, and the page's URL.
func toldOfPage(t *testing.T, flags ...string) (said, url string) {
	t.Helper()
	cmd := exec.Command(program(t), append([]string{"host", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, flags...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said += lines.Text() + "\n"
		if _, url, ok := strings.Cut(lines.Text(), "page for people: "); ok {
			return said, url
		}
	}
	t.Fatalf("it tells of no page:\n%s", said)
	return "", ""
}

// Who opens the URL that is printed sees the page, and its token is one that the API
// knows.
func TestHostTellsWhereItsPageIs(t *testing.T) {
	_, url := toldOfPage(t)
	page, token, _ := strings.Cut(url, "#token=")
	if status := statusOf(t, page, ""); status != http.StatusOK {
		t.Errorf("%s: %d", page, status)
	}
	if status := statusOf(t, page+"v1/host", token); status != http.StatusOK {
		t.Errorf("with the token of %s: %d", url, status)
	}
}

// A token that is kept in a file stays there.
func TestHostDoesNotPrintATokenThatIsKept(t *testing.T) {
	const kept = "kept-0123456789abcdef0123456789"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(kept+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said, url := toldOfPage(t, "--admin-token-file", file)
	if strings.Contains(said, kept) || strings.Contains(url, "#") {
		t.Errorf("it said\n%s", said)
	}
	if status := statusOf(t, url+"v1/host", kept); status != http.StatusOK {
		t.Errorf("with the token: %d", status)
	}
}

func statusOf(t *testing.T, url, token string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	return got.StatusCode
}
