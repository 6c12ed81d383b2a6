@reversal
Feature: Reversal
  A terminal that hears no answer must undo what it may have done, before it
  does anything else. The host undoes it if it was done, and says yes if not.

  Background:
    Given a terminal that has signed in

  @core-reversal-1
  Scenario: an unanswered purchase is reversed before the next one
    Given the line loses the next answer
    When the cardholder pays 123.45 yuan with a good card
    Then the terminal shows "交易超时"
    When the cardholder pays 20.00 yuan with a good card
    Then the terminal first sends a reversal of the unanswered payment
    And the host approves

  @core-reversal-2
  Scenario: a reversal repeats the purchase and gives its reason
    Given the line loses the next answer
    When the cardholder pays 123.45 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the reversal carries:
      | field           | value               |
      | MTI             | as the dialect says |
      | processing code | as in the original  |
      | amount          | as in the original  |
      | trace           | as in the original  |
      | entry mode      | as in the original  |
      | reversal reason | as the policy says  |
      | terminal        | as in the original  |
      | merchant        | as in the original  |
      | currency        | as in the original  |

  @core-reversal-3
  Scenario: a reversal carries neither track nor PIN
    Given the line loses the next answer
    When the cardholder pays 51.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the reversal carries:
      | field       | value  |
      | pin capture | absent |
      | track 2     | absent |
      | reference   | absent |
      | pin block   | absent |

  @core-reversal-4
  Scenario: a reversed purchase leaves the account as it was
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line loses the next answer
    And the cardholder pays 52.00 yuan with a good card
    And the terminal sends the reversal that it owes
    And the cardholder asks for the balance of a good card
    Then the balance has not changed

  @core-reversal-5
  Scenario: the reversal of a purchase that never came is acknowledged
    Given the line loses the next request
    When the cardholder pays 53.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the terminal owes no reversal

  @core-reversal-6
  Scenario: an answer that comes too late does not undo the reversal
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line brings the next answer too late
    And the cardholder pays 54.00 yuan with a good card
    Then the host does not answer
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @core-reversal-7
  Scenario: an answer with a wrong MAC counts as none
    Given the line spoils the MAC of the next answer
    When the cardholder pays 55.00 yuan with a good card
    Then the terminal rejects the answer
    And the terminal owes a reversal
    And the terminal shows "应答报文校验错"

  @core-reversal-8
  Scenario: the reversal after a wrong MAC gives A0 as its reason
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line spoils the MAC of the next answer
    And the cardholder pays 56.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field           | value              |
      | trace           | as in the original |
      | reversal reason | bad MAC            |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @core-reversal-9
  Scenario: a line that breaks in the middle of the request leaves a reversal owed
    Given the line breaks in the middle of the next request
    When the cardholder pays 57.00 yuan with a good card
    Then the line breaks
    And the terminal owes a reversal
    And the terminal shows "通讯中断"

  @core-reversal-10
  Scenario: a reversal that is not answered is sent again
    Given the policy says "reversal-tries: at least 2"
    And the line loses the next 2 answers
    When the cardholder pays 58.00 yuan with a good card
    And the cardholder pays 21.00 yuan with a good card
    Then 2 reversals have been sent
    And the host approves

  @core-reversal-11
  Scenario: a reversal that comes twice is booked once
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line loses the next answer
    And the line doubles the next request
    And the cardholder pays 59.00 yuan with a good card
    And the terminal sends the reversal that it owes
    And the cardholder asks for the balance of a good card
    Then the balance has not changed

  @core-reversal-12
  Scenario: a purchase that comes after its reversal is refused
    Given the line loses the next request
    When the cardholder pays 60.00 yuan with a good card
    And the terminal sends the reversal that it owes
    And the terminal uses the trace number of its last payment again
    And the cardholder pays 60.00 yuan with a good card
    Then the host declines
