Feature: Approvals of a part
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  Background:
    Given a terminal that has signed in

  @holds
  Scenario: the terminal takes approvals of a part
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 1.00 yuan more than the balance of a prepaid card
    Then the host approves a part of the amount
    When the operator voids the last purchase

  @fails
  Scenario: the terminal takes approvals of a part
    Given the terminal takes approvals of a part
    When the cardholder pays 1.00 yuan with a poor card
    Then the host approves a part of the amount

  @holds
  Scenario: the terminal takes no approval of a part
    Given the terminal takes no approval of a part
    When the cardholder pays 2000.00 yuan with a prepaid card
    Then the host answers "51"

  @fails
  Scenario: the terminal takes no approval of a part
    Given the terminal takes no approval of a part
    When the cardholder pays 2000.00 yuan with a prepaid card
    Then the host approves a part of the amount

  @holds
  Scenario: the cardholder pays {amount} yuan more than the balance of a {role} card
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 1.00 yuan more than the balance of a prepaid card
    Then the host answers "51"

  @fails
  Scenario: the cardholder pays {amount} yuan more than the balance of a {role} card
    When the cardholder pays 1.00 yuan more than the balance of a prepaid card

  @holds
  Scenario: the host approves a part of the amount
    Given the terminal takes approvals of a part
    When the cardholder pays 2000.00 yuan with a prepaid card
    Then the host approves a part of the amount
    When the operator voids the last purchase

  @fails
  Scenario: the host approves a part of the amount
    Given the terminal takes approvals of a part
    When the cardholder pays 2.00 yuan with a good card
    Then the host approves a part of the amount

  @holds
  Scenario: the terminal shows that {amount} yuan are left to pay
    Given the terminal takes approvals of a part
    When the cardholder asks for the balance of a prepaid card
    Then the balance is known
    When the cardholder pays 1.00 yuan more than the balance of a prepaid card
    Then the terminal shows that 1.00 yuan are left to pay
    When the operator voids the last purchase

  @fails
  Scenario: the terminal shows that {amount} yuan are left to pay
    When the cardholder pays 2.00 yuan with a good card
    Then the terminal shows that 1.00 yuan are left to pay

  @holds
  Scenario: the cardholder refuses the part
    Given the terminal takes approvals of a part
    When the cardholder pays 2000.00 yuan with a prepaid card
    When the cardholder refuses the part
    Then the terminal owes no reversal

  @fails
  Scenario: the cardholder refuses the part
    When the cardholder pays 2.00 yuan with a good card
    When the cardholder refuses the part
    Then the terminal shows "冲正成功"

  @holds
  Scenario: the operator voids the last purchase for the amount that was asked
    Given the terminal takes approvals of a part
    When the cardholder pays 2000.00 yuan with a prepaid card
    When the operator voids the last purchase for the amount that was asked
    Then the host declines
    When the cardholder refuses the part

  @fails
  Scenario: the operator voids the last purchase for the amount that was asked
    When the cardholder pays 2.00 yuan with a good card
    When the operator voids the last purchase for the amount that was asked

  @holds
  Scenario: the operator refunds all that was asked of the last purchase
    Given the terminal takes approvals of a part
    When the cardholder pays 2000.00 yuan with a prepaid card
    When the operator refunds all that was asked of the last purchase
    Then the host declines
    When the cardholder refuses the part

  @fails
  Scenario: the operator refunds all that was asked of the last purchase
    When the cardholder pays 2.00 yuan with a good card
    When the operator refunds all that was asked of the last purchase

  @holds
  Scenario: the operator refunds the last purchase
    When the cardholder pays 2.00 yuan with a good card
    When the operator refunds the last purchase
    Then the host approves

  @fails
  Scenario: the operator refunds the last purchase
    When the operator refunds the last purchase
    Then the host approves
