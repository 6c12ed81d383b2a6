Feature: A terminal's life
  One terminal belongs to one merchant. It is activated once, can be suspended, replaced and
  taken back, and a second machine of its number is turned away.

  @terminal-life @guide-2.0 @shop-terminal-life-1
  Scenario: a terminal that is not activated may not sign in
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    And the terminal signs in
    Then the host answers "unknown terminal"
    And the terminal is "issued"
    And the terminal is not signed in

  @terminal-life @shop-terminal-life-2
  Scenario: a wrong activation code activates nothing, the right one does after it
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    And the terminal signs in with a wrong activation code
    Then the host answers "unknown terminal"
    And the audit log says "wrong activation code"
    When the terminal signs in with its activation code
    Then the host approves

  @terminal-life @shop-terminal-life-3
  Scenario: five wrong activation codes spend it, and a new one is made
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    And the terminal signs in with a wrong activation code
    And the terminal signs in with a wrong activation code
    And the terminal signs in with a wrong activation code
    And the terminal signs in with a wrong activation code
    And the terminal signs in with a wrong activation code
    And the terminal signs in with its activation code
    Then the host answers "unknown terminal"
    And there is an alert: "activation-refused"
    When the acquirer resets the code of the terminal
    And the terminal signs in with its activation code
    Then the host approves

  @terminal-life @shop-terminal-life-4
  Scenario: a code is good for the machine that it was issued with alone
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the acquirer issues a terminal to the merchant
    And the terminal signs in with the code of another machine
    Then the host answers "unknown terminal"
    And the terminal is "issued"

  @terminal-life @guide-8.0 @shop-terminal-life-5
  Scenario: a second merchant cannot have a terminal that is bound
    Given a merchant on plan "Lantern Counter"
    When the acquirer binds the terminal to another merchant
    Then the host refuses: "one terminal, one merchant"
    And there is an alert: "second-binding"
    When the cardholder pays 12.00 yuan with a good card
    Then the host approves

  @terminal-life @guide-8.0 @shop-terminal-life-6
  Scenario: a terminal that names another merchant is refused
    Given a merchant on plan "Lantern Counter"
    And the terminal gives another merchant's number
    When the cardholder pays 12.00 yuan with a good card
    Then the host answers "unknown merchant"

  @terminal-life @shop-terminal-life-7
  Scenario: a suspended terminal takes no payment until it is resumed
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the terminal
    And the cardholder pays 12.00 yuan with a good card
    Then the host answers "terminal barred"
    When the acquirer resumes the terminal
    And the cardholder pays 12.00 yuan with a good card
    Then the host approves

  @terminal-life @shop-terminal-life-8
  Scenario: a suspended merchant's terminals are told why
    Given a merchant on plan "Lantern Counter"
    When the acquirer suspends the merchant
    And the cardholder pays 12.00 yuan with a good card
    Then the host answers "terminal barred"
    And the host's remark is "SUSPENDED"
    When the acquirer resumes the merchant
    And the cardholder pays 12.00 yuan with a good card
    Then the host approves

  @terminal-life @shop-terminal-life-9
  Scenario: a closed merchant takes no payment, and is still paid what it took
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the host approves
    When the acquirer closes the merchant
    And the cardholder pays 12.00 yuan with a good card
    Then the host answers "unknown merchant"
    And the merchant is owed 99.50 yuan
    When the acquirer pays out after 14 days
    Then 99.50 yuan are paid out

  @terminal-life @shop-terminal-life-10
  Scenario: a closed merchant cannot be resumed
    Given a merchant on plan "Lantern Counter"
    When the acquirer closes the merchant
    And the acquirer resumes the merchant
    Then the host refuses: "is closed"

  @terminal-life @shop-terminal-life-11
  Scenario: a terminal that was unbound is unknown
    Given a merchant on plan "Lantern Counter"
    When the acquirer unbinds the terminal
    And the cardholder pays 12.00 yuan with a good card
    Then the host answers "unknown terminal"

  @terminal-life @shop-terminal-life-12
  Scenario: a machine is replaced, and the old one is out of use
    Given a merchant on plan "Lantern Counter"
    When the acquirer replaces the terminal
    Then the terminal is "issued"
    When the terminal signs in with its activation code
    Then the host approves
    When the cardholder pays 12.00 yuan with a good card
    Then the host approves
    When the first terminal is used
    And the cardholder pays 13.00 yuan with a good card
    Then the host answers "unknown terminal"
    And the statement comes to 12.00 yuan, 0.06 yuan of fees and 11.94 yuan net

  @terminal-life @shop-terminal-life-13
  Scenario: a terminal far from its shop is an alert first, and suspended when it stays away
    Given a merchant on plan "Lantern Counter"
    When the terminal says that it is 3 km from its shop
    Then there is no alert
    When the terminal says that it is 80 km from its shop
    Then there is an alert: "terminal-moved"
    And the terminal is "active"
    When the terminal says that it is 80 km from its shop
    Then the terminal is "suspended"
    When the cardholder pays 12.00 yuan with a good card
    Then the host answers "terminal barred"

  @terminal-life @guide-8.0 @shop-terminal-life-14
  Scenario: two machines under one number are found out, and the later one is turned away
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 10.00 yuan with a good card
    Then the host approves
    When a clone of the terminal is used
    And the terminal signs in
    And the cardholder pays 11.00 yuan with a good card
    Then the host approves
    When the first terminal is used
    And the cardholder pays 12.00 yuan with a good card
    Then the host answers "bad MAC"
    And there is no alert
    When the terminal signs in
    And the cardholder pays 12.00 yuan with a good card
    Then the host approves
    When a clone of the terminal is used
    And the cardholder pays 13.00 yuan with a good card
    Then the host answers "unknown terminal"
    And there is an alert: "terminal-cloned"

  @terminal-life @shop-terminal-life-15
  Scenario: a terminal that signs in again and again is no clone
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 10.00 yuan with a good card
    And the terminal signs in
    And the cardholder pays 10.00 yuan with a good card
    And the terminal is switched off and on again
    And the terminal signs in
    And the cardholder pays 10.00 yuan with a good card
    Then the host approves
    And there is no alert

  @terminal-life @shop-terminal-life-16
  Scenario: three months without a trade are a reason to ask who the merchant is
    Given a merchant on plan "Lantern Counter"
    When the terminal has not traded for 2 months
    Then the terminal is "active"
    When the terminal has not traded for 3 months
    Then the terminal is "suspended"
    And there is an alert: "terminal-dormant"
    When the acquirer resumes the terminal
    And the cardholder pays 12.00 yuan with a good card
    Then the host approves

  @terminal-life @shop-terminal-life-17
  Scenario: twelve months without a trade end it
    Given a merchant on plan "Lantern Counter"
    When the terminal has not traded for 12 months
    Then the terminal is "stock"
    And there is an alert: "terminal-stopped"
    When the cardholder pays 12.00 yuan with a good card
    Then the host answers "unknown terminal"

  @terminal-life @guide-8.0 @shop-terminal-life-18
  Scenario: one card that goes round and round is flagged
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 5000.00 yuan with a foreign card
    And the cardholder pays 5000.00 yuan with a foreign card
    And the acquirer inspects the merchant
    Then there is no alert
    When the cardholder pays 1.00 yuan with a foreign card
    And the acquirer inspects the merchant
    Then there is an alert: "same-card"
