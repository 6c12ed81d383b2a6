package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// stock are the channels and packagers of jPOS that posfleet is held to: how jPOS is
// told of them, and how a dialect file is. The headers are TPDUs, and what a
// switch of BASE24's kind puts before a message.
var stock = []struct {
	channel, packager, header string
	extends, framing          string
}{
	{"NAC", "iso87ascii", "", "iso87-text.yaml", "{channel: NACChannel}"},
	{"NAC", "iso87binary", "6000030000", "iso87-packed.yaml", `{channel: NACChannel, tpdu: "6000030000"}`},
	{"ASCII", "iso87ascii", "49534F303236303030303135", "iso87-text.yaml", "{channel: ASCIIChannel, header: ISO026000015}"},
	{"Post", "iso87ascii", "", "iso87-text.yaml", "{channel: PostChannel}"},
	{"BCD", "iso87binary", "", "iso87-packed.yaml", "{channel: BCDChannel}"},
	{"NCC", "iso87binary", "6000030000", "iso87-packed.yaml", `{channel: NCCChannel, tpdu: "6000030000"}`},
	{"CS", "iso87ascii", "", "iso87-text.yaml", "{channel: CSChannel}"},
	{"VAP", "iso87binary", "", "iso87-packed.yaml", "{channel: VAPChannel}"},
	{"HEX", "iso87ascii", "", "iso87-text.yaml", "{channel: HEXChannel}"},
	{"BASE24TCP", "iso87ascii", "", "iso87-text.yaml", "{channel: BASE24TCPChannel}"},
	{"NAC", "iso93ascii", "", "iso93-text.yaml", "{channel: NACChannel}"},
	{"NAC", "iso93binary", "", "iso93-packed.yaml", "{channel: NACChannel}"},
	{"CS", "jpos/ebcdic.xml", "", "ebcdic-nokeys.yaml", "{channel: CSChannel}"},
	{"AMEX", "iso87ascii", "", "iso87-text.yaml", "{channel: AmexChannel}"},
}

// jar builds the Maven project, once: without network when it was built before.
var jar = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("mvn", "-q", "-B", "-o", "-f", "jpos", "package").CombinedOutput()
	if err != nil {
		out, err = exec.Command("mvn", "-q", "-B", "-f", "jpos", "package").CombinedOutput()
	}
	return strings.TrimSpace(string(out)), err
})

// java gives the arguments of a class of the Maven project. The test is skipped,
// and says why, where it is not asked for or cannot be.
func java(t *testing.T, class string, args ...string) []string {
	t.Helper()
	if os.Getenv("POSFLEET_INTEROP_JPOS") == "" {
		t.Skip("jPOS is not asked for: set POSFLEET_INTEROP_JPOS=1 (it needs java 17 and mvn)")
	}
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("SKIPPED, jPOS was not tried: ", err)
		}
	}
	if out, err := jar(); err != nil {
		if strings.Contains(out, "COMPILATION ERROR") {
			t.Fatal(out)
		}
		t.Skipf("SKIPPED, jPOS was not tried: mvn package: %v\n%s", err, out)
	}
	return append([]string{"-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join("jpos", "target", "posfleet-jpos.jar"), "posfleet." + class}, args...)
}

// Terminals over each channel of jPOS find a jPOS host that keeps every scenario
// which needs no keys, and its book agrees with their journal after a load.
func TestJPOSHostIsCertified(t *testing.T) {
	for _, c := range stock {
		t.Run(c.channel+" "+c.packager, func(t *testing.T) {
			args := java(t, "Host", "--channel", c.channel, "--packager", c.packager, "--header", c.header, "--accounts", accounts)
			features := []string{"core", "iso87/refund"}
			if strings.HasPrefix(c.extends, "iso93") {
				features = features[:1]
			}
			certify(t, start(t, "java", args...), profile(t, c.extends, c.framing), features...)
		})
	}
}

// A jPOS terminal over each channel finds what it must have in the answers of
// posfleet's own host.
func TestJPOSClientIsServed(t *testing.T) {
	for _, c := range stock {
		t.Run(c.channel+" "+c.packager, func(t *testing.T) {
			args := java(t, "Client", "--channel", c.channel, "--packager", c.packager, "--header", c.header)
			h := start(t, program(t, "posfleet"), "host", "--profile", profile(t, c.extends, c.framing), "--listen", "127.0.0.1:0")
			_, port, _ := strings.Cut(h.address, ":")
			if out, err := exec.Command("java", append(args, "--port", port)...).CombinedOutput(); err != nil || strings.Count(string(out), "ok ") != 10 {
				t.Errorf("jPOS' terminal ended with %v, want ten exchanges that hold:\n%s", err, out)
			}
		})
	}
}
