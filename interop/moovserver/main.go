// Command moovserver is a payment host on github.com/moov-io/iso8583: its stock
// specification Spec87ASCII, a length of two octets, and nothing of posfleet. Like
// that specification it has no field 70: what is managed stands in field 24, as the
// function codes of ISO 8583:1993 say it (801 sign-on, 802 sign-off, 831 echo). It
// knows no keys: no MAC, a sign-on that brings none, PIN blocks unread.
//
// Of Spec87ASCII one thing is mended: its bitmap has 16 octets in every message, with
// no bit that says so, and no peer but moov would read it.
//
//	moovserver --accounts 6225000090000510=50
//
// It listens on loopback and says where; for each line of its standard input it
// says how many payments stand and what was taken by them, and it ends with it.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	"github.com/moov-io/iso8583/specs"
)

// spec is Spec87ASCII with a first bitmap of 8 octets, and a second when its first
// bit is set.
var spec = &iso8583.MessageSpec{Name: specs.Spec87ASCII.Name, Fields: maps.Clone(specs.Spec87ASCII.Fields)}

func init() {
	spec.Fields[1] = field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed})
}

func main() {
	log.SetFlags(0)
	first := flag.Int("first", 10000001, "`number` of the first terminal")
	count := flag.Int("terminals", 1000, "how many `terminals` there are")
	opening := flag.Int64("opening", 900_000_000_000, "what is in each account, in the smallest unit")
	accounts := flag.String("accounts", "", "those with another balance, as `NUMBER=BALANCE,…`")
	flag.Parse()
	b := newBook(*opening)
	for i := range *count {
		b.terminals[fmt.Sprintf("%08d", *first+i)] = newTerminal()
	}
	for account := range strings.SplitSeq(*accounts, ",") {
		number, balance, ok := strings.Cut(account, "=")
		if n, err := strconv.ParseInt(balance, 10, 64); err == nil {
			b.balances[number] = n
		} else if ok {
			log.Fatalf("--accounts %s: want NUMBER=BALANCE", account)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", l.Addr())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, b)
		}
	}()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(b.totals())
	}
}

// serve answers what comes on a connection, one request after another, until it
// ends or something comes that is no message.
func serve(c net.Conn, b *book) {
	defer c.Close()
	for {
		var n [2]byte
		if _, err := io.ReadFull(c, n[:]); err != nil {
			return
		}
		raw := make([]byte, binary.BigEndian.Uint16(n[:]))
		if _, err := io.ReadFull(c, raw); err != nil {
			return
		}
		m := iso8583.NewMessage(spec)
		if err := m.Unpack(raw); err != nil {
			log.Print(err) // its text is of fields and lengths, not of values
			return
		}
		if mti, err := m.GetMTI(); err != nil || len(mti) != 4 || mti[2]%2 == 1 {
			continue // an answer asks for none
		}
		packed, err := answer(m, b, time.Now()).Pack()
		if err != nil {
			log.Print(err)
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}
