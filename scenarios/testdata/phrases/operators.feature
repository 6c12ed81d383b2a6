Feature: Operators
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the operators have their passwords of delivery
    Given a terminal that is switched on
    When the operator changes the password to "481516"
    And the operators have their passwords of delivery
    And the operator logs in
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the operators have their passwords of delivery
    Given a terminal that is switched on
    When the operator changes the password to "481516"
    And the operators have their passwords of delivery
    And the operator logs in
    Then the terminal shows "密码错误"

  @holds
  Scenario: the operator logs in with password {text}
    Given a terminal that is switched on
    When the operator changes the password to "481516"
    And the operator logs in with password "481516"
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the operator logs in with password {text}
    Given a terminal that is switched on
    When the operator changes the password to "481516"
    And the operator logs in with password "481516"
    Then the terminal shows "密码错误"

  @holds
  Scenario: the operator changes the password to {text}
    Given a terminal that is switched on
    When the operator changes the password to "481516"
    Then the terminal shows "修改密码成功"

  @fails
  Scenario: the operator changes the password to {text}
    Given a terminal that is switched on
    When the operator changes the password to "481516"
    Then the terminal refuses

  @holds
  Scenario: the operator changes the password to {text}, but repeats {text}
    Given a terminal that is switched on
    When the operator changes the password to "481516", but repeats "481517"
    Then the terminal refuses

  @fails
  Scenario: the operator changes the password to {text}, but repeats {text}
    Given a terminal that is switched on
    When the operator changes the password to "481516", but repeats "481517"
    Then the terminal shows "修改密码成功"

  @holds
  Scenario: the operator gives a wrong old password and changes it to {text}
    Given a terminal that is switched on
    When the operator gives a wrong old password and changes it to "481516"
    Then the terminal shows "原密码不正确"

  @fails
  Scenario: the operator gives a wrong old password and changes it to {text}
    Given a terminal that is switched on
    When the operator gives a wrong old password and changes it to "481516"
    Then the terminal shows "修改密码成功"

  @holds
  Scenario: the operator changes the password to the terminal's number
    Given a terminal that is switched on
    When the operator changes the password to the terminal's number
    Then the terminal refuses

  @fails
  Scenario: the operator changes the password to the terminal's number
    Given a terminal that is switched on
    When the operator changes the password to the terminal's number
    Then the terminal shows "修改密码成功"

  @holds
  Scenario: the operator changes the password to today's date
    Given a terminal that is switched on
    When the operator changes the password to today's date
    Then the terminal refuses

  @fails
  Scenario: the operator changes the password to today's date
    Given a terminal that is switched on
    When the operator changes the password to today's date
    Then the terminal shows "修改密码成功"

  @holds
  Scenario: wrong passwords are given until the terminal waits
    Given a terminal that is switched on
    When wrong passwords are given until the terminal waits
    Then the terminal shows "密码错误次数过多, 请稍候再试"

  @fails
  Scenario: wrong passwords are given until the terminal waits
    Given a terminal that is switched on
    When wrong passwords are given until the terminal waits
    Then the terminal shows "密码错误"

  @holds
  Scenario: the terminal's pause is over
    Given a terminal that is switched on
    When wrong passwords are given until the terminal waits
    And the terminal's pause is over
    And the operator logs in
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the terminal's pause is over
    Given a terminal that is switched on
    When wrong passwords are given until the terminal waits
    And the terminal's pause is over
    And the operator logs in
    Then the terminal shows "密码错误次数过多, 请稍候再试"

  @holds
  Scenario: wrong passwords are given until the operator is locked
    Given a terminal that is switched on
    When wrong passwords are given until the operator is locked
    Then the terminal shows "操作员已锁定, 请主管解锁"

  @fails
  Scenario: wrong passwords are given until the operator is locked
    Given a terminal that is switched on
    When wrong passwords are given until the operator is locked
    Then the terminal shows "密码错误"

  @holds
  Scenario: wrong passwords are given until the supervisor is locked
    Given a terminal that is switched on
    When wrong passwords are given until the supervisor is locked
    Then the terminal shows "主管已锁定, 请重置密码"

  @fails
  Scenario: wrong passwords are given until the supervisor is locked
    Given a terminal that is switched on
    When wrong passwords are given until the supervisor is locked
    Then the terminal shows "密码错误"

  @holds
  Scenario: the supervisor unlocks the operator
    Given a terminal that is switched on
    When wrong passwords are given until the operator is locked
    And the supervisor unlocks the operator
    Then the terminal shows "操作员解锁成功"

  @fails
  Scenario: the supervisor unlocks the operator
    Given a terminal that is switched on
    When wrong passwords are given until the operator is locked
    And the supervisor unlocks the operator
    Then the terminal refuses

  @holds
  Scenario: somebody unlocks the operator with a wrong supervisor password
    Given a terminal that is switched on
    When somebody unlocks the operator with a wrong supervisor password
    Then the terminal refuses

  @fails
  Scenario: somebody unlocks the operator with a wrong supervisor password
    Given a terminal that is switched on
    When somebody unlocks the operator with a wrong supervisor password
    Then the terminal shows "操作员解锁成功"

  @holds
  Scenario: the operator's password has grown too old
    Given a terminal that is switched on
    When the operator's password has grown too old
    And the operator logs in
    Then the terminal shows "密码已到期, 请修改密码"

  @fails
  Scenario: the operator's password has grown too old
    Given a terminal that is switched on
    When the operator's password has grown too old
    And the operator logs in
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the supervisor adds a new operator with password {text}
    Given a terminal that is switched on
    When the supervisor adds a new operator with password "590327"
    Then the terminal shows "增加操作员成功"

  @fails
  Scenario: the supervisor adds a new operator with password {text}
    Given a terminal that is switched on
    When the supervisor adds a new operator with password "590327"
    Then the terminal refuses

  @holds
  Scenario: the supervisor adds operator {text} with password {text}
    Given a terminal that is switched on
    When the supervisor adds operator "00" with password "590327"
    Then the terminal refuses

  @fails
  Scenario: the supervisor adds operator {text} with password {text}
    Given a terminal that is switched on
    When the supervisor adds operator "00" with password "590327"
    Then the terminal shows "增加操作员成功"

  @holds
  Scenario: somebody adds a new operator with a wrong supervisor password
    Given a terminal that is switched on
    When somebody adds a new operator with a wrong supervisor password
    Then the terminal refuses

  @fails
  Scenario: somebody adds a new operator with a wrong supervisor password
    Given a terminal that is switched on
    When somebody adds a new operator with a wrong supervisor password
    Then the terminal shows "增加操作员成功"

  @holds
  Scenario: the new operator logs in with password {text}
    Given a terminal that is switched on
    When the supervisor adds a new operator with password "590327"
    And the new operator logs in with password "590327"
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the new operator logs in with password {text}
    Given a terminal that is switched on
    When the supervisor adds a new operator with password "590327"
    And the new operator logs in with password "590327"
    Then the terminal refuses

  @holds
  Scenario: the supervisor deletes the new operator
    Given a terminal that is switched on
    When the supervisor adds a new operator with password "590327"
    And the supervisor deletes the new operator
    Then the terminal shows "删除操作员成功"

  @fails
  Scenario: the supervisor deletes the new operator
    Given a terminal that is switched on
    When the supervisor adds a new operator with password "590327"
    And the supervisor deletes the new operator
    Then the terminal refuses

  @holds
  Scenario: the supervisor deletes the operator who is logged in
    Given a terminal that has signed in
    When the supervisor deletes the operator who is logged in
    Then the terminal refuses

  @fails
  Scenario: the supervisor deletes the operator who is logged in
    Given a terminal that has signed in
    When the supervisor deletes the operator who is logged in
    Then the terminal shows "删除操作员成功"

  @holds
  Scenario: the supervisor adds operators until the table is full
    Given a terminal that is switched on
    When the supervisor adds operators until the table is full
    Then the terminal shows "操作员已满"

  @fails
  Scenario: the supervisor adds operators until the table is full
    Given a terminal that is switched on
    When the supervisor adds operators until the table is full
    Then the terminal shows "增加操作员成功"

  @holds
  Scenario: the operator locks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    Then the terminal shows "终端已锁定"

  @fails
  Scenario: the operator locks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    Then the terminal refuses

  @holds
  Scenario: the operator unlocks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And the operator unlocks the terminal
    Then the terminal shows "操作员签到成功"

  @fails
  Scenario: the operator unlocks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And the operator unlocks the terminal
    Then the terminal refuses

  @holds
  Scenario: the operator gives a wrong password to unlock the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And the operator gives a wrong password to unlock the terminal
    Then the terminal shows "密码错误"

  @fails
  Scenario: the operator gives a wrong password to unlock the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And the operator gives a wrong password to unlock the terminal
    Then the terminal shows "操作员签到成功"

  @holds
  Scenario: another operator unlocks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And another operator unlocks the terminal
    Then the terminal shows "操作员号不符"

  @fails
  Scenario: another operator unlocks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And another operator unlocks the terminal
    Then the terminal shows "操作员签到成功"

  @holds
  Scenario: the supervisor unlocks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And the supervisor unlocks the terminal
    Then the terminal shows "操作员签到成功"

  @fails
  Scenario: the supervisor unlocks the terminal
    Given a terminal that has signed in
    When the operator locks the terminal
    And the supervisor unlocks the terminal
    Then the terminal shows "终端已锁定"

  @holds
  Scenario: a new day begins at the terminal
    Given a terminal that has signed in
    When a new day begins at the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal signed in before that

  @fails
  Scenario: a new day begins at the terminal
    Given a terminal that has signed in
    When a new day begins at the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @holds
  Scenario: the terminal loses its working keys
    Given a terminal that has signed in
    When the terminal loses its working keys
    Then the terminal is not signed in

  @fails
  Scenario: the terminal loses its working keys
    Given a terminal that has signed in
    When the terminal loses its working keys
    Then the terminal is signed in

  @holds
  Scenario: the power fails and comes back
    Given a terminal that has signed in
    When the power fails and comes back
    Then the terminal stands by

  @fails
  Scenario: the power fails and comes back
    Given a terminal that has signed in
    When the power fails and comes back
    Then the terminal shows "签到成功"

  @holds
  Scenario: the customer's screen shows {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the customer's screen shows "支付成功"

  @fails
  Scenario: the customer's screen shows {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the customer's screen shows "支付未成功, 未扣款"

  @holds
  Scenario: the terminal signed in before that
    Given a terminal that has signed in
    When a new day begins at the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal signed in before that

  @fails
  Scenario: the terminal signed in before that
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal signed in before that
