@operator
Feature: Who may work at the terminal
  An operator gives number and password before anything is sold. The password
  is chosen by rules, grows old, and whoever tries too often is locked out until
  the supervisor lets them in again. The host hears of none of this.

  Background:
    Given a terminal that is switched on
    And the operators have their passwords of delivery

  @guide-2.2 @shop-operator-1
  Scenario: nothing is sold before an operator has given the password
    When the operator logs in with a wrong password
    And the terminal signs in
    Then the terminal refuses
    And the terminal shows "请输入操作员号"

  @guide-3.3 @shop-operator-2
  Scenario Outline: a password of <digits> digits may be chosen, and opens the terminal
    Given the policy says "passwords.least: 4 or 5 or 6"
    And the policy says "passwords.most: 8"
    When the operator changes the password to "<password>"
    Then the terminal shows "修改密码成功"
    When the operator logs in with password "<password>"
    And the terminal signs in
    And the cardholder pays 31.00 yuan with a good card
    Then the host approves

    Examples:
      | digits | password |
      | 6      | 481516   |
      | 8      | 48151623 |

  @guide-3.3 @shop-operator-3
  Scenario Outline: a password of <digits> digits is refused
    Given the policy says "passwords.least: 6"
    And the policy says "passwords.most: 8"
    When the operator changes the password to "<password>"
    Then the terminal refuses
    And the terminal shows "密码应为6至8位数字"

    Examples:
      | digits | password  |
      | 5      | 48151     |
      | 9      | 481516234 |

  @guide-4.2 @shop-operator-4
  Scenario Outline: <what> is no password
    Given the policy says "passwords.complex: true"
    When the operator changes the password to "<password>"
    Then the terminal refuses
    And the terminal shows "<shown>"

    Examples:
      | what                   | password | shown                  |
      | a run upwards          | 234567   | 密码不能为连续数字     |
      | a run downwards        | 987654   | 密码不能为连续数字     |
      | one digit over and over | 888888  | 密码不能为重复数字     |
      | a pair over and over   | 464646   | 密码不能为重复数字     |

  @guide-4.2 @shop-operator-5
  Scenario: the number on the machine is no password
    Given the policy says "passwords.complex: true"
    And the policy says "passwords.most: 8"
    When the operator changes the password to the terminal's number
    Then the terminal refuses
    And the terminal shows "密码不能为终端号或日期"

  @guide-3.3 @shop-operator-6
  Scenario: after too many wrong passwords the terminal waits, and then takes the right one
    When wrong passwords are given until the terminal waits
    Then the terminal refuses
    When the operator logs in
    Then the terminal refuses
    And the terminal shows "密码错误次数过多, 请稍候再试"
    When the terminal's pause is over
    And the operator logs in
    And the terminal signs in
    Then the host approves

  @guide-3.3 @shop-operator-7
  Scenario: an operator who is locked is let in by the supervisor
    When wrong passwords are given until the operator is locked
    And the operator logs in
    Then the terminal refuses
    And the terminal shows "操作员已锁定, 请主管解锁"
    When the supervisor unlocks the operator
    Then the terminal shows "操作员解锁成功"
    When the operator logs in
    And the terminal signs in
    And the cardholder pays 32.00 yuan with a good card
    Then the host approves

  @guide-3.3 @shop-operator-8
  Scenario: nobody else lets a locked operator in
    When wrong passwords are given until the operator is locked
    And somebody unlocks the operator with a wrong supervisor password
    Then the terminal refuses
    And the terminal shows "主管密码错误"
    When the operator logs in
    Then the terminal refuses
    And the terminal shows "操作员已锁定, 请主管解锁"

  @guide-2.2 @guide-4.2 @shop-operator-9
  Scenario: a password that has grown too old must be changed before anything is sold
    When the operator's password has grown too old
    And the operator logs in
    Then the terminal refuses
    And the terminal shows "密码已到期, 请修改密码"
    When the operator changes the password to "481516"
    And the operator logs in with password "481516"
    And the terminal signs in
    Then the host approves

  @guide-4.2 @shop-operator-10
  Scenario: an old password opens nothing after it was changed
    Given the policy says "passwords.tells: true"
    When the operator changes the password to "481516"
    And the operator logs in
    Then the terminal refuses
    And the terminal shows "密码错误"

  @guide-4.2 @shop-operator-11
  Scenario: the old password must be right before it is changed
    Given the policy says "passwords.tells: true"
    When the operator gives a wrong old password and changes it to "481516"
    Then the terminal refuses
    And the terminal shows "原密码不正确"
    When the operator logs in
    Then the terminal shows "请做联机签到"

  @guide-4.2 @shop-operator-12
  Scenario: one of the latest passwords does not come back
    Given the policy says "passwords.unlike: at least 2"
    When the operator changes the password to "481516"
    And the operator changes the password to "590327"
    And the operator changes the password to "481516"
    Then the terminal refuses
    And the terminal shows "不能使用最近用过的密码"

  @shop-operator-13
  Scenario: the supervisor adds an operator, who sells
    When the supervisor adds a new operator with password "590327"
    Then the terminal shows "增加操作员成功"
    When the new operator logs in with password "590327"
    And the terminal signs in
    And the cardholder pays 33.00 yuan with a good card
    Then the host approves

  @shop-operator-14
  Scenario: an operator who was deleted is nobody
    Given the policy says "passwords.tells: true"
    When the supervisor adds a new operator with password "590327"
    And the supervisor deletes the new operator
    Then the terminal shows "删除操作员成功"
    When the new operator logs in with password "590327"
    Then the terminal refuses
    And the terminal shows "操作员不存在"

  @shop-operator-15
  Scenario: a locked screen opens for who locked it
    When the operator logs in
    And the terminal signs in
    And the operator locks the terminal
    And the cardholder pays 34.00 yuan with a good card
    Then the terminal refuses
    And the terminal shows "终端已锁定"
    When another operator unlocks the terminal
    Then the terminal refuses
    And the terminal shows "操作员号不符"
    When the operator unlocks the terminal
    And the cardholder pays 34.00 yuan with a good card
    Then the host approves
