Feature: Signed in, but the payment did not go through
  For each cause the screen says what it is, the report says it in words, and the
  operator is told what to do next.

  Background:
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    Then the host approves

  @notpaid @guide-6.3 @shop-notpaid-1
  Scenario Outline: the card: <role>
    Given the host is to answer "<code>" to a <role> card
    When the customer pays the order with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer
    And the report says "<report>"
    And the next step is "<next>"
    And the terminal owes no reversal

    Examples:
      | role          | code | report                                        | next                                          |
      | poor          | 51   | not enough money                              | ask for another card                          |
      | too-often     | 65   | above the limit for a number of payments      | ask for another card                          |
      | wrong-pin     | 55   | wrong PIN                                     | have the PIN typed again                      |
      | expired       | 54   | the card has expired                          | ask for another card                          |
      | stolen        | 43   | the card was stolen                           | keep the card and call the bank               |
      | lost          | 41   | the card was lost                             | keep the card and call the bank               |
      | sleeping      | 21   | the card is not active                        | the cardholder asks the issuer                |
      | restricted    | 62   | the card is restricted                        | ask for another card                          |
      | not-permitted | 57   | not allowed to this card                      | ask for another card                          |
      | invalid       | 14   | no such card number                           | ask for another card                          |
      | issuer-down   | 91   | the issuer cannot be reached                  | try again later                               |
      | system-error  | 96   | the host has a fault                          | try again later                               |

  @notpaid @guide-6.0 @shop-notpaid-2
  Scenario: another card pays what the first could not
    Given the host is to answer "51" to a poor card
    When the customer pays the order with a poor card
    Then the next step is "ask for another card"
    When the customer pays the order with a good card
    Then the host approves
    And the order is "paid"
    And the next step is "nothing is left to do"

  @notpaid @guide-6.3 @shop-notpaid-3
  Scenario: the answer does not come in time
    Given the line loses the next answer
    When the customer pays the order with a good card
    Then the terminal shows "交易超时"
    And the report says "no answer in time"
    And the next step is "query the order; if it is not paid, the terminal reverses the payment"
    And the terminal owes a reversal

  @notpaid @guide-6.3 @shop-notpaid-4
  Scenario: the line breaks while the request is sent
    Given the line breaks in the middle of the next request
    When the customer pays the order with a good card
    Then the terminal shows "通讯中断"
    And the report says "line broken"
    And the next step is "query the order; if it is not paid, the terminal reverses the payment"
    When the operator queries the order
    Then the order is "confirmed"

  @notpaid @guide-6.3 @shop-notpaid-5
  Scenario: the line breaks while the answer comes
    Given the line breaks in the middle of the next answer
    When the customer pays the order with a good card
    Then the terminal shows "通讯中断"
    And the order is "unknown"
    When the operator queries the order
    Then the order is "paid"
    And the next step is "nothing is left to do"

  @notpaid @guide-6.3 @shop-notpaid-6
  Scenario: the MAC of the answer is wrong
    Given the line spoils the MAC of the next answer
    When the customer pays the order with a good card
    Then the terminal shows "应答报文校验错"
    And the report says "MAC"
    And the next step is "query the order; if it is not paid, the terminal reverses the payment"
    When the operator queries the order
    Then the order is "paid"

  @notpaid @guide-6.3 @shop-notpaid-7
  Scenario: the MAC of the request is wrong, and the terminal signs in again
    Given the line spoils the MAC of the next request
    When the customer pays the order with a good card
    Then the host answers "bad MAC"
    And the report says "A0: the host finds the MAC wrong"
    And the next step is "sign in again, then repeat the payment"
    When the customer pays the order with a good card
    Then the host approves

  @notpaid @guide-6.3 @shop-notpaid-8
  Scenario: the batch is not the host's
    Given the terminal has lost its batch number
    When the customer pays the order with a good card
    Then the host answers "sign in first"
    And the next step is "sign in again, then repeat the payment"
    When the customer pays the order with a good card
    Then the host approves

  @notpaid @guide-6.3 @shop-notpaid-9
  Scenario: the terminal has signed off
    When the terminal signs off
    And the customer pays the order with a good card
    Then the terminal refuses
    And the terminal shows "请先签到"
    And the report says "it has not signed in"
    And the next step is "sign in again, then repeat the payment"

  @notpaid @guide-6.3a @shop-notpaid-10
  Scenario: nothing is paid twice after a timeout
    Given the line loses the next answer
    When the customer pays the order with a good card
    And the operator queries the order
    And the customer pays the order with a good card
    Then the host refuses because "the order is paid already"
    And the terminal owes no reversal

  @notpaid @guide-6.3 @shop-notpaid-11
  Scenario: one fen more than the card's limit
    When the cardholder pays one fen more than the limit of an over-limit card
    Then the host answers "over limit"
    And the report says "above the limit for an amount"
    And the next step is "ask for another way to pay"
