package signature

import (
	"math"

	"github.com/posfleet/posfleet/sim/signature/jbig"
)

// features of a sample: how far the pen moves to the next one in both directions,
// its speed, cosine and sine of the way's angle, change of speed, and pressure. The
// set is one of those that Jain, Griess and Connell (2002) compare; all but the
// angle are scaled to mean 0 and deviation 1 over the signature.
const features = 7

type sample [features]float32

// resampleTime is how many ms are between two samples, whatever the pad's rate is.
const resampleTime = 10

// A trace is a signature made ready to be compared: samples at even times while the
// pen was down, centred, and scaled by the deviation of their height.
type trace struct {
	samples  []sample
	duration float64 // ms from the first point to the last
	tremor   float64 // see [trace.shake]
	ink      int     // black pixels of its image

	x, y, pressure []float64
	ends           []int // of strokes, in samples
}

// reset makes the trace that of a signature; the memory of the one before is used again, and so is canvas.
func (t *trace) reset(s Signature, canvas *jbig.Bitmap) {
	t.resample(s)
	last := s[len(s)-1]
	t.duration = float64(last[len(last)-1].T) - float64(s[0][0].T)
	centre(t.x, 1)
	size := max(deviation(t.y), 10) // 0.1 mm; a line without height is no reason to divide by 0
	centre(t.x, size)
	centre(t.y, size)
	t.shake()
	t.derive()
	t.ink = inkOf(s, canvas)
}

// resample reads positions and pressure at even times within each stroke.
func (t *trace) resample(s Signature) {
	t.x, t.y, t.pressure, t.ends = t.x[:0], t.y[:0], t.pressure[:0], t.ends[:0]
	for _, stroke := range s {
		i := 0
		for at := int(stroke[0].T); at <= int(stroke[len(stroke)-1].T); at += resampleTime {
			for i+1 < len(stroke) && int(stroke[i+1].T) <= at {
				i++
			}
			a, b, part := stroke[i], stroke[min(i+1, len(stroke)-1)], 0.0
			if b.T > a.T {
				part = float64(at-int(a.T)) / float64(b.T-a.T)
			}
			between := func(a, b uint16) float64 { return float64(a) + part*(float64(b)-float64(a)) }
			t.x = append(t.x, between(a.X, b.X))
			t.y = append(t.y, between(a.Y, b.Y))
			t.pressure = append(t.pressure, between(a.Pressure, b.Pressure))
		}
		t.ends = append(t.ends, len(t.x))
	}
}

// derive works the features out of positions and pressure. Differences do not
// reach over a lift of the pen.
func (t *trace) derive() {
	t.samples = t.samples[:0]
	begin := 0
	for _, end := range t.ends {
		lastSpeed := 0.0
		for i := begin; i < end; i++ {
			to := min(i+1, end-1)
			from := max(begin, to-1)
			dx, dy := t.x[to]-t.x[from], t.y[to]-t.y[from]
			speed := math.Hypot(dx, dy)
			var cos, sin float64
			if speed > 1e-9 {
				cos, sin = dx/speed, dy/speed
			}
			if i == begin {
				lastSpeed = speed
			}
			t.samples = append(t.samples, sample{
				float32(dx), float32(dy), float32(speed), float32(cos), float32(sin),
				float32(speed - lastSpeed), float32(t.pressure[i]),
			})
			lastSpeed = speed
		}
		begin = end
	}
	for _, f := range []int{0, 1, 2, 5, 6} {
		standardise(t.samples, f)
	}
}

// standardise scales one feature to mean 0 and deviation 1.
func standardise(samples []sample, f int) {
	var sum, squares float64
	for i := range samples {
		sum += float64(samples[i][f])
	}
	mean := sum / float64(len(samples))
	for i := range samples {
		d := float64(samples[i][f]) - mean
		squares += d * d
	}
	scale := math.Sqrt(squares / float64(len(samples)))
	if scale < 1e-9 {
		scale = 1
	}
	for i := range samples {
		samples[i][f] = float32((float64(samples[i][f]) - mean) / scale)
	}
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func deviation(v []float64) float64 {
	m, squares := mean(v), 0.0
	for _, x := range v {
		squares += (x - m) * (x - m)
	}
	return math.Sqrt(squares / float64(len(v)))
}

// centre takes the mean off and divides by scale.
func centre(v []float64, scale float64) {
	m := mean(v)
	for i := range v {
		v[i] = (v[i] - m) / scale
	}
}

// shake measures tremor: how far, in deviations of the height, the pen swings at 8
// to 12 Hz. The eighth difference over half periods of 10 Hz passes these nearly
// whole, a sixteenth of 5 Hz, which is about the pace of strokes, and nothing slower.
func (t *trace) shake() {
	const half = 50 / resampleTime // samples in 50 ms
	var squares float64
	n, begin := 0, 0
	for _, end := range t.ends {
		for i := begin + 4*half; i < end-4*half; i++ {
			dx, dy := eighth(t.x, i, half), eighth(t.y, i, half)
			squares += dx*dx + dy*dy
			n++
		}
		begin = end
	}
	t.tremor = 0
	if n > 0 {
		t.tremor = math.Sqrt(squares / float64(n))
	}
}

// eighth is the eighth difference about v[i] over steps, scaled to pass a swing of
// two steps as it is.
func eighth(v []float64, i, step int) float64 {
	sum := 70 * v[i]
	for k, weight := range [...]float64{-56, 28, -8, 1} {
		sum += weight * (v[i-(k+1)*step] + v[i+(k+1)*step])
	}
	return sum / 256
}
