Feature: Downloads
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the host wants the terminal to see to its {text}
    Given a terminal that has signed in
    When the host wants the terminal to see to its "rates"
    And the terminal tests the line
    Then the terminal has 3 entries of its "rates"

  @fails
  Scenario: the host wants the terminal to see to its {text}
    Given a terminal that has signed in
    When the host wants the terminal to see to its "hair"

  @holds
  Scenario: the terminal downloads its {text}
    Given a terminal that has signed in
    When the terminal downloads its "ca-keys"
    Then the host approves

  @fails
  Scenario: the terminal downloads its {text}
    Given a terminal that the host does not know
    When the terminal downloads its "ca-keys"
    Then the host approves

  @holds
  Scenario: the power fails after {n} entries of its {text}
    Given a terminal that has signed in
    When the power fails after 1 entries of its "ca-keys"
    Then the terminal has 0 entries of its "ca-keys"

  @fails
  Scenario: the power fails after {n} entries of its {text}
    Given a terminal that has signed in
    When the power fails after 1 entries of its "hair"

  @holds
  Scenario: the terminal has {n} entries of its {text}
    Given a terminal that has signed in
    When the terminal downloads its "rates"
    Then the terminal has 3 entries of its "rates"

  @fails
  Scenario: the terminal has {n} entries of its {text}
    Given a terminal that has signed in
    When the terminal downloads its "rates"
    Then the terminal has 2 entries of its "rates"

  @holds
  Scenario: a cashier signs in for points with a {role} card
    Given a terminal that has signed in
    When a cashier signs in for points with a good card
    Then the host approves

  @fails
  Scenario: a cashier signs in for points with a {role} card
    Given a terminal that has signed in
    When a cashier signs in for points with a stolen card
    Then the host approves

  @holds
  Scenario: the terminal has downloaded nothing
    Given a terminal that has signed in
    When the terminal downloads its "parameters"
    And the terminal has downloaded nothing
    Then the terminal has 0 entries of its "parameters"

  @fails
  Scenario: the terminal has downloaded nothing
    Given a terminal that has signed in
    When the terminal downloads its "parameters"
    And the terminal has downloaded nothing
    Then the terminal has 1 entries of its "parameters"

  @holds
  Scenario: the bank withdraws its CA keys
    Given a terminal that has signed in
    When the terminal downloads its "ca-keys"
    Given the bank withdraws its CA keys
    When the terminal downloads its "ca-keys"
    Then the terminal has 0 entries of its "ca-keys"

  @fails
  Scenario: the bank withdraws its CA keys
    Given a terminal that has signed in
    Given the bank withdraws its CA keys
    When the terminal downloads its "ca-keys"
    Then the terminal has 3 entries of its "ca-keys"

  @holds
  Scenario: the bank sets parameter {text} of the terminal to {text}
    Given a terminal that has signed in
    When the bank sets parameter "20" of the terminal to "0"
    And the terminal downloads its "parameters"
    And the cardholder pays 1.00 yuan with a good card typed in
    Then the terminal refuses

  @fails
  Scenario: the bank sets parameter {text} of the terminal to {text}
    Given a terminal that has signed in
    When the bank sets parameter "20" of the terminal to "0"
    And the terminal downloads its "parameters"
    And the cardholder pays 1.00 yuan with a good card typed in
    Then the host approves
