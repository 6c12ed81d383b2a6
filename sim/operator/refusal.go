package operator

import "fmt"

// Refusal is what a table does not allow.
type Refusal uint8

// The refusals.
const (
	Unknown          Refusal = iota + 1 // nobody has the number
	Wrong                               // password
	Denied                              // one of the two, which is not told
	Paused                              // too many wrong tries: wait
	Locked                              // too many wrong tries: the supervisor unlocks
	SupervisorLocked                    // too many wrong tries: a reset unlocks
	SupervisorWrong                     // the supervisor's password
	Due                                 // the password must be changed: it is too old
	Reset                               // the password is dead: it was reset at the host
	OldWrong                            // when changing: the old password
	Differ                              // the new password and its repetition
	Run                                 // 123456
	Repeat                              // 111111
	Guessable                           // the terminal's number, the date
	Used                                // one of the latest
	Exists                              // an operator of the number
	Reserved                            // the number: 00 and 99 are no operators who sell
	LoggedIn                            // who is to be deleted
	Full                                // the table
	refusals
)

// said is what a refusal is in English, and what the terminal shows. Where real
// terminals have a text it is theirs (docs/sources.md).
var said = [refusals]struct{ words, display string }{
	Unknown:          {"there is no such operator", "操作员不存在"},
	Wrong:            {"wrong password", "密码错误"},
	Denied:           {"wrong number or password", "操作员号或密码错误"},
	Paused:           {"too many wrong passwords, it waits", "密码错误次数过多, 请稍候再试"},
	Locked:           {"the operator is locked", "操作员已锁定, 请主管解锁"},
	SupervisorLocked: {"the supervisor is locked", "主管已锁定, 请重置密码"},
	SupervisorWrong:  {"wrong supervisor password", "主管密码错误"},
	Due:              {"the password is too old and must be changed", "密码已到期, 请修改密码"},
	Reset:            {"the password was reset", "密码已失效, 请重置密码"},
	OldWrong:         {"the old password is wrong", "原密码不正确"},
	Differ:           {"the new password and its repetition differ", "两次输入密码不符"},
	Run:              {"the password is a run of digits", "密码不能为连续数字"},
	Repeat:           {"the password repeats itself", "密码不能为重复数字"},
	Guessable:        {"the password is the terminal's number or the date", "密码不能为终端号或日期"},
	Used:             {"the password is one of the latest", "不能使用最近用过的密码"},
	Exists:           {"there is such an operator", "操作员已存在"},
	Reserved:         {"operators are 01 to 98", "操作员号应为01至98"},
	LoggedIn:         {"the operator is logged in", "不能删除已签到的操作员"},
	Full:             {"no more operators fit", "操作员已满"},
}

func (r Refusal) Error() string { return said[r].words }

// Display is what the terminal shows.
func (r Refusal) Display() string { return said[r].display }

// Length is the refusal of a new password that is too short or too long.
type Length struct{ Least, Longest int }

func (l *Length) Error() string {
	return fmt.Sprintf("a password has %d to %d digits", l.Least, l.Longest)
}

// Display is what the terminal shows.
func (l *Length) Display() string {
	if l.Least == l.Longest {
		return fmt.Sprintf("密码应为%d位数字", l.Least)
	}
	return fmt.Sprintf("密码应为%d至%d位数字", l.Least, l.Longest)
}
