package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/posfleet/posfleet/scenarios"
	"github.com/posfleet/posfleet/sim/audit"
	"github.com/posfleet/posfleet/sim/host/admin"
	"github.com/posfleet/posfleet/sim/profile"
)

// An agent holds its terminals' journals against the bundled host's payments as one process
// does; where these may not be all, or are not to be had, it says nothing of any.
func TestAgentsTellDisputedPayments(t *testing.T) {
	one := bookedSlip{Kind: "purchase", State: "approved", Batch: 1, Trace: 7, Amount: 88_00}
	back := bookedSlip{Kind: "refund", State: "approved", Batch: 1, Trace: 8, Amount: 30_00}
	undone := bookedSlip{Kind: "purchase", State: "reversed", Batch: 1, Trace: 9, Amount: 5_00}
	told := map[string]any{
		"/v1/terminals/10000001/activity": map[string]any{"payments": []bookedSlip{one, back, undone}},
		"/v1/terminals/10000002/activity": map[string]any{"tid": "10000002"},
		"/v1/terminals/10000003/activity": map[string]any{"payments": slices.Repeat([]bookedSlip{one}, admin.MostSlips)},
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if told[r.URL.Path] == nil || r.Header.Get("Authorization") != "Bearer token" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(told[r.URL.Path])
	}))
	defer s.Close()
	api := &scenarios.Admin{URL: s.URL, Token: profile.Secret("token")}
	if got := bookedAt(api, "10000001"); !slices.Equal(got, []audit.Payment{{Terminal: "10000001", Batch: 1, Trace: 7, Amount: 88_00}, {Terminal: "10000001", Batch: 1, Trace: 8, Amount: -30_00}}) {
		t.Errorf("%+v", got)
	}
	if got := bookedAt(api, "10000002"); got == nil || len(got) > 0 {
		t.Errorf("of a terminal without payments: %+v", got)
	}
	for _, tid := range []string{"10000003", "10000004"} {
		if got := bookedAt(api, tid); got != nil {
			t.Errorf("of terminal %s: %+v", tid, got)
		}
	}
}
