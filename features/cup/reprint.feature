@reprint
Feature: Reprints
  Slips of the open batch, and the totals of the last settlement, are printed
  again on demand, and say so. The host is not asked.

  Background:
    Given the terminal starts an empty batch

  @cup-reprint-1
  Scenario: the last slip
    When the cardholder pays 21.00 yuan with a good card
    And the cardholder pays 22.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint is marked as one
    And the reprint says "22.00"
    And the reprint says "消费"

  @cup-reprint-2
  Scenario: any slip by its voucher number
    When the cardholder pays 23.00 yuan with a good card
    And the cardholder pays 24.00 yuan with a good card
    And the operator voids the last purchase
    And the operator reprints the slip of payment 1 of the batch by its voucher number
    Then the reprint is marked as one
    And the reprint says "23.00"
    When the operator reprints the slip of payment 2 of the batch by its voucher number
    Then the reprint says "已撤销"
    When the operator reprints the slip of payment 3 of the batch by its voucher number
    Then the reprint says "消费撤销"

  @settlement @cup-reprint-3
  Scenario: the last settlement
    When the cardholder pays 25.00 yuan with a good card
    And the cardholder pays 26.00 yuan with a good card
    And the operator voids the last purchase
    And the terminal settles
    Then the totals balance
    When the operator reprints the last settlement
    Then the reprint is marked as one
    And the reprint says "2笔 51.00"
    And the reprint says "1笔 26.00"
    And the reprint says "对账平"

  @preauth @cup-reprint-4
  Scenario: the slip of a pre-authorisation
    When the cardholder pays 27.00 yuan with a good card
    And the operator pre-authorises 28.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint says "预授权"
    And the reprint says "28.00"

  @reversal @cup-reprint-5
  Scenario: a reprint leaves a reversal that is owed as it is
    When the cardholder pays 29.00 yuan with a good card
    Given the line loses the next answer
    When the cardholder pays 30.00 yuan with a good card
    And the operator reprints the last slip
    Then the reprint is marked as one
    And the reprint says "29.00"
    And the terminal owes a reversal

  @misuse @cup-reprint-6
  Scenario: no such voucher
    When the cardholder pays 31.00 yuan with a good card
    And the operator reprints the slip of a voucher number that no payment has
    Then the terminal refuses
    And the terminal shows "无此凭证号"

  @misuse @cup-reprint-7
  Scenario: an empty batch has no last slip
    When the operator reprints the last slip
    Then the terminal refuses
    And the terminal shows "无交易记录"

  @misuse @cup-reprint-8
  Scenario: what was declined has no slip
    When the cardholder pays 32.00 yuan with a poor card
    And the operator reprints the last slip
    Then the terminal refuses

  @cup-reprint-9
  Scenario: a printer that does not work keeps nobody from a slip
    When the cardholder pays 33.00 yuan with a good card
    And the printer of the terminal is broken
    And the operator reprints the last slip
    Then the reprint is marked as one
    And the reprint says "33.00"
