@dukpt
Feature: Keys that are derived for each transaction
  A terminal's key serial number counts its transactions. No number serves
  twice, nor do the keys that are derived from it.

  @dukpt-serial-1
  Scenario: a key serial number serves once
    Given a terminal that has signed in
    When the cardholder pays 49.02 yuan with a good card
    Then the host approves
    When the next request carries a key serial number that was used before
    And the cardholder pays 49.03 yuan with a good card
    Then the host does not approve
    When the cardholder pays 49.04 yuan with a good card
    Then the host approves
