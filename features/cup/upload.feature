@settlement @upload
Feature: What a settlement uploads
  When the totals balance the terminal uploads its chip payments alone, each with
  what its chip says. When they do not it uploads everything: advices and refunds as
  they were sent, payments eight a message, then those of chips.

  Background:
    Given the terminal starts an empty batch

  @chip @cup-upload-1
  Scenario: a batch that balances has its chip payments uploaded
    When the cardholder pays 31.00 yuan with a good card
    And the cardholder pays 32.00 yuan with a chip card by chip
    And the cardholder pays 3.30 yuan with a chip card by tap
    And the terminal settles
    Then the totals balance
    And the terminal uploads 2 details
    And the terminal uploads 2 chip payments

  @chip @cup-upload-2
  Scenario: a batch that does not balance has everything uploaded
    When the cardholder pays 34.00 yuan with a good card
    And the operator refunds 4.00 yuan of the last purchase
    And the cardholder pays 35.00 yuan with a chip card by chip
    And the cardholder pays 36.00 yuan with a good card
    And the cardholder pays 37.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the terminal uploads 4 details
    And the terminal uploads 1 advices
    And the terminal uploads 1 chip payments

  @chip @cup-upload-3
  Scenario: a chip that declined what the host approved is told of
    Given the next chip finds its issuer's answer wrong
    When the cardholder pays 38.00 yuan with a chip card by chip
    Then the terminal owes a reversal
    When the terminal settles
    Then the totals balance
    And the terminal uploads 1 notices of chip payments
    And the terminal uploads 0 chip payments

  @chip @resume @cup-upload-4
  Scenario: the upload of chip payments goes on where the power went
    Given the policy says "auto-sign-off: false"
    When the cardholder pays 39.00 yuan with a chip card by chip
    And the cardholder pays 40.00 yuan with a chip card by chip
    And the power fails after 1 details of a settlement
    When the terminal settles
    Then the totals balance
    And the batch is empty

  @chip @cup-upload-8
  Scenario: it is told of also when the totals do not balance
    Given the next chip finds its issuer's answer wrong
    When the cardholder pays 41.00 yuan with a chip card by chip
    Then the chip declines
    When the terminal sends the reversal that it owes
    And the cardholder pays 42.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the terminal uploads 1 notices of chip payments
