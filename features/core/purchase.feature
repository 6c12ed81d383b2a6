@purchase
Feature: Purchase
  A purchase moves the amount from the cardholder's account to the merchant's,
  once. Whatever way the card is read, the cardholder, the terminal and the
  host must speak of the same amount.

  Background:
    Given a terminal that has signed in

  @everyday @pin @core-purchase-1
  Scenario: a purchase by stripe and PIN is approved
    When the cardholder pays 88.00 yuan with a good card
    Then the host approves
    And the terminal shows "交易成功"

  @everyday @pin @core-purchase-2
  Scenario: a purchase by chip and PIN is approved
    When the cardholder pays 156.20 yuan with a chip card by chip
    Then the host approves

  @everyday @core-purchase-3
  Scenario: a purchase by tap needs no PIN
    When the cardholder pays 9.90 yuan with a chip card by tap
    Then the host approves

  @core-purchase-4
  Scenario: a purchase with the number typed in is approved
    When the cardholder pays 61.00 yuan with a good card typed in
    Then the host approves

  @core-purchase-5
  Scenario: a purchase by stripe without PIN carries no PIN block
    When the cardholder pays 62.00 yuan with a good card by stripe without PIN
    Then the host approves
    And the request carries:
      | field       | value              |
      | entry mode  | stripe without PIN |
      | pin capture | absent             |
      | pin block   | absent             |

  @core-purchase-6
  Scenario: the request of a purchase by stripe says what was read and what is paid
    When the cardholder pays 123.45 yuan with a good card
    Then the request carries:
      | field           | value               |
      | MTI             | as the dialect says |
      | pan             | absent              |
      | processing code | as the dialect says |
      | amount          | 000000012345        |
      | trace           | present             |
      | entry mode      | stripe and PIN      |
      | track 2         | present             |
      | terminal        | present             |
      | merchant        | present             |
      | currency        | as the dialect says |
      | pin block       | present             |
      | MAC             | present             |

  @core-purchase-7
  Scenario: the answer brings back what was asked, and a reference
    When the cardholder pays 64.00 yuan with a good card
    Then the host approves
    And the answer carries:
      | field              | value               |
      | MTI                | as the dialect says |
      | processing code    | as in the request   |
      | amount             | as in the request   |
      | trace              | as in the request   |
      | local time         | present             |
      | local date         | present             |
      | reference          | present             |
      | authorisation code | should be present   |
      | response code      | approved            |
      | terminal           | as in the request   |
      | merchant           | as in the request   |
      | currency           | as in the request   |
      | MAC                | present             |

  @core-purchase-8
  Scenario: the account goes down by the amount of the purchase
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 77.77 yuan with a good card
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 77.77 yuan

  @core-purchase-9
  Scenario: one fen can be paid
    When the cardholder pays 0.01 yuan with a good card
    Then the host approves

  @core-purchase-10
  Scenario: nothing cannot be paid
    When the cardholder pays 0.00 yuan with a good card
    Then the host answers "invalid amount"
    And the terminal shows "无效金额"

  @everyday @refusal @core-purchase-11
  Scenario: an account with too little money is declined
    When the cardholder pays 1000.00 yuan with a poor card
    Then the host answers as for a poor card
    And the terminal shows the text of the answer

  @refusal @core-purchase-12
  Scenario: a wrong PIN is declined
    When the cardholder pays 66.00 yuan with a wrong-pin card
    Then the host answers as for a wrong-pin card
    And the terminal shows the text of the answer

  @duplicate @core-purchase-13
  Scenario: a trace number is good for one payment only
    When the cardholder pays 67.00 yuan with a good card
    Then the host approves
    When the terminal uses the trace number of its last payment again
    And the cardholder pays 67.00 yuan with a good card
    Then the host answers "duplicate"
    And the terminal shows "拒绝, 重复交易, 请稍后重试"

  @duplicate @core-purchase-14
  Scenario: a purchase that reaches the host twice is paid once
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line doubles the next request
    And the cardholder pays 68.00 yuan with a good card
    Then the host approves
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 68.00 yuan

  @duplicate @core-purchase-29
  Scenario: a purchase is answered once
    When the cardholder pays 68.50 yuan with a good card
    Then the host approves
    And no further answer comes

  @trace @core-purchase-15
  Scenario: the trace number after 999999 is 000001
    When the terminal signs off
    And the terminal signs in
    And the next trace number is 999999
    And the line loses the next answer
    And the cardholder asks for the balance of a good card
    Then the request carries:
      | field | value  |
      | trace | 999999 |
    When the cardholder pays 69.50 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value  |
      | trace | 000001 |
