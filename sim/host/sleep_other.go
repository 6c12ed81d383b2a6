//go:build !linux

package host

import "time"

func kernelSleep(d time.Duration) { time.Sleep(d) }
