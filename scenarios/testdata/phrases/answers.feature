Feature: Answers
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the host approves
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @fails
  Scenario: the host approves
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a stolen card
    Then the host approves

  @holds
  Scenario: the host declines
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a stolen card
    Then the host declines

  @fails
  Scenario: the host declines
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @holds
  Scenario: the host answers {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a stolen card
    Then the host answers "43"

  @fails
  Scenario: the host answers {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the host answers "43"

  @holds
  Scenario: the host does not answer
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    Then the host does not answer

  @fails
  Scenario: the host does not answer
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the host does not answer

  @holds
  Scenario: the line breaks
    Given a terminal that has signed in
    And the line breaks in the middle of the next answer
    When the cardholder pays 1.00 yuan with a good card
    Then the line breaks

  @fails
  Scenario: the line breaks
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the line breaks

  @holds
  Scenario: the terminal rejects the answer
    Given a terminal that has signed in
    And the line spoils the MAC of the next answer
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal rejects the answer

  @fails
  Scenario: the terminal rejects the answer
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal rejects the answer

  @holds
  Scenario: the balance is known
    Given a terminal that has signed in
    When the cardholder asks for the balance of a good card
    Then the balance is known

  @fails
  Scenario: the balance is known
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the balance is known

  @holds
  Scenario: the balance has gone down by {amount} yuan
    Given a terminal that has signed in
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    When the cardholder pays 1.00 yuan with a chip card
    And the cardholder asks for the balance of a chip card
    Then the balance has gone down by 1.00 yuan

  @fails
  Scenario: the balance has gone down by {amount} yuan
    Given a terminal that has signed in
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    When the cardholder asks for the balance of a chip card
    Then the balance has gone down by 1.00 yuan

  @holds
  Scenario: the balance has not changed
    Given a terminal that has signed in
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    When the cardholder asks for the balance of a chip card
    Then the balance has not changed

  @fails
  Scenario: the balance has not changed
    Given a terminal that has signed in
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    When the cardholder pays 1.00 yuan with a chip card
    And the cardholder asks for the balance of a chip card
    Then the balance has not changed

  @holds
  Scenario: the host answers as for a {role} card
    Given a terminal that has signed in
    When the cardholder pays 1000.00 yuan with a poor card
    Then the host answers as for a poor card

  @fails
  Scenario: the host answers as for a {role} card
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the host answers as for a poor card

  @holds
  Scenario: no further answer comes
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then no further answer comes

  @fails
  Scenario: no further answer comes
    Given a terminal that has signed in
    And the line doubles the next answer
    When the cardholder pays 1.00 yuan with a good card
    Then no further answer comes
