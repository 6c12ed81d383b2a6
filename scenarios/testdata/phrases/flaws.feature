Feature: Requests that are wrong
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the next request {flaw}
    Given a terminal that has signed in
    And the next request carries no MAC
    When the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @fails
  Scenario: the next request {flaw}
    Given a terminal that has signed in
    And the next request carries a MAC of zeros
    When the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: the terminal reverses the last purchase {misfit}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal reverses the last purchase for one fen more
    Then the host declines

  @fails
  Scenario: the terminal reverses the last purchase {misfit}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal reverses the last purchase under another trace number
    Then the host declines

  @holds
  Scenario: the host does not approve
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a poor card
    Then the host does not approve

  @fails
  Scenario: the host does not approve
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the host does not approve
