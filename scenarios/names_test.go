package scenarios

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/profile"
)

// What can be named in English features has one Chinese name, which means the same.
func TestEverythingHasAChineseName(t *testing.T) {
	transactions, policies := slices.Sorted(maps.Values(transactionsChinese)), slices.Sorted(maps.Values(policiesChinese))
	var want []string
	for tr := range dialect.Transactions {
		want = append(want, tr.String())
	}
	if slices.Sort(want); !slices.Equal(transactions, want) {
		t.Errorf("transactions with Chinese names: %q\nwant %q", transactions, want)
	}
	if want := slices.Sorted(maps.Keys(policyKeys)); !slices.Equal(policies, want) {
		t.Errorf("policies with Chinese names: %q\nwant %q", policies, want)
	}
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	d := p.Dialect
	codes := map[dialect.Role]int{}
	for name, role := range codesChinese {
		codes[role]++
		if code, err := codeOf(d, name); err != nil || code != d.Code(role) {
			t.Errorf("response code %q is %s (%v), want %s", name, code, err, d.Code(role))
		}
	}
	for role := dialect.Approved; ; role++ {
		if _, ok := dialect.RoleNamed(role.String()); !ok {
			break
		}
		if codes[role] != 1 {
			t.Errorf("response code of role %s has %d Chinese names", role, codes[role])
		}
	}
	cards := slices.Sorted(maps.Values(rolesChinese))
	if len(slices.Compact(slices.Clone(cards))) != len(cards) {
		t.Errorf("a role has two Chinese names: %q", cards)
	}
	for _, role := range cards {
		if !profile.Known(role) {
			t.Errorf("%q is no role that features name", role)
		}
	}
	for _, c := range p.Cards {
		if !slices.Contains(cards, c.Role) && !strings.HasPrefix(c.Role, dialect.CodeRole) { // 应答 and the code
			t.Errorf("cards of role %s have no Chinese name", c.Role)
		}
	}
}

// The sentence about the policy says in Chinese what it says in English.
func TestPolicyIsSaidInChinese(t *testing.T) {
	p, err := profile.Bundled("cup", 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		chinese, english string
		fits             bool
	}{
		{"冲正次数: 至少2", "reversal-tries: at least 2", true},
		{"冲正次数：至少9", "reversal-tries: at least 9", false},
		{"冲正次数: 3", "reversal-tries: 3", true},
		{"验证主管密码: 是", "supervisor: true", true},
		{"冲正失败终止交易: 否", "abort-on-reversal: false", false},
		{"冲正认可的应答码: 不含00", "reversal-accepts: not 00", false},
		{"冲正认可的应答码: 不含ZZ", "reversal-accepts: not ZZ", true},
		{"签到方式: 004或" + string(p.SignIn), "sign-in: 004 or " + string(p.SignIn), true},
	} {
		for _, text := range []string{c.chinese, c.english} {
			if _, err := policySays(Args{Profile: p, Words: map[string][]string{"text": {text}}}); (err == nil) != c.fits {
				t.Errorf("%q: %v, want it to fit: %t", text, err, c.fits)
			}
		}
	}
	for _, text := range []string{"冲正次: 2", "冲正次数", "冲正次数: 至少二"} {
		_, err := policySays(Args{Profile: p, Words: map[string][]string{"text": {text}}})
		if _, lacking := err.(*Need); err == nil || lacking {
			t.Errorf("%q: %v, want it refused", text, err)
		}
	}
}
