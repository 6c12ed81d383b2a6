Feature: The terminal
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: a terminal that is switched on
    Given a terminal that is switched on
    Then the terminal is not signed in

  @fails
  Scenario: a terminal that is switched on
    Given a terminal that is switched on
    Then the terminal is signed in

  @holds
  Scenario: a terminal that has signed in
    Given a terminal that has signed in
    Then the terminal is signed in

  @fails
  Scenario: a terminal that has signed in
    Given a terminal that has signed in
    Then the terminal is not signed in

  @holds
  Scenario: operator {text} logs in with password {text}
    Given a terminal that is switched on
    When operator "01" logs in with password "0000"
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: operator {text} logs in with password {text}
    Given a terminal that is switched on
    When operator "01" logs in with password "9999"
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the terminal signs in
    Given a terminal that has signed in
    When the terminal signs in
    Then the host approves

  @fails
  Scenario: the terminal signs in
    Given a terminal that the host does not know
    When the terminal signs in
    Then the host approves

  @holds
  Scenario: the terminal signs off
    Given a terminal that has signed in
    When the terminal signs off
    Then the terminal is not signed in

  @fails
  Scenario: the terminal signs off
    Given a terminal that has signed in
    When the terminal signs off
    Then the terminal is signed in

  @holds
  Scenario: the terminal tests the line
    Given a terminal that has signed in
    When the terminal tests the line
    Then the host approves

  @fails
  Scenario: the terminal tests the line
    Given a terminal that has signed in
    And the line loses the next answer
    When the terminal tests the line
    Then the host approves

  @holds
  Scenario: the terminal is switched off and on again
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the terminal is switched off and on again
    Then the terminal owes a reversal

  @fails
  Scenario: the terminal is switched off and on again
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the terminal is switched off and on again
    Then the terminal owes no reversal

  @holds
  Scenario: the terminal uses the trace number of its last payment again
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal uses the trace number of its last payment again
    And the cardholder pays 1.00 yuan with a good card
    Then the host answers "94"

  @fails
  Scenario: the terminal uses the trace number of its last payment again
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal uses the trace number of its last payment again
    And the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: the next trace number is {n}
    Given a terminal that has signed in
    And the next trace number is 999999
    When the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @fails
  Scenario: the next trace number is {n}
    Given the next trace number is 1000000

  @holds
  Scenario: the terminal has lost its batch number
    Given a terminal that has signed in
    And the terminal has lost its batch number
    When the cardholder pays 1.00 yuan with a good card
    Then the host answers "77"

  @fails
  Scenario: the terminal has lost its batch number
    Given a terminal that has signed in
    And the terminal has lost its batch number
    When the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: the terminal believes that it has signed in
    Given a terminal that has signed in
    When the terminal signs off
    And the terminal believes that it has signed in
    And the cardholder pays 1.00 yuan with a good card
    Then the host answers "77"

  @fails
  Scenario: the terminal believes that it has signed in
    Given a terminal that has signed in
    When the terminal signs off
    And the terminal believes that it has signed in
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @holds
  Scenario: a terminal that the host does not know
    Given a terminal that the host does not know
    When the terminal signs in
    Then the host answers "97"

  @fails
  Scenario: a terminal that the host does not know
    Given a terminal that the host does not know
    When the terminal signs in
    Then the working keys are right

  @holds
  Scenario: the working keys are right
    Given a terminal that has signed in
    When the terminal signs in
    Then the working keys are right

  @fails
  Scenario: the working keys are right
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the working keys are right

  @holds
  Scenario: the terminal is signed in
    Given a terminal that has signed in
    Then the terminal is signed in

  @fails
  Scenario: the terminal is signed in
    Given a terminal that is switched on
    Then the terminal is signed in

  @holds
  Scenario: the terminal is not signed in
    Given a terminal that is switched on
    Then the terminal is not signed in

  @fails
  Scenario: the terminal is not signed in
    Given a terminal that has signed in
    Then the terminal is not signed in

  @holds
  Scenario: the terminal shows {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal shows "交易成功"

  @fails
  Scenario: the terminal shows {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal shows "交易超时"

  @holds
  Scenario: the terminal refuses
    Given a terminal that is switched on
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @fails
  Scenario: the terminal refuses
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @holds
  Scenario: the terminal has signed in again by itself
    Given a terminal that has signed in
    And the terminal has lost its batch number
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal has signed in again by itself

  @fails
  Scenario: the terminal has signed in again by itself
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal has signed in again by itself

  @holds
  Scenario: the operator logs in
    Given a terminal that is switched on
    When the operator logs in
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the operator logs in
    Given a terminal that is switched on
    When the operator logs in
    Then the terminal shows "密码错误"

  @holds
  Scenario: the operator logs in with a wrong password
    Given a terminal that is switched on
    When the operator logs in with a wrong password
    Then the terminal shows "密码错误"

  @fails
  Scenario: the operator logs in with a wrong password
    Given a terminal that is switched on
    When the operator logs in with a wrong password
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: another operator logs in
    Given a terminal that is switched on
    When another operator logs in
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: another operator logs in
    Given a terminal that is switched on
    When another operator logs in
    Then the terminal refuses

  @holds
  Scenario: an operator who does not exist logs in
    Given a terminal that is switched on
    When an operator who does not exist logs in
    Then the terminal shows "操作员不存在"

  @fails
  Scenario: an operator who does not exist logs in
    Given a terminal that is switched on
    When an operator who does not exist logs in
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the supervisor logs in
    Given a terminal that is switched on
    When the supervisor logs in
    Then the terminal shows "操作员管理"

  @fails
  Scenario: the supervisor logs in
    Given a terminal that is switched on
    When the supervisor logs in
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the administrator logs in
    Given a terminal that is switched on
    When the administrator logs in
    Then the terminal shows "操作员管理"

  @fails
  Scenario: the administrator logs in
    Given a terminal that is switched on
    When the administrator logs in
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the policy says {text}
    Given the policy says "reversal-tries: at least 2"
    Given a terminal that is switched on
    Then the terminal is not signed in

  @fails
  Scenario: the policy says {text}
    Given a terminal that is switched on
    And the policy says "supervisor: false"

  @holds
  Scenario: the terminal signs in again if it has signed off
    Given a terminal that has signed in
    When the terminal signs off
    And the terminal signs in again if it has signed off
    Then the terminal is signed in

  @fails
  Scenario: the terminal signs in again if it has signed off
    Given a terminal that has signed in
    When the terminal signs off
    And the terminal signs in again if it has signed off
    Then the terminal is not signed in

  @holds
  Scenario: the terminal shows the text of the answer
    Given a terminal that has signed in
    When the cardholder pays 1000.00 yuan with a poor card
    Then the terminal shows the text of the answer

  @fails
  Scenario: the terminal shows the text of the answer
    Given a terminal that is switched on
    When the operator logs in
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal shows the text of the answer

  @holds
  Scenario: the terminal signs in for keys of block {text}
    Given a terminal that has signed in
    When the terminal signs in for keys of block "003"
    Then the host approves

  @fails
  Scenario: the terminal signs in for keys of block {text}
    Given a terminal that has signed in
    When the terminal signs in for keys of block "009"

  @holds
  Scenario: the next working keys come with a wrong check value
    Given a terminal that has signed in
    Given the next working keys come with a wrong check value
    When the terminal signs in
    Then the terminal is not signed in

  @fails
  Scenario: the next working keys come with a wrong check value
    Given a terminal that has signed in
    Given the next working keys come with a wrong check value
    When the terminal signs in
    Then the terminal is signed in

  @holds
  Scenario: the terminal has its old keys as the policy says
    Given a terminal that has signed in
    And the next working keys come with a wrong check value
    When the terminal signs in
    Then the terminal has its old keys as the policy says

  @fails
  Scenario: the terminal has its old keys as the policy says
    Given a terminal that has signed in
    And water gets into the terminal
    Then the terminal has its old keys as the policy says
