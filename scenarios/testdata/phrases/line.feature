Feature: The line
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the line {fault}
    Given a terminal that has signed in
    And the line loses the next request
    When the terminal tests the line
    Then the host does not answer

  @fails
  Scenario: the line {fault}
    Given a terminal that has signed in
    And the line loses the next request
    When the terminal tests the line
    Then the host approves

  @holds
  Scenario: the line loses the next {n} answers
    Given a terminal that has signed in
    And the line loses the next 2 answers
    When the terminal tests the line
    And the terminal tests the line
    Then the host does not answer

  @fails
  Scenario: the line loses the next {n} answers
    Given a terminal that has signed in
    And the line loses the next 2 answers
    When the terminal tests the line
    And the terminal tests the line
    Then the host approves

  @holds
  Scenario: the line loses answers until a reversal is given up
    Given a terminal that has signed in
    And the line loses answers until a reversal is given up
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then the terminal refuses

  @fails
  Scenario: the line loses answers until a reversal is given up
    Given a terminal that has signed in
    And the line loses answers until a reversal is given up
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then the host approves
