Feature: Reprints
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the operator reprints the last slip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint is marked as one

  @fails
  Scenario: the operator reprints the last slip
    Given the terminal starts an empty batch
    When the operator reprints the last slip
    Then the reprint is marked as one

  @holds
  Scenario: the operator reprints the slip of payment {n} of the batch by its voucher number
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the operator reprints the slip of payment 1 of the batch by its voucher number
    Then the reprint says "1.00"

  @fails
  Scenario: the operator reprints the slip of payment {n} of the batch by its voucher number
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the slip of payment 2 of the batch by its voucher number

  @holds
  Scenario: the operator reprints the slip of a voucher number that no payment has
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the slip of a voucher number that no payment has
    Then the terminal refuses

  @fails
  Scenario: the operator reprints the slip of a voucher number that no payment has
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the slip of a voucher number that no payment has
    Then the reprint is marked as one

  @holds
  Scenario: the operator reprints the last settlement
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    And the operator reprints the last settlement
    Then the reprint says "1笔 1.00"

  @fails
  Scenario: the operator reprints the last settlement
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    And the operator reprints the last settlement
    Then the reprint says "1笔 1.01"

  @holds
  Scenario: the reprint is marked as one
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint is marked as one

  @fails
  Scenario: the reprint is marked as one
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the reprint is marked as one

  @holds
  Scenario: the reprint says {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint says "1.00"

  @fails
  Scenario: the reprint says {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint says "1"
