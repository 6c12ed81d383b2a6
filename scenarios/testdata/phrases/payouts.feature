Feature: Fees and payouts
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the fee of the last posting is {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the fee of the last posting is 0.50 yuan

  @fails
  Scenario: the fee of the last posting is {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the fee of the last posting is 0.51 yuan

  @holds
  Scenario: the fees of the day are {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the cardholder pays 100.00 yuan with a good card
    Then the fees of the day are 1.00 yuan

  @fails
  Scenario: the fees of the day are {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the fees of the day are 0.49 yuan

  @holds
  Scenario: of the fees the issuer has {amount} yuan, the network {amount} yuan and the acquirer {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a chip card by chip
    Then of the fees the issuer has 0.45 yuan, the network 0.03 yuan and the acquirer 0.12 yuan

  @fails
  Scenario: of the fees the issuer has {amount} yuan, the network {amount} yuan and the acquirer {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a chip card by chip
    Then of the fees the issuer has 0.45 yuan, the network 0.03 yuan and the acquirer 0.11 yuan

  @holds
  Scenario: the statement comes to {amount} yuan, {amount} yuan of fees and {amount} yuan net
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the statement comes to 100.00 yuan, 0.50 yuan of fees and 99.50 yuan net

  @fails
  Scenario: the statement comes to {amount} yuan, {amount} yuan of fees and {amount} yuan net
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the statement comes to 100.00 yuan, 0.50 yuan of fees and 99.49 yuan net

  @holds
  Scenario: the statement adds up
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the statement adds up

  @fails
  Scenario: the statement adds up
    Given a merchant on plan "Lantern Counter"
    Then the statement adds up

  @holds
  Scenario: the statement as a spreadsheet says the same
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the statement as a spreadsheet says the same

  @fails
  Scenario: the statement as a spreadsheet says the same
    Given a merchant on plan "Lantern Counter"
    Then the statement as a spreadsheet says the same

  @holds
  Scenario: the acquirer pays out after {n} days
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the acquirer pays out after 14 days
    Then 99.50 yuan are paid out

  @fails
  Scenario: the acquirer pays out after {n} days
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the acquirer pays out after 0 days
    Then 99.50 yuan are paid out

  @holds
  Scenario: {amount} yuan are paid out
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the acquirer pays out after 14 days
    Then 99.50 yuan are paid out

  @fails
  Scenario: {amount} yuan are paid out
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the acquirer pays out after 14 days
    Then 100.00 yuan are paid out

  @holds
  Scenario: the merchant is owed {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the merchant is owed 99.50 yuan

  @fails
  Scenario: the merchant is owed {amount} yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the merchant is owed 100.00 yuan

  @holds
  Scenario: the value date is the {text}
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the value date is the "next working day"

  @fails
  Scenario: the value date is the {text}
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the value date is the "same day"
