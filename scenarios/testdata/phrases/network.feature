Feature: The way to the host
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the line has no signal
    Given a terminal that has signed in
    And the line has no signal
    When the terminal checks the network
    Then the check finds no signal

  @fails
  Scenario: the line has no signal
    Given a terminal that has signed in
    And the line has no signal
    When the terminal tests the line
    Then the host approves

  @holds
  Scenario: the host takes no connections
    Given a terminal that has signed in
    And the host takes no connections
    When the terminal checks the network
    Then the check finds a host that refuses

  @fails
  Scenario: the host takes no connections
    Given a terminal that has signed in
    And the host takes no connections
    When the terminal tests the line
    Then the host approves

  @holds
  Scenario: the host has gone silent
    Given a terminal that has signed in
    And the host has gone silent
    When the terminal tests the line
    Then the host does not answer

  @fails
  Scenario: the host has gone silent
    Given a terminal that has signed in
    And the host has gone silent
    When the terminal tests the line
    Then the host approves

  @holds
  Scenario: the line is back
    Given a terminal that has signed in
    And the line has no signal
    And the line is back
    When the terminal tests the line
    Then the host approves

  @fails
  Scenario: the line is back
    Given a terminal that has signed in
    And the line has no signal
    And the line is back
    When the terminal checks the network
    Then the check finds no signal

  @holds
  Scenario: the line is like {text}
    Given a terminal that has signed in
    And the line is like "broadband"
    When the terminal tests the line
    Then the host approves

  @fails
  Scenario: the line is like {text}
    Given a terminal that has signed in
    And the line is like "broadband"
    When the terminal tests the line
    Then the host does not answer

  @holds
  Scenario: the terminal checks the network
    Given a terminal that has signed in
    When the terminal checks the network
    Then the check finds no trouble

  @fails
  Scenario: the terminal checks the network
    Given a terminal that has signed in
    And the line has no signal
    When the terminal checks the network
    Then the check finds no trouble

  @holds
  Scenario: the check finds {trouble}
    Given a terminal that has signed in
    And the host has gone silent
    When the terminal checks the network
    Then the check finds a host that is silent

  @fails
  Scenario: the check finds {trouble}
    Given a terminal that has signed in
    When the terminal checks the network
    Then the check finds no power
