package host

import (
	"maps"

	"github.com/posfleet/posfleet/sim/dialect"
)

// SetParameter has the host tell a terminal a parameter of its own, when that downloads them:
// a code of two digits, and its value as [dialect.ParameterValue] reads it; none for that of
// all others.
func (h *Host) SetParameter(tid, code, value string) error {
	if _, err := dialect.ParameterValue(code, value); err != nil && value != "" {
		return err
	}
	n, err := h.numberOf(tid)
	if err != nil {
		return err
	}
	r := &h.requirements
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setParameters(n, map[string]string{code: value})
	h.noteAll(&h.journal.notes, required, r.kept(n))
	return nil
}

func (r *requirements) setParameters(number int, all map[string]string) {
	if len(all) == 0 {
		return
	}
	if r.parameters == nil {
		r.parameters = map[int]map[string]string{}
	}
	if r.parameters[number] == nil {
		r.parameters[number] = map[string]string{}
	}
	maps.Copy(r.parameters[number], all)
	maps.DeleteFunc(r.parameters[number], func(_, value string) bool { return value == "" })
	if len(r.parameters[number]) == 0 {
		delete(r.parameters, number)
	}
}
