package dialect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/posfleet/posfleet/sim/strict"
)

var currencyShape = regexp.MustCompile(`^\d{3}$`)

// currencies are the codes of ISO 4217, list one: number and letters, and how many
// decimals the minor unit is where these are not two.
const currencies = `008 ALL,012 DZD,032 ARS,036 AUD,044 BSD,048 BHD 3,050 BDT,051 AMD,052 BBD,060 BMD,064 BTN,068 BOB,072 BWP,084 BZD,090 SBD,096 BND,
104 MMK,108 BIF 0,116 KHR,124 CAD,132 CVE,136 KYD,144 LKR,152 CLP 0,156 CNY,170 COP,174 KMF 0,188 CRC,191 HRK,192 CUP,203 CZK,208 DKK,214 DOP,222 SVC,
230 ETB,232 ERN,238 FKP,242 FJD,262 DJF 0,270 GMD,292 GIP,320 GTQ,324 GNF 0,328 GYD,332 HTG,340 HNL,344 HKD,348 HUF,352 ISK 0,356 INR,360 IDR,364 IRR,
368 IQD 3,376 ILS,388 JMD,392 JPY 0,398 KZT,400 JOD 3,404 KES,408 KPW,410 KRW 0,414 KWD 3,417 KGS,418 LAK,422 LBP,426 LSL,430 LRD,434 LYD 3,446 MOP,
454 MWK,458 MYR,462 MVR,480 MUR,484 MXN,496 MNT,498 MDL,504 MAD,512 OMR 3,516 NAD,524 NPR,532 XCG,533 AWG,548 VUV 0,554 NZD,558 NIO,566 NGN,578 NOK,
586 PKR,590 PAB,598 PGK,600 PYG 0,604 PEN,608 PHP,634 QAR,643 RUB,646 RWF 0,654 SHP,682 SAR,690 SCR,694 SLL,702 SGD,704 VND 0,706 SOS,710 ZAR,728 SSP,
748 SZL,752 SEK,756 CHF,760 SYP,764 THB,776 TOP,780 TTD,784 AED,788 TND 3,800 UGX 0,807 MKD,818 EGP,826 GBP,834 TZS,840 USD,858 UYU,860 UZS,882 WST,
886 YER,901 TWD,924 ZWG,925 SLE,926 VED,927 UYW 4,928 VES,929 MRU,930 STN,931 CUC,932 ZWL,933 BYN,934 TMT,936 GHS,938 SDG,940 UYI 0,941 RSD,943 MZN,
944 AZN,946 RON,947 CHE,948 CHW,949 TRY,950 XAF 0,951 XCD,952 XOF 0,953 XPF 0,967 ZMW,968 SRD,969 MGA,970 COU,971 AFN,972 TJS,973 AOA,975 BGN,976 CDF,
977 BAM,978 EUR,979 MXV,980 UAH,981 GEL,984 BOV,985 PLN,986 BRL,990 CLF 4,997 USN`

// known finds a currency by its number: its letters, and how many decimals it has.
func known(number string) (letters string, exponent int, ok bool) {
	for c := range strings.SplitSeq(currencies, ",") {
		if f := strings.Fields(c); f[0] == number {
			exponent = usualExponent
			if len(f) > 2 {
				exponent, _ = strconv.Atoi(f[2])
			}
			return f[1], exponent, true
		}
	}
	return "", usualExponent, false
}

// currencyNumber is the number of a currency by its letters, "" for none.
func currencyNumber(letters string) string {
	for c := range strings.SplitSeq(currencies, ",") {
		if f := strings.Fields(c); f[1] == letters {
			return f[0]
		}
	}
	return ""
}

// usualExponent is that of most currencies.
const usualExponent = 2

// currency reads the currency: its number, or that and how many decimals its minor
// unit is.
func (r *reader) currency(v strict.Value) {
	d := r.d
	d.Exponent = usualExponent
	if !v.Given() {
		return
	}
	const words = "three digits (ISO 4217)"
	exponent := -1
	if v.IsMap() {
		found := r.Map(v, strict.Table{"code": r.Match(&d.Currency, currencyShape, words), "exponent": strict.Int(r.Reader, &exponent, 0, 4)})
		r.Need(v, found, "code")
	} else if s, _ := r.Scalar(v); currencyNumber(s) != "" {
		r.Fail(v, "%s is %s in ISO 4217; write that, as messages have it", strict.Quote(s), currencyNumber(s))
		return
	} else {
		r.Match(&d.Currency, currencyShape, words)(v)
	}
	letters, n, listed := known(d.Currency)
	if d.Exponent, d.unit = n, letters; exponent >= 0 {
		d.Exponent = exponent
	} else if d.Currency != "" && !listed {
		r.Fail(v, "%s is no currency of ISO 4217; if it is right, say how many decimals its amounts have: {code: %q, exponent: 2}", strict.Quote(d.Currency), d.Currency)
	}
}

// Unit is what amounts are told in: yuan of 156, else the letters of ISO 4217, or the
// number of a currency that it has not.
func (d *Dialect) Unit() string {
	switch {
	case d.unit == "CNY" || d.Currency == "":
		return "yuan"
	case d.unit == "":
		return "of currency " + d.Currency
	}
	return d.unit
}

// ParseAmount reads an amount as people write it, 12.34 or 12, and gives the
// currency's minor units. Decimals that it does not have must be zeros.
func (d *Dialect) ParseAmount(s string) (int64, error) {
	whole, rest, _ := strings.Cut(s, ".")
	if len(rest) > d.Exponent {
		if strings.Trim(rest[d.Exponent:], "0") != "" {
			return 0, fmt.Errorf("amount %s: currency %s has %d decimals", s, d.Currency, d.Exponent)
		}
		rest = rest[:d.Exponent]
	}
	n, err := strconv.ParseInt(whole+rest+strings.Repeat("0", d.Exponent-len(rest)), 10, 64)
	if err != nil || n > maxAmount {
		return 0, fmt.Errorf("amount %s: messages have twelve digits for it, %d of them decimals", s, d.Exponent)
	}
	return n, nil
}

// FromHundredths gives the minor units of an amount of hundredths, which profiles
// have: down to a whole one, and where they are smaller at most what a message can say.
func (d *Dialect) FromHundredths(n int64) int64 {
	for range d.Exponent - usualExponent {
		n = min(n, maxAmount) * 10
	}
	if d.Exponent > usualExponent {
		return min(n, maxAmount)
	}
	for range usualExponent - d.Exponent {
		n /= 10
	}
	return n
}
