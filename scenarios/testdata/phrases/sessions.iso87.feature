Feature: Sessions
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the terminal changes its working keys
    Given a terminal that has signed in
    When the terminal changes its working keys
    Then the host approves

  @fails
  Scenario: the terminal changes its working keys
    Given a terminal that is switched on
    When the terminal changes its working keys
    Then the host approves

  @holds
  Scenario: the terminal tells the host that the day ends
    Given a terminal that has signed in
    When the terminal tells the host that the day ends
    Then the host approves

  @fails
  Scenario: the terminal tells the host that the day ends
    Given a terminal that is switched on
    When the terminal tells the host that the day ends
    Then the host approves
