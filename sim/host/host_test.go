package host

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
)

func TestTerminalsPayUnderTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	web.Close()
	trust := web.Client().Transport.(*http.Transport).TLSClientConfig
	h, address := listen(t, "cup", WithTLS(&tls.Config{Certificates: web.TLS.Certificates}))
	p := dialPOS(t, h, address, 0)
	p.conn = tls.Client(p.conn, &tls.Config{RootCAs: trust.RootCAs, ServerName: "127.0.0.1"})
	p.reader = h.dialect.NewReader(p.conn)
	p.signIn()
	p.want("00", dialect.Purchase, amount(1), shows("good"))
}
