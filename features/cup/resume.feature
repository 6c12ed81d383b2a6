@settlement
Feature: A settlement that is cut off
  Once the totals have been compared the host is not asked for them again: the
  upload goes on at the record where the power went, and so does its end.

  Background:
    Given the terminal starts an empty batch

  @resume @cup-resume-1
  Scenario: an upload goes on with the details that are left
    Given the policy says "auto-sign-off: false"
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the cardholder pays 3.00 yuan with a good card
    And the cardholder pays 4.00 yuan with a good card
    And the cardholder pays 5.00 yuan with a good card
    And the cardholder pays 6.00 yuan with a good card
    And the cardholder pays 7.00 yuan with a good card
    And the cardholder pays 8.00 yuan with a good card
    And the cardholder pays 9.00 yuan with a good card
    And the cardholder pays 10.00 yuan with a good card
    And the terminal forgets its last payment
    And the power fails after 8 details of a settlement
    Then 12 messages have been sent
    When the terminal settles
    Then the totals do not balance
    And the batch is empty
    And 14 messages have been sent

  @resume @cup-resume-2
  Scenario: nothing was uploaded before the power went
    Given the policy says "auto-sign-off: false"
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the cardholder pays 3.00 yuan with a good card
    And the cardholder pays 4.00 yuan with a good card
    And the cardholder pays 5.00 yuan with a good card
    And the cardholder pays 6.00 yuan with a good card
    And the cardholder pays 7.00 yuan with a good card
    And the cardholder pays 8.00 yuan with a good card
    And the cardholder pays 9.00 yuan with a good card
    And the cardholder pays 10.00 yuan with a good card
    And the terminal forgets its last payment
    And the power fails after 0 details of a settlement
    Then 11 messages have been sent
    When the terminal settles
    Then the batch is empty
    And 14 messages have been sent
