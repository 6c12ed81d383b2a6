Feature: Other transactions
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the cardholder does a {transaction} of {amount} yuan with a {role} card
    Given a terminal that has signed in
    When the cardholder does a points-purchase of 1.00 yuan with a good card
    Then the host approves

  @fails
  Scenario: the cardholder does a {transaction} of {amount} yuan with a {role} card
    Given a terminal that has signed in
    When the cardholder does a purchase-void of 1.00 yuan with a good card

  @holds
  Scenario: the cardholder does a {transaction} of {amount} yuan with a {role} card {how}
    Given a terminal that has signed in
    When the cardholder does a mail-order of 1.00 yuan with a good card typed in
    Then the host approves

  @fails
  Scenario: the cardholder does a {transaction} of {amount} yuan with a {role} card {how}
    Given a terminal that has signed in
    When the cardholder does a mail-order of 1.00 yuan with a stolen card typed in
    Then the host approves

  @holds
  Scenario: the cardholder pays {amount} yuan in {n} instalments with a {role} card
    Given a terminal that has signed in
    When the cardholder pays 12.00 yuan in 12 instalments with a good card
    Then the host approves

  @fails
  Scenario: the cardholder pays {amount} yuan in {n} instalments with a {role} card
    Given a terminal that has signed in
    When the cardholder pays 12.00 yuan in 1 instalments with a good card

  @holds
  Scenario: the operator does a {transaction} to the last payment
    Given a terminal that has signed in
    When the cardholder does a reservation of 1.00 yuan with a good card
    And the operator does a reservation-void to the last payment
    Then the host approves

  @fails
  Scenario: the operator does a {transaction} to the last payment
    Given a terminal that has signed in
    When the operator does a purchase to the last payment
