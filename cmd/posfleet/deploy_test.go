//go:build linux

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/posfleet/posfleet/report"
	"github.com/posfleet/posfleet/sim/profile"
)

var deploying = flag.Bool("deploy", false, "run what deploy/ says: image, compose, Slurm, systemd; as root, whose namespaces and chroot stand for containers")

// wantRoot skips what cannot be played here, and says so.
func wantRoot(t *testing.T) *wires {
	t.Helper()
	if !*deploying {
		t.Skip("make deploy")
	}
	if w := newWires(t); w.bridge != "" {
		return w
	}
	t.Skip("NOT PLAYED: this wants root, and network namespaces")
	return nil
}

// image is a root with what deploy/Containerfile puts there, and nothing else but what is
// mounted.
type image struct {
	root, user string
}

// newImage makes one, with the program that the Containerfile says how to build.
func newImage(t *testing.T) image {
	t.Helper()
	text, err := os.ReadFile("../../deploy/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	im := image{root: t.TempDir()}
	var build string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if s, is := strings.CutPrefix(line, "RUN CGO_ENABLED=0 go build "); is {
			build = s
		}
		if s, is := strings.CutPrefix(line, "USER "); is {
			im.user = s
		}
	}
	if build == "" || im.user == "" {
		t.Fatalf("the Containerfile builds %q for user %q", build, im.user)
	}
	c := exec.Command("sh", "-c", "CGO_ENABLED=0 go build "+strings.Replace(build, "-o /posfleet", "-o "+filepath.Join(im.root, "posfleet"), 1))
	c.Dir = "../.."
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	im.mount(t, "tmp", 0o777)
	return im
}

// like is a root with the same program.
func (im image) like(t *testing.T) image {
	t.Helper()
	other := image{t.TempDir(), im.user}
	if err := os.Link(filepath.Join(im.root, "posfleet"), filepath.Join(other.root, "posfleet")); err != nil {
		t.Fatal(err)
	}
	return other
}

// mount makes a folder that everybody may write to.
func (im image) mount(t *testing.T, dir string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(im.root, dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(im.root, dir), mode); err != nil {
		t.Fatal(err)
	}
}

