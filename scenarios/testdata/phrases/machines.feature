Feature: Merchants' terminals
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the acquirer issues a terminal to the merchant
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    Then the terminal is "issued"

  @fails
  Scenario: the acquirer issues a terminal to the merchant
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer closes the merchant
    And the acquirer issues a terminal to the merchant
    Then the terminal is "issued"

  @holds
  Scenario: the terminal signs in with its activation code
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    When the terminal signs in with its activation code
    Then the host approves

  @fails
  Scenario: the terminal signs in with its activation code
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    And the acquirer unbinds the terminal
    When the terminal signs in with its activation code
    Then the host approves

  @holds
  Scenario: the terminal signs in with a wrong activation code
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    When the terminal signs in with a wrong activation code
    Then the host declines

  @fails
  Scenario: the terminal signs in with a wrong activation code
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    When the terminal signs in with a wrong activation code
    Then the host approves

  @holds
  Scenario: the terminal signs in with the code of another machine
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    When the terminal signs in with the code of another machine
    Then the host declines

  @fails
  Scenario: the terminal signs in with the code of another machine
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    When the terminal signs in with the code of another machine
    Then the host approves

  @holds
  Scenario: the terminal is {text}
    Given a merchant on plan "Lantern Counter"
    Then the terminal is "active"

  @fails
  Scenario: the terminal is {text}
    Given a merchant on plan "Lantern Counter"
    Then the terminal is "suspended"

  @holds
  Scenario: the acquirer {deed} the terminal
    Given a merchant on plan "Lantern Counter"
    When the acquirer unbinds the terminal
    Then the terminal is "stock"

  @fails
  Scenario: the acquirer {deed} the terminal
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the terminal
    Then the terminal is "stock"

  @holds
  Scenario: the acquirer binds the terminal to another merchant
    Given a merchant on plan "Lantern Counter"
    When the acquirer binds the terminal to another merchant
    Then the host refuses: "一机一户"

  @fails
  Scenario: the acquirer binds the terminal to another merchant
    Given a merchant on plan "Lantern Counter"
    When the acquirer unbinds the terminal
    And the acquirer binds the terminal to another merchant
    Then the host refuses: "一机一户"

  @holds
  Scenario: the acquirer replaces the terminal
    Given a merchant on plan "Lantern Counter"
    When the acquirer replaces the terminal
    Then the terminal is "issued"

  @fails
  Scenario: the acquirer replaces the terminal
    Given a merchant on plan "Lantern Counter"
    When the acquirer replaces the terminal
    Then the terminal is "active"

  @holds
  Scenario: the first terminal is used
    Given a merchant on plan "Lantern Counter"
    When the acquirer replaces the terminal
    And the first terminal is used
    And the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @fails
  Scenario: the first terminal is used
    Given a terminal that has signed in
    When the first terminal is used

  @holds
  Scenario: a clone of the terminal is used
    Given a merchant on plan "Lantern Counter"
    When a clone of the terminal is used
    Then the terminal is not signed in

  @fails
  Scenario: a clone of the terminal is used
    Given a merchant on plan "Lantern Counter"
    When a clone of the terminal is used
    Then the terminal is signed in

  @holds
  Scenario: the terminal gives another merchant's number
    Given a merchant on plan "Lantern Counter"
    When the terminal gives another merchant's number
    And the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @fails
  Scenario: the terminal gives another merchant's number
    Given a merchant on plan "Lantern Counter"
    When the terminal gives another merchant's number
    And the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: the terminal says that it is {n} km from its shop
    Given a merchant on plan "Lantern Counter"
    When the terminal says that it is 9 km from its shop
    Then there is an alert: "terminal-moved"

  @fails
  Scenario: the terminal says that it is {n} km from its shop
    Given a merchant on plan "Lantern Counter"
    When the terminal says that it is 2 km from its shop
    Then there is an alert: "terminal-moved"

  @holds
  Scenario: the terminal has not traded for {n} months
    Given a merchant on plan "Lantern Counter"
    When the terminal has not traded for 3 months
    Then the terminal is "suspended"

  @fails
  Scenario: the terminal has not traded for {n} months
    Given a merchant on plan "Lantern Counter"
    When the terminal has not traded for 2 months
    Then the terminal is "suspended"

  @holds
  Scenario: the acquirer inspects the merchant
    Given a merchant on plan "Lantern Counter"
    When the acquirer inspects the merchant
    Then there is no alert

  @fails
  Scenario: the acquirer inspects the merchant
    Given a merchant on plan "Lantern Counter"
    When the acquirer inspects the merchant
    Then there is an alert: "same-card"

  @holds
  Scenario: there is an alert: {text}
    Given a merchant on plan "Lantern Counter"
    When the terminal says that it is 9 km from its shop
    Then there is an alert: "移机"

  @fails
  Scenario: there is an alert: {text}
    Given a merchant on plan "Lantern Counter"
    Then there is an alert: "移机"

  @holds
  Scenario: there is no alert
    Given a merchant on plan "Lantern Counter"
    Then there is no alert

  @fails
  Scenario: there is no alert
    Given a merchant on plan "Lantern Counter"
    When the terminal says that it is 9 km from its shop
    Then there is no alert

  @holds
  Scenario: the audit log says {text}
    Given a merchant on plan "Lantern Counter"
    Then the audit log says "terminal-activated"

  @fails
  Scenario: the audit log says {text}
    Given a merchant on plan "Lantern Counter"
    Then the audit log says "terminal-suspended"

  @holds
  Scenario: the host's remark is {text}
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the host's remark is "SUSPENDED"

  @fails
  Scenario: the host's remark is {text}
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the host's remark is "CLOSED"
