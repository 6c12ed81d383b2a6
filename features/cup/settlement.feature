@settlement
Feature: Settlement
  At the end of a batch terminal and host compare what they have: debits and
  credits, amount and number. When they differ the terminal uploads what it
  has, the batch is closed all the same, and people look into it.

  Background:
    Given the terminal starts an empty batch

  @cup-settlement-1
  Scenario: totals that agree balance
    When the cardholder pays 100.00 yuan with a good card
    And the cardholder pays 50.50 yuan by QR code
    And the terminal settles
    Then the totals balance
    And the terminal shows "结算成功"

  @cup-settlement-2
  Scenario: an empty batch balances
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 0 yuan in 0 and credits of 0 yuan in 0

  @batch @cup-settlement-3
  Scenario: a settlement opens the next batch
    When the cardholder pays 101.00 yuan with a good card
    And the terminal settles
    And the terminal signs in again if it has signed off
    Then the batch number has gone up by one
    And the batch is empty

  @void @cup-settlement-4
  Scenario: a voided purchase counts on both sides
    When the cardholder pays 100.00 yuan with a good card
    And the cardholder pays 30.00 yuan with a good card
    And the operator voids the last purchase
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 130.00 yuan in 2 and credits of 30.00 yuan in 1

  @refund @cup-settlement-5
  Scenario: a refund counts as a credit
    When the cardholder pays 102.00 yuan with a good card
    And the operator refunds 2.00 yuan of the last purchase
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 102.00 yuan in 1 and credits of 2.00 yuan in 1

  @refusal @cup-settlement-6
  Scenario: a declined payment does not count
    When the cardholder pays 103.00 yuan with a good card
    And the cardholder pays 1000.00 yuan with a poor card
    And the terminal settles
    Then the host's totals are debits of 103.00 yuan in 1 and credits of 0 yuan in 0

  @upload @cup-settlement-7
  Scenario: a terminal that has lost a payment does not balance and uploads its details
    When the cardholder pays 104.00 yuan with a good card
    And the cardholder pays 105.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the host's totals are debits of 209.00 yuan in 2 and credits of 0 yuan in 0
    And the terminal uploads 1 details
    And the terminal shows "结算完成, 对账不平"

  @upload @cup-settlement-8
  Scenario: nine details need two upload messages
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the cardholder pays 3.00 yuan with a good card
    And the cardholder pays 4.00 yuan with a good card
    And the cardholder pays 5.00 yuan with a good card
    And the cardholder pays 6.00 yuan with a good card
    And the cardholder pays 7.00 yuan with a good card
    And the cardholder pays 8.00 yuan with a good card
    And the cardholder pays 9.00 yuan with a good card
    And the cardholder pays 10.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the terminal uploads 9 details

  @cup-settlement-9
  Scenario: a settlement request carries totals and operator, and no MAC
    When the cardholder pays 106.00 yuan with a good card
    And the terminal settles
    Then the request carries:
      | field    | value               |
      | MTI      | 0500                |
      | 11       | present             |
      | 48       | present             |
      | currency | as the dialect says |
      | 60.1     | 00                  |
      | 60.2     | present             |
      | 60.3     | 201                 |
      | 63       | present             |
      | 64       | absent              |
    And the answer carries:
      | field | value             |
      | MTI   | 0510              |
      | 11    | as in the request |
      | 15    | should be present |
      | 48    | present           |

  @foreign @cup-settlement-22
  Scenario: payments of foreign cards are counted apart
    When the cardholder pays 107.00 yuan with a good card
    And the cardholder pays 108.00 yuan with a foreign card by chip
    And the cardholder pays 109.00 yuan with a foreign card by chip
    And the operator voids the last purchase
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 324.00 yuan in 3 and credits of 109.00 yuan in 1
    And the host's totals of foreign cards are debits of 217.00 yuan in 2 and credits of 109.00 yuan in 1

  @foreign @upload @cup-settlement-23
  Scenario: only what does not balance is uploaded, and all chip payments
    When the cardholder pays 110.00 yuan with a good card
    And the cardholder pays 111.00 yuan with a foreign card by chip
    And the cardholder pays 112.00 yuan with a foreign card by chip
    And the terminal forgets its last payment
    And the terminal settles
    Then the host's totals of foreign cards are debits of 223.00 yuan in 2 and credits of 0 yuan in 0
    And the terminal uploads 1 details
    And the terminal uploads 1 chip payments
