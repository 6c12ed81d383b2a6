package report

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// readMachine reads /proc/stat and /proc/net/netstat. What cannot be read stays
// zero and passes no bound.
func readMachine() machine {
	var m machine
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) == nil {
		m.own = time.Duration(use.Utime.Nano() + use.Stime.Nano())
	}
	if b, err := os.ReadFile("/proc/stat"); err == nil {
		m.cores = parseStat(b)
	}
	if b, err := os.ReadFile("/proc/net/netstat"); err == nil {
		m.dropped = parseNetstat(b)
	}
	return m
}

// parseStat reads the lines "cpu0 user nice system idle iowait irq softirq steal
// guest guest_nice" (proc(5)). Guest time is in user time already.
func parseStat(b []byte) []core {
	var cores []core
	for in := bufio.NewScanner(bytes.NewReader(b)); in.Scan(); {
		f := bytes.Fields(in.Bytes())
		if len(f) < 9 || !bytes.HasPrefix(f[0], []byte("cpu")) || len(f[0]) == len("cpu") {
			continue
		}
		var t [8]uint64
		for i := range t {
			t[i], _ = strconv.ParseUint(string(f[i+1]), 10, 64)
		}
		c := core{idle: t[3] + t[4], steal: t[7]}
		for _, x := range t {
			c.all += x
		}
		cores = append(cores, c)
	}
	return cores
}

// parseNetstat finds ListenDrops in the pairs of lines that begin with TcpExt:
// names, then values.
func parseNetstat(b []byte) int64 {
	var names [][]byte
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) == 0 || string(f[0]) != "TcpExt:" {
			continue
		}
		if names == nil {
			names = f
			continue
		}
		for i := range min(len(names), len(f)) {
			if string(names[i]) == "ListenDrops" {
				n, _ := strconv.ParseInt(string(f[i]), 10, 64)
				return n
			}
		}
	}
	return 0
}

// clockSource is the kernel's clock source. Other than tsc, kvm-clock and the
// ARM counter they cost microseconds a reading.
func clockSource() string {
	return firstLine("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

// processor is the name of the first one.
func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(b) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// system is the operating system's name and version.
func system() string {
	return "linux " + firstLine("/proc/sys/kernel/osrelease")
}

func firstLine(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return string(line)
}
