Feature: Customers' passwords
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  Background:
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    And the operator confirms the order

  @holds
  Scenario: the customer pays the order by payment code, to be confirmed by password
    When the customer pays the order by payment code, to be confirmed by password
    Then the order is "paying"

  @fails
  Scenario: the customer pays the order by payment code, to be confirmed by password
    When the customer pays the order by payment code, to be confirmed by password
    Then the host approves

  @holds
  Scenario: the customer enters the password
    When the customer pays the order by payment code, to be confirmed by password
    And the customer enters the password
    Then the host approves

  @fails
  Scenario: the customer enters the password
    When the customer enters the password

  @holds
  Scenario: the customer does not enter the password
    When the customer pays the order by payment code, to be confirmed by password
    And the customer does not enter the password
    And the operator queries the order
    Then the order is "confirmed"

  @fails
  Scenario: the customer does not enter the password
    When the customer pays the order by payment code, to be confirmed by password
    And the customer does not enter the password
    And the operator queries the order
    Then the order is "paid"

  @holds
  Scenario: the terminal waits for the customer
    When the customer pays the order by payment code, to be confirmed by password
    And the terminal waits for the customer
    Then the order is "confirmed"

  @fails
  Scenario: the terminal waits for the customer
    When the customer pays the order by payment code, to be confirmed by password
    And the terminal waits for the customer
    Then the order is "paying"

  @holds
  Scenario: the terminal waits for the customer, who enters the password meanwhile
    When the customer pays the order by payment code, to be confirmed by password
    And the terminal waits for the customer, who enters the password meanwhile
    Then the order is "paid"

  @fails
  Scenario: the terminal waits for the customer, who enters the password meanwhile
    When the customer pays the order by payment code, to be confirmed by password
    And the terminal waits for the customer, who enters the password meanwhile
    Then the terminal owes a reversal
