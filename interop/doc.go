// Package interop has no code: its tests hold posfleet against hosts and terminals
// that share none with it, of jPOS (folder jpos, where POSFLEET_INTEROP_JPOS is set
// and java and mvn are there) and of moov-io/iso8583 (folder moovserver).
package interop
