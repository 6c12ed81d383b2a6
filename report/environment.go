package report

import (
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// ThisMachine describes the machine and process that it runs in. Version is the
// program's own.
func ThisMachine(version string) Environment {
	name, _ := os.Hostname() // a nameless machine is no reason to stop
	e := Environment{
		Version: version, Go: runtime.Version(), OS: strings.TrimSpace(system()) + "/" + runtime.GOARCH,
		CPU: processor(), Cores: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		GOGC: setting("GOGC", "100"), GOMEMLIMIT: setting("GOMEMLIMIT", "off"),
		Clock: clockSource(), ClockCost: clockCost(), Hostname: name,
	}
	if e.Version == "" {
		if b, ok := debug.ReadBuildInfo(); ok {
			e.Version = b.Main.Version
		}
	}
	return e
}

func setting(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// clockCost is what one time.Now costs: the median of some rounds.
func clockCost() time.Duration {
	const rounds, calls = 9, 2000
	var took [rounds]time.Duration
	for i := range took {
		begun := time.Now()
		for range calls - 1 {
			_ = time.Now()
		}
		took[i] = time.Since(begun) / calls
	}
	slices.Sort(took[:])
	return took[rounds/2]
}

// SlowClock says why the machine's clock is a poor one for measuring; empty when it
// is good.
func (e Environment) SlowClock() string {
	switch e.Clock {
	case "", "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter":
	default:
		return "clock source " + e.Clock + " is slow or coarse: tsc or the ARM counter is wanted"
	}
	if e.ClockCost > time.Microsecond {
		return "reading the clock costs " + e.ClockCost.String()
	}
	return ""
}
