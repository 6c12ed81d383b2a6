@reversal
Feature: Reversal at UnionPay terminals
  What else holds where terminals speak CUP: the type of the original, the
  batch, and the order of reversal and settlement.

  Background:
    Given a terminal that has signed in

  @cup-reversal-1
  Scenario: a reversal carries type and batch of the purchase, under a MAC of its own
    When the cardholder asks for the balance of a good card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder pays 123.45 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value              |
      | MTI   | 0400               |
      | 53    | absent             |
      | 60.1  | as in the original |
      | 60.2  | as in the original |
      | 61    | as the policy says |
      | 64    | present            |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @chip @cup-reversal-2
  Scenario: the reversal of a purchase by chip names the card
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder pays 130.00 yuan with a chip card by chip
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value              |
      | 2     | as in the original |
      | 14    | as in the original |
      | 22    | as in the original |
      | 23    | as in the original |
      | 35    | absent             |
    When the cardholder asks for the balance of a chip card
    Then the balance has not changed

  @settlement @cup-reversal-3
  Scenario: a reversal goes before the settlement
    Given the terminal starts an empty batch
    And the line loses the next answer
    When the cardholder pays 131.00 yuan with a good card
    And the terminal settles
    Then the totals balance
    And the host acknowledges the reversal

  @cup-reversal-4
  Scenario: a reversal with a wrong MAC is refused and sent again
    Given the policy says "reversal-tries: at least 2"
    And the policy says "reversal-accepts: not A0"
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line loses the next answer
    And the line spoils the MAC of the next request
    And the cardholder pays 132.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @cup-reversal-5
  Scenario: a reversed purchase leaves nothing to void
    Given the terminal starts an empty batch
    When the cardholder pays 133.00 yuan with a good card
    And the line loses the next answer
    And the cardholder pays 134.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the batch holds payments of 133.00 yuan in 1 and credits of 0 yuan in 0

  @cup-reversal-6
  Scenario: an unanswered purchase is reversed before a void is sent
    When the cardholder pays 135.00 yuan with a good card
    And the line loses the next answer
    And the cardholder pays 136.00 yuan with a good card
    And the operator voids the last purchase
    Then the terminal first sends a reversal of the unanswered payment
    And the host approves

  @refusal @settlement @cup-reversal-7
  Scenario: after a reversal of another amount the purchase stands
    Given the terminal starts an empty batch
    When the cardholder pays 137.00 yuan with a good card
    Then the host approves
    When the terminal sends a reversal of the last purchase with another "amount"
    Then the terminal owes no reversal
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 137.00 yuan in 1 and credits of 0.00 yuan in 0

  @settlement @cup-reversal-8
  Scenario: a reversal that names no payment undoes none
    Given the terminal starts an empty batch
    When the cardholder pays 138.00 yuan with a good card
    Then the host approves
    When the terminal sends a reversal of the last purchase with another "trace number"
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 138.00 yuan in 1 and credits of 0.00 yuan in 0
