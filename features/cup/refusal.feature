@refusal
Feature: Refusals
  A decline moves no money, owes no reversal, and tells the operator in the
  words of the terminal what to do: keep the card, try again, or stop.

  Background:
    Given a terminal that has signed in

  @pickup @cup-refusal-1
  Scenario Outline: a <role> card is to be kept
    When the cardholder pays 31.00 yuan with a <role> card
    Then the host answers "<code>"
    And the terminal shows "<text>"

    Examples:
      | role    | code | text           |
      | pick-up | 04   | 此卡被没收     |
      | suspect | 34   | 作弊卡, 吞卡   |
      | lost    | 41   | 挂失卡, 请没收 |
      | stolen  | 43   | 被窃卡, 请没收 |

  @cup-refusal-2
  Scenario Outline: a <role> card is declined
    When the cardholder pays 32.00 yuan with a <role> card
    Then the host answers "<code>"
    And the terminal shows "<text>"

    Examples:
      | role                   | code | text                         |
      | sleeping               | 21   | 该卡未初始化或睡眠卡         |
      | not-permitted          | 57   | 不允许此卡交易               |
      | terminal-not-permitted | 58   | 发卡方不允许该卡在本终端交易 |
      | restricted             | 62   | 受限制的卡                   |
      | too-often              | 65   | 超出消费次数限制             |
      | tries-exceeded         | 75   | 密码错误次数超限             |

  @pickup @cup-refusal-3
  Scenario: a stolen card is refused by tap as well
    When the cardholder pays 3.00 yuan with a stolen card by tap
    Then the host answers "43"

  @balance @cup-refusal-4
  Scenario: a lost card gets no balance
    When the cardholder asks for the balance of a lost card
    Then the host answers "41"

  @preauth @cup-refusal-5
  Scenario: a restricted card holds nothing
    When the operator pre-authorises 33.00 yuan with a restricted card
    Then the host answers "62"

  @reversal @cup-refusal-6
  Scenario: a network failure is a decline, not a lost answer
    When the cardholder pays 34.00 yuan with a system-error card
    Then the host answers "96"
    And the terminal owes no reversal

  @pin @cup-refusal-7
  Scenario: after a wrong PIN the next cardholder can pay
    When the cardholder pays 35.00 yuan with a wrong-pin card
    Then the host answers "55"
    When the cardholder pays 35.00 yuan with a good card
    Then the host approves
