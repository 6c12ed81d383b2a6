package sim_test
import ("testing";"github.com/posfleet/posfleet/sim";"fmt";"os";"runtime")
func BenchmarkZZ(b *testing.B) {
	for b.Loop() {
		if os.Getenv("ECHO") != "" {
			c := cpuTime()
			e := echoRate(b, 256, round)
			fmt.Println("echo", e, float64((cpuTime()-c).Microseconds())/e/5)
			continue
		}
		be := newBench(b, "cup", 300)
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		rate, cpu := purchaseRate(b, be, sim.Lines{}, 270, round)
		runtime.ReadMemStats(&m1)
		fmt.Println("own", rate, cpu, m1.NumGC-m0.NumGC, (m1.TotalAlloc-m0.TotalAlloc)/uint64(rate*5), m1.HeapAlloc>>20)
	}
}
