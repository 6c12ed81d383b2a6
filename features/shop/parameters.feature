@download
Feature: What the parameters that a terminal downloads come to
  The acquirer says by parameters what a terminal may do, and how. A terminal obeys what it has
  downloaded, over a power cut too, until it has others.

  Background:
    Given a terminal that has signed in

  @shop-parameters-1
  Scenario: a terminal obeys the parameters that it has downloaded, until it has others
    When the bank sets parameter "20" of the terminal to "0"
    And the terminal downloads its "parameters"
    Then the host approves
    When the cardholder pays 48.10 yuan with a good card typed in
    Then the terminal refuses
    And the terminal shows "不允许手输卡号"
    When the cardholder pays 48.10 yuan with a good card
    Then the host approves
    When the bank sets parameter "20" of the terminal to "1"
    And the terminal downloads its "parameters"
    And the cardholder pays 48.20 yuan with a good card typed in
    Then the host approves

  @shop-parameters-2
  Scenario: transactions that the parameters do not allow are not sent
    When the bank sets parameter "26" of the terminal to "C0000000"
    And the terminal downloads its "parameters"
    And the cardholder pays 48.30 yuan with a good card
    Then the host approves
    When the operator voids the last purchase
    Then the terminal refuses
    And the terminal shows "不支持该交易"
    When the cardholder asks for the balance of a good card
    Then the host approves

  @settlement @shop-parameters-3
  Scenario: tips up to so many percent, told before the settlement alone
    Given the terminal starts an empty batch
    When the bank sets parameter "19" of the terminal to "05"
    And the bank sets parameter "24" of the terminal to "0"
    And the terminal downloads its "parameters"
    And the cardholder pays 100.00 yuan with a good card
    And the operator adds a tip of 5.01 yuan to the last purchase
    Then the terminal refuses
    And the terminal shows "小费超限"
    When the operator adds a tip of 5.00 yuan to the last purchase
    And the cardholder pays 48.40 yuan with a good card
    Then the terminal has 1 offline payments to upload
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 153.40 yuan in 3 and credits of 0.00 yuan in 0

  @reversal @shop-parameters-4
  Scenario: a reversal is tried as often as the parameters say
    When the bank sets parameter "23" of the terminal to "1"
    And the terminal downloads its "parameters"
    Given the line loses the next 2 answers
    When the cardholder pays 48.50 yuan with a good card
    Then the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the terminal shows "冲正不成功, 请与客服联系"

  @misuse @shop-parameters-5
  Scenario: parameters outlive a power cut
    When the bank sets parameter "18" of the terminal to "0"
    And the terminal downloads its "parameters"
    And the power fails and comes back
    And operator "01" logs in with password "0000"
    And the terminal signs in
    And the cardholder pays 48.60 yuan with a good card
    And the operator adds a tip of 1.00 yuan to the last purchase
    Then the terminal refuses
    And the terminal shows "不允许小费"
