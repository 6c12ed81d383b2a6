package strict_test

import (
	"fmt"
	"time"

	"github.com/posfleet/posfleet/sim/strict"
)

func Example() {
	var name string
	var timeout time.Duration
	r := &strict.Reader{File: "shop.yaml"}
	if root, ok := r.Document([]byte("name: corner\ntimeout: 30\ntills: 2\n")); ok {
		r.Map(root, strict.Table{
			"name":    r.Text(&name),
			"timeout": r.Duration(&timeout, time.Millisecond, time.Minute),
		})
	}
	fmt.Println(r.Err())
	// Output:
	// shop.yaml:2: timeout: "30" has no unit; write it as in 60s or 500ms
	// shop.yaml:3: unknown key "tills"; known here: name, timeout
}
