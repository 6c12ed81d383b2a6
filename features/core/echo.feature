@echo
Feature: Echo test
  An echo test asks whether the line and the host are there. It needs no keys,
  and it changes nothing.

  @core-echo-1
  Scenario: the host answers an echo test before sign-in
    Given a terminal that is switched on
    When the terminal tests the line
    Then the host approves
    And the terminal shows "回响测试成功"

  @core-echo-2
  Scenario: a line that broke in the middle of an answer is built up again
    Given a terminal that has signed in
    And the line breaks in the middle of the next answer
    When the terminal tests the line
    Then the line breaks
    When the terminal tests the line
    Then the host approves

  @core-echo-3
  Scenario: an unanswered echo test owes no reversal
    Given a terminal that has signed in
    And the line loses the next request
    When the terminal tests the line
    Then the host does not answer
    And the terminal owes no reversal
