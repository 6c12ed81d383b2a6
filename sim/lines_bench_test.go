package sim_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim"
	"github.com/posfleet/posfleet/sim/host"
	"github.com/posfleet/posfleet/sim/line"
)

// secured are the ends of TLS 1.3 under one certificate.
func secured(b *testing.B) (server, client *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		b.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		b.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13}
	return server, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS13}
}

// BenchmarkOwnLinesTLS is BenchmarkOwnLines with TLS 1.3 on every line, of the echo too.
func BenchmarkOwnLinesTLS(b *testing.B) {
	server, client := secured(b)
	for b.Loop() {
		var ratio, purchases, echoes, cpus []float64
		for range 9 {
			echo := echoRate(b, 256, time.Second, server, client)
			be := newBench(b, "cup", 270, host.WithTLS(server))
			be.dialer.TLS = client
			rate, cpu, _ := ratesAgainst(b, be, line.Mode{}, 270, time.Second, time.Second, nil)
			ratio, purchases = append(ratio, rate/echo), append(purchases, rate)
			echoes, cpus = append(echoes, echo), append(cpus, cpu)
		}
		b.ReportMetric(median(ratio), "purchase/echo")
		b.ReportMetric(median(purchases), "purchases/s")
		b.ReportMetric(median(echoes), "echoes/s")
		b.ReportMetric(median(cpus), "µs-cpu/purchase")
	}
}

// BenchmarkOpenModel tells how much of a plan of so many purchases a second 10,000
// terminals play over 8 shared lines, both ends in this process, and how soon they are
// answered from when they were due.
func BenchmarkOpenModel(b *testing.B) {
	for _, a := range []int{50_000, 80_000, 100_000, 120_000} {
		b.Run(fmt.Sprintf("%dk", a/1000), func(b *testing.B) {
			for b.Loop() {
				be := newBench(b, "cup", 10_000)
				p := *be.profile
				p.Policy.JournalLimit = 0
				be = &bench{&p, be.host, be.dialer}
				rate, err := sim.ParseRate(fmt.Sprintf("%d/s", a))
				if err != nil {
					b.Fatal(err)
				}
				const warmup, length = 2 * time.Second, 5 * time.Second
				rep := be.run(b, &sim.Run{Lines: line.Mode{Shared: 8}, Terminals: 10_000, For: warmup + length, Pacer: sim.Constant(rate),
					Recorder: report.NewRecorder(sim.Labels(), p.Policy.Timeout, warmup)})
				l := rep.Label("purchase")
				if l == nil {
					b.Fatal("nothing was played")
				}
				b.ReportMetric(float64(l.Counts[report.Approved])/(float64(a)*length.Seconds()), "played/planned")
				b.ReportMetric(float64(l.Response.ValueAtQuantile(50)), "µs-p50")
				b.ReportMetric(float64(l.Response.ValueAtQuantile(99)), "µs-p99")
			}
		})
	}
}

// BenchmarkOwnLineMemory tells what a terminal takes of the generator's memory once it has
// signed in over a line of its own, which is open: heap and stacks, the host in a process
// of its own.
func BenchmarkOwnLineMemory(b *testing.B) {
	const n = 5000
	for b.Loop() {
		be, _ := apart(b, n)
		rate, _ := sim.ParseRate("1/s")
		before, with := heap(), int64(0)
		r := &sim.Run{Lines: line.Mode{}, Terminals: n, For: time.Millisecond, Pacer: sim.Constant(rate)}
		r.Observer.SignIn = func(ok, bad, of int) {
			if ok+bad == of {
				with = heap()
				if bad > 0 {
					b.Errorf("%d of %d did not sign in", bad, of)
				}
			}
		}
		be.run(b, r)
		b.ReportMetric(float64(with-before)/n, "B/line")
	}
}