func (im image) write(t *testing.T, name, text string) {
	t.Helper()
	im.mount(t, filepath.Dir(name), 0o755)
	if err := os.WriteFile(filepath.Join(im.root, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// command runs the image's program at a place.
func (im image) command(t *testing.T, at place, args ...string) *exec.Cmd {
	t.Helper()
	if err := os.Chmod(im.root, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir := filepath.Dir(im.root); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // nobody has to come through
	}
	chroot, err := exec.LookPath("chroot")
	if err != nil {
		t.Fatal(err)
	}
	c := at.command(chroot, append([]string{"--userspec=" + im.user, im.root, "/posfleet"}, args...)...)
	c.Env = []string{"PATH=" + os.Getenv("PATH")}
	return c
}

// In an image that holds nothing but the program nobody plays a check and a run, with
// pictures; certificates are checked against its roots, and clocks keep the zone that
// TZ names.
func TestImageNeedsNothingElse(t *testing.T) {
	w := wantRoot(t)
	im, at, dir := newImage(t), w.place(t), t.TempDir()
	played := im.command(t, at, "load", "--rate", "50/s", "--for", "3s", "--terminals", "20", "--out", "/tmp/run")
	played.Env = append(played.Env, "TZ=Asia/Shanghai")
	if out, err := played.CombinedOutput(); played.ProcessState.ExitCode() != exitOK && played.ProcessState.ExitCode() != exitGenerator {
		t.Fatalf("load: %v\n%s", err, out)
	}
	rep, err := report.Read(filepath.Join(im.root, "tmp/run"))
	if err != nil {
		t.Fatal(err)
	}
	if _, east := rep.Started.Zone(); east != 8*60*60 {
		t.Errorf("in Asia/Shanghai the run began at %v", rep.Started)
	}
	for _, name := range []string{"report.html", "percentiles.svg", "percentiles.png", "histogram.png"} {
		if info, err := os.Stat(filepath.Join(im.root, "tmp/run", name)); err != nil || info.Size() == 0 {
			t.Errorf("no picture: %s %v", name, err)
		}
	}

	newAuthority(t, dir, "ca").issue(t, dir, "server", "acquirer.test")
	for name, to := range map[string]string{"ca.pem": "etc/ssl/certs/ca-certificates.crt", "server.pem": "server.pem", "server.key": "server.key"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		im.write(t, to, string(text))
	}
	if err := os.Chown(filepath.Join(im.root, "server.key"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(im.root, "server.key"), 0o400); err != nil {
		t.Fatal(err)
	}
	host := startCommand(t, "listening on", im.command(t, at, "host", "--listen", "127.0.0.1:8583", "--tls-cert", "/server.pem", "--tls-key", "/server.key"))
	im.write(t, "bank.yaml", "address: \"127.0.0.1:8583\"\ntls: {server-name: acquirer.test}\n"+string(profile.BundledYAML()))
	checked := im.command(t, at, "check", "--profile", "/bank.yaml", "core/purchase", "--out", "/tmp/checked")
	if out, err := checked.CombinedOutput(); err != nil {
		t.Errorf("check: %v\n%s", err, out)
	}
	if code := host.end(t, syscall.SIGTERM); code != exitTerminate && code != exitOK {
		t.Errorf("host: %d %s", code, &host.stderr)
	}
}

// composed is what a compose file says.
type composed struct {
	Services map[string]struct {
		Command []string
		User    string
		Secrets []string
		Deploy  struct{ Replicas int }
	}
}

// The services of deploy/compose.yaml, each in a root and a network namespace of its own, play
// a run together with the commands that stand there; it is only shorter.
func TestComposeRuns(t *testing.T) {
	w := wantRoot(t)
	text, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c composed
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	credentials := filepath.Join(t.TempDir(), "credentials")
	if code := run([]string{"agent", "credentials", credentials}, os.Stdout, os.Stderr); code != exitOK {
		t.Fatal("no credentials")
	}
	secret, err := os.ReadFile(credentials)
	if err != nil {
		t.Fatal(err)
	}
	built := newImage(t)
	at := map[string]place{"host": w.place(t), "controller": w.place(t)}
	names := fmt.Sprintf("%s host\n%s controller\n", at["host"].IP, at["controller"].IP)
	service := func(name string) (image, *process) {
		s := c.Services[name]
		im := built.like(t)
		if s.User != "" {
			im.user = s.User
		}
		im.write(t, "etc/hosts", names) // as whoever composes has it resolved
		for _, name := range s.Secrets {
			im.write(t, "run/secrets/"+name, string(secret))
			if err := os.Chmod(filepath.Join(im.root, "run/secrets", name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		im.mount(t, "tmp", 0o777)
		im.mount(t, "runs", 0o777)
		p, known := at[name]
		if !known {
			p = w.place(t)
		}
		args := strings.Fields(strings.Replace(strings.Join(s.Command, " "), "--for 60s", "--for 3s", 1))
		return im, startCommand(t, "", im.command(t, p, args...))
	}
	_, host := service("host")
	im, controller := service("controller")
	var agents []*process
	for range c.Services["agent"].Deploy.Replicas {
		_, p := service("agent")
		agents = append(agents, p)
	}
	if code := controller.end(t); code != exitOK && code != exitGenerator {
		t.Errorf("controller: %d %s", code, &controller.stderr)
	}
	for _, a := range agents {
		if code := a.end(t); code != exitOK {
			t.Errorf("agent: %d %s", code, &a.stderr)
		}
	}
	host.end(t, syscall.SIGTERM)
	var run struct{ Agents []any }
	if text, err = os.ReadFile(filepath.Join(im.root, "runs/compose/run.json")); err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err != nil || len(run.Agents) != len(agents) || len(agents) == 0 {
		t.Errorf("the run has %d agents of %d: %v", len(run.Agents), len(agents), err)
	}
}

// deploy/slurm.sh plays a run where srun and scontrol are stubs that start processes.
func TestSlurmScriptRuns(t *testing.T) {
	w := wantRoot(t)
	dir, at := t.TempDir(), w.place(t)
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program(t), filepath.Join(bin, "posfleet")); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../deploy/slurm.sh")
	if err != nil {
		t.Fatal(err)
	}
	shorter := strings.NewReplacer("--rate 20000/s", "--rate 200/s", "--for 5m", "--for 3s").Replace(string(script))
	for name, text := range map[string]string{
		"bin/scontrol": "#!/bin/sh\nfor i in 1 2 3; do echo localhost; done\n",
		"bin/srun": `#!/bin/bash
tasks=1
while [[ $1 == --* ]]; do case $1 in --ntasks=*) tasks=${1#*=} ;; esac; shift; done
pids=()
for i in $(seq "$tasks"); do "$@" & pids+=($!); done
for p in "${pids[@]}"; do wait "$p" || exit; done
`,
		"slurm.sh":  shorter,
		"bank.yaml": "address: \"127.0.0.1:8583\"\n" + string(profile.BundledYAML()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at.start(t, "listening on", "host", "--listen", "127.0.0.1:8583")
	c := at.command("bash", "slurm.sh")
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "SLURM_JOB_ID=7", "SLURM_JOB_NODELIST=n[1-3]", "SLURM_JOB_NUM_NODES=3", "PROFILE=bank.yaml")
	out, _ := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != exitOK && code != exitGenerator {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	rep, err := report.Read(filepath.Join(dir, "runs/7"))
	if err != nil || len(rep.Agents) != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "credentials-7")); err == nil {
		t.Error("credentials are left behind")
	}
}

// systemd knows every key of the unit.
func TestUnitIsSystemds(t *testing.T) {
	if !*deploying {
		t.Skip("make deploy")
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("NOT PLAYED: there is no systemd-analyze")
	}
	text, err := os.ReadFile("../../deploy/posfleet-agent.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "posfleet-agent.service")
	if err := os.WriteFile(unit, []byte(strings.Replace(string(text), "/usr/local/bin/posfleet", program(t), 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(verify, "verify", "--man=no", "--recursive-errors=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
