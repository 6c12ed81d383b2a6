package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The names that a run of agents has while its controller lives: the folder of what they
// have sent, the file in it that says how another controller goes on with the run, and in
// the folder of each agent its summary from before it played.
const (
	AgentsName     = "agents"
	ControllerName = "controller.json"
	BegunName      = "begun.json"
)

// summaryOf is where a folder has its summary: an agent's, of which not all has come, has
// the one from before it played alone. begun says that it is that.
func summaryOf(dir string) (name string, begun bool) {
	name = filepath.Join(dir, summaryName)
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, BegunName)); err == nil {
			return filepath.Join(dir, BegunName), true
		}
	}
	return name, false
}

// withAgents is a run that agents play and that no controller has brought to its end, as
// far as their logs tell it: its own is written when all have come, and is a part of them
// where the controller was killed while it wrote. It is nil of a run of another kind.
func (r *Report) withAgents(dir string, log *Log) *Report {
	at := filepath.Join(dir, AgentsName)
	folders := agentFolders(at)
	_, err := os.Stat(filepath.Join(at, ControllerName))
	goesOn := err == nil && len(log.Seconds)+len(log.Phases) == 0
	if r.Incomplete != cutShort || !goesOn && len(folders) == 0 {
		return nil
	}
	attach := ""
	if goesOn {
		attach = "; posfleet load --attach " + ShellWord(dir) + " goes on with it, where its controller is no more"
	}
	why := []string{r.Incomplete, "what its agents have sent is in " + at + " and added up here" + attach}
	var sum *Report
	for _, folder := range folders {
		name := "agent " + filepath.Base(folder)
		part, err := Read(folder)
		if err == nil && len(part.Seconds) == 0 && part.SignIn.Terminals == 0 {
			why = append(why, "nothing of "+name+" has come")
			continue
		}
		if err == nil {
			_, torn, _ := strings.Cut(part.Incomplete, "; ") // beside that it is not whole
			part.Incomplete = ""
			if torn != "" {
				why = append(why, name+": "+torn)
			}
			part.Named(name)
			part.Incomplete = UnderWay // its promises are not judged
			if sum == nil {
				sum = part
			} else {
				err = sum.Join(part)
			}
		}
		if err != nil {
			why = append(why, fmt.Sprintf("%s is left out: %v", name, err))
		}
	}
	if sum == nil {
		why[1] = "its agents have sent nothing" + attach
		sum = &Report{Validity: r.Validity}
	}
	sum.Run, sum.Part, sum.Plan, sum.Environment, sum.Started = r.Run, r.Part, r.Plan, r.Environment, r.Started
	sum.Journal, sum.Incomplete = nil, strings.Join(why, "; ") // each agent has its own
	return sum
}

// agentFolders are those of agents: 2, and 2-2 where another one took its share over.
func agentFolders(at string) []string {
	all, _ := filepath.Glob(filepath.Join(at, "*"))
	all = slices.DeleteFunc(all, func(dir string) bool {
		name, _ := summaryOf(dir)
		_, err := os.Stat(name)
		return err != nil
	})
	number := func(dir string) int {
		n, _, _ := strings.Cut(filepath.Base(dir), "-")
		k, _ := strconv.Atoi(n)
		return k
	}
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return all
}
