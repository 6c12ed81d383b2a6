package report

// LimitResult is one promise and whether the run kept it.
type LimitResult struct {
	Limit string // as it was asked
	Seen  string // what the run showed, as reports print it
	OK    bool
	Why   string // why it is not kept or cannot be told; empty when OK
}
