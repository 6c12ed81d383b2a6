Feature: Becoming a merchant
  A shop applies with its papers, the acquirer reviews them by its rules, and only then
  is there a contract, a number and a terminal.

  @merchant @shop-merchant-1
  Scenario: a company applies, is approved, signs and takes its first payment
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved
    When the shop signs the contract
    And the acquirer issues a terminal to the merchant
    Then the terminal is "issued"
    When the terminal signs in with its activation code
    Then the host approves
    And the terminal is "active"
    When the cardholder pays 88.00 yuan with a good card
    Then the host approves
    And the statement adds up
