package allocs

import "testing"

var kept []byte

func TestWhatIsAllocatedIsSeen(t *testing.T) {
	take := func(n int) func() { return func() { kept = make([]byte, n) } }
	if n := Above(1<<20, take(1<<21)); n < 1<<21 || n > 1<<22 {
		t.Errorf("2 MB: %d octets", n)
	}
	if n := Above(1<<20, take(1<<19)); n != 0 {
		t.Errorf("half a megabyte: %d octets above one", n)
	}
}
