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

  @holds
  Scenario: the operator does a {transaction} to the same payment again
    Given a terminal that has signed in
    When the cardholder does a reservation of 1.00 yuan with a good card
    And the operator does a reservation-void to the last payment
    And the operator does a reservation-void to the same payment again
    Then the host answers "25"

  @fails
  Scenario: the operator does a {transaction} to the same payment again
    Given a terminal that has signed in
    When the operator does a reservation-void to the same payment again

  @holds
  Scenario: the operator settles {amount} yuan offline with a {role} card under authorisation code {text}
    Given the terminal starts an empty batch
    When the operator settles 1.00 yuan offline with a good card under authorisation code "123456"
    And the terminal settles
    Then the totals balance

  @fails
  Scenario: the operator settles {amount} yuan offline with a {role} card under authorisation code {text}
    Given a terminal that has signed in
    When the operator settles 1.00 yuan offline with a good card under authorisation code "1"

  @holds
  Scenario: the operator completes the pre-authorisation with {amount} yuan by an advice that waits
    Given the terminal starts an empty batch
    When the operator pre-authorises 10.00 yuan with a good card
    And the operator completes the pre-authorisation with 9.00 yuan by an advice that waits
    And the terminal settles
    Then the totals balance

  @fails
  Scenario: the operator completes the pre-authorisation with {amount} yuan by an advice that waits
    Given a terminal that has signed in
    When the operator completes the pre-authorisation with 9.00 yuan by an advice that waits
    Then the host approves

  @holds
  Scenario: the operator adjusts the last purchase to {amount} yuan
    Given the terminal starts an empty batch
    When the cardholder pays 10.00 yuan with a good card
    And the operator adjusts the last purchase to 10.50 yuan
    And the terminal settles
    Then the totals balance

  @fails
  Scenario: the operator adjusts the last purchase to {amount} yuan
    Given the terminal starts an empty batch
    When the operator adjusts the last purchase to 10.50 yuan
    Then the host approves

  @holds
  Scenario: the operator adds a tip of {amount} yuan to the last purchase
    Given the terminal starts an empty batch
    When the cardholder pays 10.00 yuan with a good card
    And the operator adds a tip of 1.00 yuan to the last purchase
    And the terminal settles
    Then the totals balance

  @fails
  Scenario: the operator adds a tip of {amount} yuan to the last purchase
    Given the terminal starts an empty batch
    When the operator adds a tip of 1.00 yuan to the last purchase
    Then the host approves
