Feature: Messages
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the request carries:
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the request carries:
      | field | value        |
      | 4     | 000000000100 |
      | 60.1  | 22           |
      | 37    | absent       |

  @fails
  Scenario: the request carries:
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the request carries:
      | field | value        |
      | 4     | 000000000200 |

  @holds
  Scenario: the answer carries:
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the answer carries:
      | field | value             |
      | 11    | as in the request |
      | 37    | present           |
      | MTI   | 0210              |

  @fails
  Scenario: the answer carries:
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the answer carries:
      | field | value |
      | 39    | 51    |

  @holds
  Scenario: the reversal carries:
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the reversal carries:
      | field | value              |
      | 11    | as in the original |
      | 39    | 98                 |
      | 52    | absent             |

  @fails
  Scenario: the reversal carries:
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the reversal carries:
      | field | value |
      | 39    | 98    |

  @holds
  Scenario: the terminal first sends a reversal of the unanswered payment
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then the terminal first sends a reversal of the unanswered payment

  @fails
  Scenario: the terminal first sends a reversal of the unanswered payment
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then the terminal first sends a reversal of the unanswered payment

  @holds
  Scenario: the host acknowledges the reversal
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal

  @fails
  Scenario: the host acknowledges the reversal
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the line loses the next answer
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal

  @holds
  Scenario: {n} reversals have been sent
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then 1 reversals have been sent

  @fails
  Scenario: {n} reversals have been sent
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then 1 reversals have been sent

  @holds
  Scenario: {n} messages have been sent
    Given a terminal that has signed in
    When the terminal tests the line
    And the terminal tests the line
    Then 2 messages have been sent

  @fails
  Scenario: {n} messages have been sent
    Given a terminal that has signed in
    When the terminal tests the line
    Then 2 messages have been sent

  @holds
  Scenario: the reversal has been sent as often as the policy allows
    Given a terminal that has signed in
    And the line loses answers until a reversal is given up
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then the reversal has been sent as often as the policy allows

  @fails
  Scenario: the reversal has been sent as often as the policy allows
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    Then the reversal has been sent as often as the policy allows
