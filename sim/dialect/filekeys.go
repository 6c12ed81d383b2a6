package dialect

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/moov-io/iso8583/field"

	"github.com/posfleet/posfleet/sim/keys"
	"github.com/posfleet/posfleet/sim/strict"
	"github.com/posfleet/posfleet/sim/wire"
)

var asShape = regexp.MustCompile(`^(octets|values)$`)

// keys reads how messages are authenticated, which working keys a sign-in asks for,
// and how PINs are enciphered.
func (r *reader) keys(mac, signIn, working, pin strict.Value) {
	d := r.d
	r.mac(mac)
	r.derived(working)
	if s := r.word(signIn); s != "" {
		if d.KeyBlock = keys.KeyBlock(s); !d.KeyBlock.Known() {
			r.Fail(signIn, "%s, want none or %s", strict.Quote(s), keys.KeyBlockNames)
		}
	}
	switch {
	case d.MAC && d.KeyBlock == "" && d.DUKPT == keys.NoDUKPT:
		r.Fail(mac, "a MAC needs a key, and no sign-in brings one; give sign-in, keys: {dukpt: tdes}, or mac: none")
	case d.KeyBlock != "" && d.DUKPT != keys.NoDUKPT:
		r.Fail(signIn, "with DUKPT keys are derived, and no sign-in brings them; say sign-in: none")
	}
	r.pin(pin)
	if err := d.DUKPT.Makes(d.Algorithm); d.MAC && err != nil {
		r.Fail(mac, "%w", err)
	}
}

// derived reads that a key is derived for each transaction, and where its serial number
// is.
func (r *reader) derived(v strict.Value) {
	if !v.Given() {
		return
	}
	found := r.Map(v, strict.Table{"dukpt": func(v strict.Value) {
		if s := r.word(v); s != "" {
			var err error
			if r.d.DUKPT, err = keys.ParseDUKPT(s); err != nil {
				r.Fail(v, "%w", err)
			}
		}
	}})
	if r.Need(v, found, "dukpt"); r.d.DUKPT == keys.NoDUKPT {
		return
	}
	d, at := r.d, r.d.Places[wire.KeySerial]
	if !r.at[at.Field].Given() {
		r.Fail(v, "messages have no place for the key serial number; add key-serial to elements")
		return
	}
	n := d.DUKPT.KSNLen()
	if _, octets := d.Spec.Fields[at.Field].(*field.Binary); !octets {
		d.SerialHex, n = true, 2*n
	}
	if room := at.To - at.From; at.To > 0 && room != n || at.To == 0 && d.Spec.Fields[at.Field].Spec().Length < n {
		r.Fail(v, "the key serial number has %d octets or digits, for which field %d has no room where elements put it", n, at.Field)
	}
}

// mac reads by which algorithm a MAC is made, and over what.
func (r *reader) mac(v strict.Value) {
	at, algorithm := v, ""
	var over strict.Value
	if v.Given() && v.IsMap() {
		as := "octets"
		found := r.Map(v, strict.Table{"algorithm": strict.Keep(&at), "over": strict.Keep(&over), "as": r.Match(&as, asShape, "octets (as they stand on the line, with their lengths) or values")})
		if r.Need(v, found, "algorithm"); found["algorithm"] == 0 {
			return
		}
		if found["as"] > 0 && found["over"] == 0 {
			r.Fail(v, "as goes with over, the list of the fields that the MAC covers")
		}
		r.d.Covers.Values = as == "values"
	}
	if algorithm = r.word(at); algorithm == "" {
		return
	}
	var err error
	if r.d.Algorithm, err = keys.ParseAlgorithm(algorithm); err != nil {
		r.Fail(at, "%s, want none or %s", strict.Quote(algorithm), keys.AlgorithmNames)
	}
	r.d.MAC = true
	r.covers(over)
}

// covers reads which fields a MAC covers, where it is not the message.
func (r *reader) covers(v strict.Value) {
	if !v.Given() {
		return
	}
	c := &r.d.Covers
	r.List(v, func(v strict.Value) {
		s, ok := r.Scalar(v)
		n, err := strconv.Atoi(s)
		switch {
		case !ok:
		case err != nil || n < 0 || n > 1 && !r.at[n].Given():
			r.Fail(v, "%s, want 0 (the message type), 1 (the bitmaps) or one of the fields", strict.Quote(s))
		case wire.IsMAC(n):
			r.Fail(v, "field %d is the MAC itself; leave it away", n)
		case n == 1 && c.Values:
			r.Fail(v, "the bitmaps have no value; leave 1 away, or say as: octets")
		case slices.Contains(c.Fields, n):
			r.Fail(v, "field %d stands twice; keep one", n)
		default:
			c.Fields = append(c.Fields, n)
		}
	})
	if len(c.Fields) == 0 && r.OK() {
		r.Fail(v, "is empty; name the fields, or leave over away for the whole message")
	}
}

// pin reads the format of PIN blocks, and how wide it is under SM4.
func (r *reader) pin(v strict.Value) {
	if !v.Given() {
		return
	}
	var octets strict.Value
	r.Map(v, strict.Table{"octets": strict.Keep(&octets), "format": func(v strict.Value) {
		switch s := r.word(v); s {
		case "0", "1", "2", "3":
			n, _ := strconv.Atoi(s)
			r.d.PINFormat = keys.PINFormat(n)
			switch {
			case r.d.UnderAES():
				r.Fail(v, "under AES a PIN block is of format 4; leave pin away")
			case n > 0 && r.d.KeyBlock.Cipher() == keys.CipherSM4:
				r.Fail(v, "under SM4 a PIN block is of format 0; leave pin away, or say another sign-in")
			}
		case "4":
			if !r.d.UnderAES() {
				r.Fail(v, "format 4 goes with AES keys alone, as sign-in: \"007\" brings or keys: {dukpt: aes128} makes them")
			}
		default:
			r.Fail(v, "%s, want 0, 1, 2, 3 or 4 (ISO 9564-1)", strict.Quote(s))
		}
	}})
	if octets.Given() {
		r.pinOctets(octets)
	}
}

// pinOctets reads how wide PIN blocks are under SM4, before they are enciphered.
func (r *reader) pinOctets(v strict.Value) {
	switch s := r.word(v); {
	case s != "8" && s != "16":
		r.Fail(v, "%s, want 16 or 8, of PIN blocks under SM4", strict.Quote(s))
	case r.d.UnderAES() || r.d.DUKPT != keys.NoDUKPT:
		r.Fail(v, "under AES and DUKPT the width of a PIN block is the cipher's; leave octets away")
	case r.d.PINFormat != keys.PINFormat0:
		r.Fail(v, "under SM4 a PIN block is of format 0, and pin says %s; leave format away, or octets", r.d.PINFormat)
	case s == "8":
		r.d.PINFormat = keys.PINFormat0Narrow
	}
}
