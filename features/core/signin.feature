@signin
Feature: Sign-in
  Before its first payment a terminal asks the host for working keys. It takes
  them only when their check values are right: with wrong keys no PIN could be
  read and no MAC would fit.

  @core-signin-1
  Scenario: an operator signs the terminal in and it gets working keys
    Given a terminal that is switched on
    When the operator logs in
    And the terminal signs in
    Then the host approves
    And the working keys are right
    And the terminal shows "签到成功"

  @core-signin-2
  Scenario: the answer to a sign-in carries keys, date and time
    Given a terminal that is switched on
    When the operator logs in
    And the terminal signs in
    Then the answer carries:
      | field         | value               |
      | MTI           | as the dialect says |
      | trace         | as in the request   |
      | local time    | should be present   |
      | local date    | should be present   |
      | response code | approved            |
      | terminal      | as in the request   |
      | merchant      | as in the request   |
      | working keys  | present             |

  @core-signin-3
  Scenario: keys of a second sign-in replace those of the first
    Given a terminal that has signed in
    When the terminal signs in
    And the cardholder pays 18.00 yuan with a good card
    Then the host approves

  @core-signin-4
  Scenario: after a sign-in that reaches the host twice terminal and host agree on keys again
    Given a terminal that is switched on
    And the line doubles the next request
    When the operator logs in
    And the terminal signs in
    And the cardholder pays 18.50 yuan with a good card
    And the cardholder pays 18.60 yuan with a good card
    And the cardholder pays 18.70 yuan with a good card
    Then the host approves

  @core-signin-5
  Scenario: a terminal that the host does not know gets no keys
    Given a terminal that the host does not know
    When the terminal signs in
    Then the host answers "unknown terminal"
    And the answer carries:
      | field        | value  |
      | working keys | absent |
    And the terminal is not signed in
    And the terminal shows "终端未登记"

  @core-signin-6
  Scenario: nobody signs in before an operator has logged in
    Given a terminal that is switched on
    When the terminal signs in
    Then the terminal refuses
    And the terminal shows "请输入操作员号"

  @core-signin-7
  Scenario: a terminal that has not signed in takes no payment
    Given a terminal that is switched on
    When the operator logs in
    Then the terminal is not signed in
    When the cardholder pays 19.00 yuan with a good card
    Then the terminal refuses
    And the terminal shows "请先签到"

  @core-signin-17
  Scenario: keys that do not check sign the terminal off, and its policy says what becomes of the old ones
    Given a terminal that has signed in
    And the next working keys come with a wrong check value
    When the terminal signs in
    Then the terminal rejects the answer
    And the terminal is not signed in
    And the terminal has its old keys as the policy says
    When the cardholder pays 19.20 yuan with a good card
    Then the terminal refuses
    When the terminal signs in
    And the cardholder pays 19.30 yuan with a good card
    Then the host approves

  @signoff @core-signoff-1
  Scenario: after sign-off the terminal is no longer signed in
    Given a terminal that has signed in
    When the terminal signs off
    Then the host approves
    And the terminal is not signed in
    And the terminal shows "签退成功"

  @signoff @core-signoff-2
  Scenario: after sign-off and sign-in the terminal pays again
    Given a terminal that has signed in
    When the terminal signs off
    And the terminal signs in
    And the cardholder pays 19.50 yuan with a good card
    Then the host approves
