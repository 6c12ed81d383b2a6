//go:build !linux

package report

import "runtime"

// readMachine reads nothing: on this system only the scheduler, the collector,
// the watchdog and the schedule lag are watched.
func readMachine() machine { return machine{} }

func clockSource() string { return "" }
func processor() string   { return "" }
func system() string      { return runtime.GOOS }
