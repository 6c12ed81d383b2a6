@refund
Feature: Refund
  A refund gives a purchase back in whole or in part, also when it has long
  been settled. All refunds of a purchase together never come to more than it.

  Background:
    Given a terminal that has signed in

  @everyday @cup-refund-1
  Scenario: a purchase is refunded in part
    When the cardholder pays 80.00 yuan with a good card
    Then the host approves
    When the operator refunds 30.00 yuan of the last purchase
    Then the host approves

  @cup-refund-2
  Scenario: a refund points to its purchase by reference and date
    When the cardholder pays 81.00 yuan with a good card
    And the operator refunds 31.00 yuan of the last purchase
    Then the host approves
    And the request carries:
      | field | value        |
      | MTI   | 0220         |
      | 3     | 200000       |
      | 4     | 000000003100 |
      | 26    | absent       |
      | 37    | present      |
      | 52    | absent       |
      | 60.1  | 25           |
      | 61.1  | 000000       |
      | 61.2  | 000000       |
      | 61.3  | present      |
      | 63    | 000          |
      | 64    | present      |

  @cup-refund-3
  Scenario: two refunds may come to the whole amount
    When the cardholder pays 82.00 yuan with a good card
    And the operator refunds 50.00 yuan of the last purchase
    And the operator refunds 32.00 yuan of the last purchase
    Then the host approves

  @cup-refund-4
  Scenario: two refunds may not come to more than the whole amount
    When the cardholder pays 83.00 yuan with a good card
    And the operator refunds 50.00 yuan of the last purchase
    And the operator refunds 33.01 yuan of the last purchase
    Then the host answers "64"

  @settlement @cup-refund-5
  Scenario: a purchase is refunded after its settlement
    When the cardholder pays 84.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    And the terminal settles
    And the terminal signs in again if it has signed off
    And the operator refunds 84.00 yuan of the purchase on the slip
    Then the host approves

  @void @cup-refund-6
  Scenario: a voided purchase is not refunded
    When the cardholder pays 85.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    And the operator voids the last purchase
    And the operator refunds 85.00 yuan of the purchase on the slip
    Then the host answers "25"

  @refusal @cup-refund-13
  Scenario: a refund that names the purchase of another card gives nothing back
    When the cardholder pays 86.00 yuan with a good card
    And the cardholder pays 87.00 yuan with a chip card by chip
    And the operator refunds 20.00 yuan of the last purchase, naming "the purchase before"
    Then the host declines

  @refusal @cup-refund-14
  Scenario: a refund that names no purchase gives nothing back
    When the cardholder pays 88.00 yuan with a good card
    And the operator refunds 20.00 yuan of the last purchase, naming "no purchase"
    Then the host answers "25"
    When the operator refunds 88.00 yuan of the last purchase
    Then the host approves
