package dialect

import (
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// SlipText is what stands on the slip (签购单) beside a signature, as it goes up with the
// signature's image.
type SlipText struct {
	Merchant, Kind, Operator string
	At                       time.Time
	Currency                 string // three digits
}

// AppendTags appends it as tags of chip data: FF00 merchant, FF01 kind, FF02 operator, FF06
// time, FF0A currency. The tags are those of one public terminal application
// (docs/sources.md); that texts are in GBK, time is yyyyMMddHHmmss and both numbers are packed
// is posfleet's own.
func (s SlipText) AppendTags(dst []byte) []byte {
	dst = appendSlipTag(dst, 0x00, gbk(s.Merchant))
	dst = appendSlipTag(dst, 0x01, gbk(s.Kind))
	dst = appendSlipTag(dst, 0x02, []byte(s.Operator))
	dst = appendSlipTag(dst, 0x06, inBCD(s.At.Format("20060102150405")))
	return appendSlipTag(dst, 0x0A, inBCD("0"+s.Currency))
}

// appendSlipTag appends a tag FFxx; one without a value, or of one that is too long, is left
// out.
func appendSlipTag(dst []byte, tag byte, v []byte) []byte {
	if len(v) == 0 || len(v) > 0x7F {
		return dst
	}
	return append(append(dst, 0xFF, tag, byte(len(v))), v...)
}

// gbk is a text in the encoding of terminals; nothing for one that it cannot say.
func gbk(text string) []byte {
	v, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil
	}
	return v
}

// inBCD is an even number of digits, two to an octet.
func inBCD(digits string) []byte {
	v := make([]byte, 0, len(digits)/2)
	for i := 0; i+1 < len(digits); i += 2 {
		v = append(v, (digits[i]-'0')<<4|(digits[i+1]-'0'))
	}
	return v
}
