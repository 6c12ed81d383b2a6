// Command standalone is a small acquirer host that speaks CUP direct-connect and
// shares no code with posfleet: what it does is taken from the documents alone,
// and where they leave a choice it makes its own. It is there so that the
// terminals meet a host that was not built beside them.
//
//	standalone --config hosts.json [--listen 127.0.0.1:0] [--close] [--delay 20ms]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on")
	config := flag.String("config", "", "`file` of terminals and accounts, JSON")
	hangUp := flag.Bool("close", false, "hang up after each answer")
	delay := flag.Duration("delay", 0, "wait so long before each answer")
	talk := flag.Bool("log", false, "say a line for each answer, on standard error")
	flag.Parse()
	if *config == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(64)
	}
	h, err := loadHost(*config)
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	stop, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	fmt.Println("listening on", ln.Addr())
	s := server{host: h, hangUp: *hangUp, delay: *delay, talk: *talk, open: map[net.Conn]bool{}}
	go s.accept(ln)
	<-stop.Done()
	ln.Close()
	s.closeAll()
}

// server is the host's side of its lines: one goroutine each.
type server struct {
	host         *host
	hangUp, talk bool
	delay        time.Duration

	mu   sync.Mutex
	open map[net.Conn]bool
}

func (s *server) accept(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Print(err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		s.open[conn] = true
		s.mu.Unlock()
		go func() {
			s.serve(conn)
			conn.Close()
			s.mu.Lock()
			delete(s.open, conn)
			s.mu.Unlock()
		}()
	}
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		c.Close()
	}
}

// serve answers what comes on conn, one after the other.
func (s *server) serve(conn net.Conn) {
	for {
		frame, err := readFrame(conn)
		if err != nil {
			if s.talk && err != io.EOF {
				log.Printf("%s: %v", conn.RemoteAddr(), err)
			}
			return
		}
		m, wrong := parse(frame)
		answer, seal := s.host.respond(m, wrong)
		if answer == nil {
			if s.talk || wrong != nil { // else it is an answer
				log.Printf("%s: hung up on what is no request (%v)", conn.RemoteAddr(), wrong)
			}
			return
		}
		if s.talk {
			f := answer.field
			log.Printf("%04X %s %s %s %s: %s %v", m.mti, f[fTerminal], f[fTrace], f[fKind], f[fAmount], f[fCode], wrong)
		}
		time.Sleep(s.delay)
		if _, err := conn.Write(answer.append(nil, seal)); err != nil {
			return
		}
		if s.hangUp {
			// what was sent in the meantime is read away, or closing would
			// take the answer back
			if c, ok := conn.(*net.TCPConn); ok {
				c.CloseWrite()
				c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
				io.Copy(io.Discard, c)
			}
			return
		}
	}
}
