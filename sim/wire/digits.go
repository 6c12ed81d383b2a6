package wire

// Uint reads decimal digits; 0 when v holds anything else or more than 18.
func Uint(v []byte) uint64 {
	if len(v) > 18 {
		return 0
	}
	var n uint64
	for _, c := range v {
		if c-'0' > 9 {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// PutUint writes n in decimal over all of dst, zeros first.
func PutUint(dst []byte, n uint64) {
	i := len(dst)
	for ; i >= 2; i -= 2 {
		two := n % 100 * 2
		n /= 100
		dst[i-2], dst[i-1] = pairs[two], pairs[two+1]
	}
	if i == 1 {
		dst[0] = '0' + byte(n%10)
	}
}

// pairs are the numbers of two digits.
const pairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"
