Feature: Another payment's name
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  Background:
    Given a terminal with a signature pad
    And a terminal that has signed in

  @holds
  Scenario: the terminal sends a reversal of the last purchase with another {text}
    When the cardholder pays 10.00 yuan with a good card
    And the terminal sends a reversal of the last purchase with another "amount"
    Then the host refuses the reversal

  @fails
  Scenario: the terminal sends a reversal of the last purchase with another {text}
    When the terminal sends a reversal of the last purchase with another "amount"

  @holds
  Scenario: the host refuses the reversal
    When the cardholder pays 10.00 yuan with a good card
    And the terminal sends a reversal of the last purchase with another "amount"
    Then the host refuses the reversal

  @fails
  Scenario: the host refuses the reversal
    When the cardholder pays 10.00 yuan with a good card
    And the terminal sends a reversal of the last purchase with another "trace number"
    Then the host refuses the reversal

  @holds
  Scenario: the operator refunds {amount} yuan of the last purchase, naming {text}
    When the cardholder pays 10.00 yuan with a good card
    And the operator refunds 1.00 yuan of the last purchase, naming "no purchase"
    Then the host declines

  @fails
  Scenario: the operator refunds {amount} yuan of the last purchase, naming {text}
    When the cardholder pays 10.00 yuan with a good card
    And the operator refunds 1.00 yuan of the last purchase, naming "the purchase before"

  @holds
  Scenario: the cardholder signs, and the image names another {text}
    When the cardholder pays 10.00 yuan with a good card
    And the cardholder signs, and the image names another "amount"
    Then the host does not take the signature

  @fails
  Scenario: the cardholder signs, and the image names another {text}
    When the cardholder signs, and the image names another "amount"
    Then the host does not take the signature

  @holds
  Scenario: the host does not take the signature
    When the cardholder pays 10.00 yuan with a good card
    And the cardholder signs, and the image names another "reference number"
    Then the host does not take the signature

  @fails
  Scenario: the host does not take the signature
    When the cardholder pays 10.00 yuan with a good card
    And the cardholder signs on the pad
    Then the host does not take the signature
