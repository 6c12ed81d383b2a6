package report

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// What it costs a controller to join the logs of many agents: ns for each second of each
// agent, in which four kinds of exchanges took place.
func BenchmarkJoinLogs(b *testing.B) {
	for _, agents := range []int{2, 64} {
		b.Run(strconv.Itoa(agents)+"agents", func(b *testing.B) {
			const seconds = 20
			dir := b.TempDir()
			var folders []string
			var whole *Report
			for i := range agents {
				f, err := Create(filepath.Join(dir, strconv.Itoa(i)), &Report{Plan: Plan{Timeout: 30 * time.Second}})
				if err != nil {
					b.Fatal(err)
				}
				r := NewRecorder([]string{"a", "b", "c", "d"}, 30*time.Second, 0)
				s := r.Shard()
				for sec := range seconds {
					for n := range 2000 {
						due := time.Duration(sec)*time.Second + time.Duration(n)*500*time.Microsecond
						s.Record(Sample{Label: n % 4, Due: due, Sent: due, Done: due + time.Duration(200+spread(n, i)%5000)*time.Microsecond})
					}
					if err := f.Interval(r.Tick(time.Duration(sec+1) * time.Second)); err != nil {
						b.Fatal(err)
					}
				}
				folders = append(folders, f.Name())
				if one := r.Report(); whole == nil {
					whole = one
				} else if err := whole.Merge(one); err != nil {
					b.Fatal(err)
				}
			}
			for n := 0; b.Loop(); n++ {
				f, err := Create(filepath.Join(dir, "whole"+strconv.Itoa(n)), &Report{Plan: Plan{Timeout: 30 * time.Second}})
				if err != nil {
					b.Fatal(err)
				}
				if err := f.JoinLogs(whole, folders); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*agents*seconds), "ns/agent-second")
		})
	}
}

// spread spreads two numbers.
func spread(a, b int) int { return (a*2654435761 + b*40503) & 0xffff }
