// Package interop holds posfleet against hosts and terminals that share no code
// with it: a host written from the documents alone (standalone), one of
// moov-io/iso8583 (moovserver), and jPOS, where Java is there (jpos). Its tests say
// how; there is nothing to import.
package interop
