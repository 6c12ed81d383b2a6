@chip
Feature: What a chip says is checked
  A chip makes a cryptogram for each payment. The issuer refuses one that is wrong, that has
  been there before, or that is about another amount than the message, in any network.

  Background:
    Given a terminal that has signed in

  @core-chip-1
  Scenario: a wrong cryptogram pays nothing
    Given the next chip sends a wrong cryptogram
    When the cardholder pays 431.00 yuan with a chip card by chip
    Then the host declines
    And the terminal owes no reversal

  @core-chip-2
  Scenario: the data of a payment before pay nothing
    When the cardholder pays 432.00 yuan with a chip card by chip
    Then the host approves
    Given the next chip sends the data of its last payment
    When the cardholder pays 432.00 yuan with a chip card by chip
    Then the host declines

  @core-chip-3
  Scenario: an amount that was changed after the chip has seen it is not paid
    Given the next chip sends another amount than the terminal
    When the cardholder pays 433.00 yuan with a chip card by chip
    Then the host declines

  @core-chip-4
  Scenario Outline: who pays by chip needs its cryptogram: the chip sends <what>
    Given the next chip sends <what>
    When the cardholder pays 434.00 yuan with a chip card by chip
    Then the host declines
    When the cardholder pays 434.00 yuan with a chip card by chip
    Then the host approves

    Examples:
      | what          |
      | no cryptogram |
      | nothing       |
