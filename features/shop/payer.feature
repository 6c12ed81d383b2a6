Feature: The customer's phone asks for a password
  A payment by payment code may wait for a password on the customer's phone. Until it is
  entered nothing is decided: the terminal queries every few seconds, and undoes the payment
  when the customer does not answer in time.

  Background:
    Given a terminal that has signed in

  @qr @payer @guide-5.5 @shop-payer-1
  Scenario: the customer enters the password, and the terminal finds the order paid
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    Then the host refuses because "the customer is to enter a password"
    And the order is "paying"
    And the terminal shows "等待顾客输入支付密码"
    And the next step is "wait until the customer has entered the password"
    And the terminal owes a reversal
    When the customer enters the password
    Then the host approves
    When the operator queries the order
    Then the order is "paid"
    And the terminal owes no reversal

  @qr @payer @guide-5.5 @shop-payer-2
  Scenario: the terminal queries until the customer has entered the password
    When the customer chooses 2 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the terminal waits for the customer, who enters the password meanwhile
    Then the order is "paid"
    And the terminal owes no reversal
    When the operator refunds 1.00 yuan of the order
    Then the host approves
    And the order is "part refunded"

  @qr @payer @unknown @guide-5.5 @shop-payer-3
  Scenario: the customer does not answer in time, and the payment is given up
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the terminal waits for the customer
    Then the order is "confirmed"
    And the terminal owes no reversal
    When the customer enters the password
    Then the host refuses because "the code is too old"
    When the customer pays the order by payment code
    Then the host approves
    And the order is "paid"

  @qr @payer @refusal @shop-payer-4
  Scenario: the customer does not want to pay after all
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the customer does not enter the password
    And the operator queries the order
    Then the order is "confirmed"
    And the terminal owes no reversal
    When the customer pays the order with a good card
    Then the host approves
    And the order is "paid"

  @qr @payer @refusal @shop-payer-5
  Scenario: an order is not cancelled while its customer enters the password
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the operator cancels the order
    Then the host refuses because "the customer is to enter a password"
    When the customer enters the password
    And the operator queries the order
    Then the order is "paid"

  @qr @payer @refusal @shop-payer-6
  Scenario: a password is entered once
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the customer enters the password
    Then the host approves
    When the customer enters the password
    Then the host refuses because "the code is too old"
    When the operator queries the order
    Then the order is "paid"

  @qr @payer @unknown @shop-payer-7
  Scenario: the reversal goes first, and another card pays
    When the customer chooses 1 of "soup dumplings"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the customer pays the order with a good card
    Then the host approves
    And the order is "paid"
    When the customer enters the password
    Then the host refuses because "the code is too old"

  @qr @payer @unknown @shop-payer-8
  Scenario: what the customer has paid is given back when the terminal gives up without asking
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code, to be confirmed by password
    And the customer enters the password
    And the terminal sends the reversal that it owes
    And the operator queries the order
    Then the order is "confirmed"
    And the terminal owes no reversal
