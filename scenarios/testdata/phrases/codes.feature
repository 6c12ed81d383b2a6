Feature: Codes
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the customer pays the order by payment code
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order by payment code
    Then the host approves

  @fails
  Scenario: the customer pays the order by payment code
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator cancels the order
    When the customer pays the order by payment code
    Then the host approves

  @holds
  Scenario: the customer shows the same payment code again
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order by payment code
    When the customer shows the same payment code again
    Then the host declines

  @fails
  Scenario: the customer shows the same payment code again
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer shows the same payment code again

  @holds
  Scenario: the customer pays the order by a payment code of {n} seconds ago
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order by a payment code of 1 seconds ago
    Then the host approves

  @fails
  Scenario: the customer pays the order by a payment code of {n} seconds ago
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order by a payment code of 90 seconds ago
    Then the host approves

  @holds
  Scenario: the terminal shows a code for the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order
    Then the host approves

  @fails
  Scenario: the terminal shows a code for the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the terminal shows a code for the order
    Then the host approves

  @holds
  Scenario: the terminal shows its static code
    Given a terminal that has signed in
    When the terminal shows its static code
    Then the host approves

  @fails
  Scenario: the terminal shows its static code
    Given a terminal that has signed in
    When the terminal shows its static code
    Then the host declines

  @holds
  Scenario: the customer scans the code
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order
    When the customer scans the code
    Then the host approves

  @fails
  Scenario: the customer scans the code
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer scans the code

  @holds
  Scenario: the customer scans the code and pays {amount} yuan
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order
    When the customer scans the code and pays 2.00 yuan
    Then the host approves

  @fails
  Scenario: the customer scans the code and pays {amount} yuan
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order
    When the customer scans the code and pays 3.00 yuan
    Then the host approves

  @holds
  Scenario: the customer scans the code of before
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order
    When the customer scans the code
    When the customer scans the code of before
    Then the host declines

  @fails
  Scenario: the customer scans the code of before
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer scans the code of before

  @holds
  Scenario: the terminal hears of a payment of {amount} yuan by its static code
    Given a terminal that has signed in
    When the terminal shows its static code
    When the customer scans the code and pays 3.21 yuan
    Then the terminal hears of a payment of 3.21 yuan by its static code

  @fails
  Scenario: the terminal hears of a payment of {amount} yuan by its static code
    Given a terminal that has signed in
    When the terminal shows its static code
    When the customer scans the code and pays 3.21 yuan
    Then the terminal hears of a payment of 3.20 yuan by its static code

  @holds
  Scenario: the terminal shows a code for the order and listens
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order and listens
    Then the host approves

  @fails
  Scenario: the terminal shows a code for the order and listens
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the terminal shows a code for the order and listens
    Then the host approves

  @holds
  Scenario: the host tells the terminal unasked that the order is paid
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order and listens
    When the customer scans the code
    Then the host tells the terminal unasked that the order is paid

  @fails
  Scenario: the host tells the terminal unasked that the order is paid
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the terminal shows a code for the order
    When the customer scans the code
    Then the host tells the terminal unasked that the order is paid
