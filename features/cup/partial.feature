@partial
Feature: Approval of a part
  A prepaid card may have less than is to be paid. Where the terminal says that it takes
  that (field 60.6), the host approves what there is (code 10, the amount in field 4), and
  the rest is paid in another way. The batch, a void and a refund are about the part; a
  reversal is about the amount that was asked, as the payment was.

  Background:
    Given a terminal that has signed in

  @cup-partial-1
  Scenario: a card pays what it has, and the terminal shows what is left to pay
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    And the terminal shows that 20.00 yuan are left to pay
    And the request carries:
      | field | value |
      | 60.6  | 1     |
    And the answer carries:
      | field | value   |
      | 37    | present |
      | 39    | 10      |
      | 64    | present |
    When the operator reprints the last slip
    Then the reprint says "部分批准"
    And the reprint says "20.00"
    When the operator voids the last purchase
    Then the host approves
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed

  @cup-partial-2
  Scenario: a host approves no part unasked
    Given the terminal takes no approval of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host answers "insufficient funds"
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed

  @cup-partial-10
  Scenario: what is left is paid with another card
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    When the operator voids the last purchase
    Then the host approves
    When the cardholder pays 20.00 yuan with a good card
    Then the host approves

  @cup-partial-3
  Scenario: who has enough pays all, also at a terminal that takes a part
    Given the terminal takes approvals of a part
    When the cardholder pays 30.00 yuan with a good card
    Then the host approves

  @cup-partial-4
  Scenario: a void for the amount that was asked is refused, the void of the part is not
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    When the operator voids the last purchase for the amount that was asked
    Then the host answers "original differs"
    When the operator voids the last purchase
    Then the host approves
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed

  @cup-partial-5
  Scenario: a reversal whose answer was lost gives the whole part back
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host does not answer
    And the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the terminal owes no reversal
    And the reversal carries:
      | field | value              |
      | 4     | as in the original |
      | 11    | as in the original |
      | 39    | as the policy says |
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed

  @cup-partial-6
  Scenario: whom the part does not serve pays nothing
    Given the terminal takes approvals of a part
    And the terminal starts an empty batch
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    When the cardholder refuses the part
    Then the terminal owes no reversal
    And the reversal carries:
      | field | value              |
      | 4     | as in the original |
      | 11    | as in the original |
    And the batch is empty
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed

  @cup-partial-7
  Scenario: refunds go up to the part
    Given the policy says "refund-limit: 0.00 or at least 10000.00"
    And the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    When the operator refunds all that was asked of the last purchase
    Then the host declines
    When the operator refunds the last purchase
    Then the host approves
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed

  @settlement @cup-partial-8
  Scenario: the batch balances with what was approved
    Given the terminal takes approvals of a part
    And the terminal starts an empty batch
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    When the operator voids the last purchase
    Then the host approves
    When the terminal settles
    Then the totals balance

  @cup-partial-9
  Scenario: an approval of a part with a wrong MAC is none
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    Given the line spoils the MAC of the next answer
    When the cardholder pays 20.00 yuan more than the balance of a prepaid card
    Then the terminal rejects the answer
    And the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the terminal owes no reversal
    When the cardholder asks for the balance of a prepaid card
    Then the balance has not changed
