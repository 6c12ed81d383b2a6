Feature: The host's clock
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: {n} days pass at the host
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And 31 days pass at the host
    And the shop signs the contract
    Then the host refuses: "is lapsed"

  @fails
  Scenario: {n} days pass at the host
    Given a shop that wants to become a merchant
    When 31 days pass at the host

  @holds
  Scenario: it is {text} at the host
    Given a merchant on plan "Lantern Counter"
    And it is "23:00" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the last payment counts for "the next day"

  @fails
  Scenario: it is {text} at the host
    Given a merchant on plan "Lantern Counter"
    And it is "24:00" at the host

  @holds
  Scenario: the last payment counts for {text}
    Given a merchant on plan "Lantern Counter"
    And it is "12:00" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the last payment counts for "the same day"

  @fails
  Scenario: the last payment counts for {text}
    Given a merchant on plan "Lantern Counter"
    And it is "12:00" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the last payment counts for "the next day"
