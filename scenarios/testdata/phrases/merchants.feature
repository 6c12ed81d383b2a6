Feature: Merchants
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: a shop that wants to become a merchant
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @fails
  Scenario: a shop that wants to become a merchant
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "papers-missing"

  @holds
  Scenario: a shop without a licence that wants to become a merchant
    Given a shop without a licence that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @fails
  Scenario: a shop without a licence that wants to become a merchant
    Given a shop without a licence that wants to become a merchant
    And the application says "kind: company"
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @holds
  Scenario: the application says {text}
    Given a shop that wants to become a merchant
    And the application says "mcc: 7995"
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "trade-forbidden"

  @fails
  Scenario: the application says {text}
    Given a shop that wants to become a merchant
    And the application says "mcc: 7995"
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @holds
  Scenario: the shop is on the risk list
    Given a shop that wants to become a merchant
    And the shop is on the risk list
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "blacklisted"

  @fails
  Scenario: the shop is on the risk list
    Given a shop that wants to become a merchant
    And the shop is on the risk list
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @holds
  Scenario: the shop applies
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @fails
  Scenario: the shop applies
    Given a shop that wants to become a merchant
    When the shop applies
    And the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @holds
  Scenario: the shop corrects its application: {text}
    Given a shop that wants to become a merchant
    And the application says "without: inside"
    When the shop applies
    And the acquirer reviews the application
    And the shop corrects its application: "with: inside"
    And the acquirer reviews the application
    Then the application is approved

  @fails
  Scenario: the shop corrects its application: {text}
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop corrects its application: "with: inside"
    Then the application is approved

  @holds
  Scenario: the acquirer reviews the application
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @fails
  Scenario: the acquirer reviews the application
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the acquirer reviews the application
    Then the application is approved

  @holds
  Scenario: the acquirer reviews the application and finds {text}
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application and finds "a photo unclear"
    Then the application is refused for "papers-unclear"

  @fails
  Scenario: the acquirer reviews the application and finds {text}
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application and finds "the phone unanswered"
    Then the application is refused for "papers-unclear"

  @holds
  Scenario: the application is approved
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @fails
  Scenario: the application is approved
    Given a shop that wants to become a merchant
    When the shop applies
    Then the application is approved

  @holds
  Scenario: the application is refused for {text}
    Given a shop that wants to become a merchant
    And the application says "without: inside"
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "papers-missing"

  @fails
  Scenario: the application is refused for {text}
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "papers-missing"

  @holds
  Scenario: the shop signs the contract
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    Then the audit log says "application-signed"

  @fails
  Scenario: the shop signs the contract
    Given a shop that wants to become a merchant
    When the shop applies
    And the shop signs the contract
    Then the audit log says "application-signed"

  @holds
  Scenario: nobody signs for {n} days
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And nobody signs for 31 days
    Then the audit log says "application-lapsed"

  @fails
  Scenario: nobody signs for {n} days
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And nobody signs for 29 days
    Then the audit log says "application-lapsed"

  @holds
  Scenario: the host refuses: {text}
    Given a shop that wants to become a merchant
    When the shop applies
    And the shop signs the contract
    Then the host refuses: "submitted"

  @fails
  Scenario: the host refuses: {text}
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    Then the host refuses: "submitted"

  @holds
  Scenario: a merchant on plan {text}
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the host approves

  @fails
  Scenario: a merchant on plan {text}
    Given a merchant on plan "Moonlight"

  @holds
  Scenario: the acquirer {deed} the merchant
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the merchant
    And the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @fails
  Scenario: the acquirer {deed} the merchant
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the merchant
    And the acquirer resumes the merchant
    And the cardholder pays 1.00 yuan with a good card
    Then the host declines
