Feature: Electronic cash
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the cardholder loads {amount} yuan from a {role} card onto a cash card
    Given a terminal that has signed in
    When the cardholder loads 1.00 yuan from a good card onto a cash card
    Then the host approves

  @fails
  Scenario: the cardholder loads {amount} yuan from a {role} card onto a cash card
    Given a terminal that has signed in
    When the cardholder loads 1.00 yuan from a poor card onto a cash card
    Then the host approves

  @holds
  Scenario: the chip has {amount} yuan more of electronic cash
    Given a terminal that has signed in
    When the cardholder does an account-load of 1.00 yuan with a cash card by chip
    Then the chip has 1.00 yuan more of electronic cash

  @fails
  Scenario: the chip has {amount} yuan more of electronic cash
    Given a terminal that has signed in
    When the cardholder does an account-load of 1.00 yuan with a cash card by chip
    Then the chip has 1.01 yuan more of electronic cash

  @holds
  Scenario: the chip has {amount} yuan less of electronic cash
    Given a terminal that has signed in
    When the cardholder does a cash-load of 1.00 yuan with a cash card by chip
    And the operator does a cash-load-void to the last payment
    Then the chip has 1.00 yuan less of electronic cash

  @fails
  Scenario: the chip has {amount} yuan less of electronic cash
    Given a terminal that has signed in
    When the cardholder does a cash-load of 1.00 yuan with a cash card by chip
    Then the chip has 1.00 yuan less of electronic cash

  @holds
  Scenario: the electronic cash on the chip has not changed
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a cash card by chip
    Then the electronic cash on the chip has not changed

  @fails
  Scenario: the electronic cash on the chip has not changed
    Given a terminal that has signed in
    When the cardholder does a cash-load of 1.00 yuan with a cash card by chip
    Then the electronic cash on the chip has not changed
