@integrity
Feature: Totals and reversals at their limits
  What only terminals with a settlement, and reversals that name the card, can show.

  Background:
    Given a terminal that has signed in

  @settlement @cup-integrity-1
  Scenario: totals of more than twelve digits are in error, and never begin again at nought
    Given the policy says "decimals: at least 2"
    And the terminal starts an empty batch
    When the cardholder pays 8000000000.00 yuan with a rich card
    Then the host approves
    When the operator voids the last purchase
    And the cardholder pays 8000000000.00 yuan with a rich card
    Then the host approves
    When the operator voids the last purchase
    Then the host approves
    When the terminal settles
    Then the totals are in error

  @chip @reversal @cup-integrity-2
  Scenario: a reversal with another card's number undoes nothing
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    When the cardholder pays 51.00 yuan with a chip card by chip
    Then the host approves
    When the terminal reverses the last purchase of another card
    And the cardholder asks for the balance of a chip card
    Then the balance has gone down by 51.00 yuan

  @cup-integrity-5
  Scenario: a payment in another currency than the network's
    When the next request names another currency
    And the cardholder pays 49.01 yuan with a good card
    Then the host does not approve
