@signin
Feature: Sign-in in the middle of trading
  The host, the day or the power may make a terminal sign in while somebody
  pays. The payment is done, or clearly is not, and the customer's screen says
  which.

  Background:
    Given a terminal that has signed in

  @guide-5.0 @shop-signin-1
  Scenario: the host has lost the keys: the payment is not done, and works the second time
    When the terminal signs off
    And the terminal believes that it has signed in
    And the cardholder pays 41.00 yuan with a good card
    Then the host answers "sign-in first"
    And the terminal has signed in again by itself
    And the customer's screen shows "支付未成功, 未扣款"
    When the cardholder pays 41.00 yuan with a good card
    Then the host approves
    And the customer's screen shows "支付成功"

  @guide-5.0 @shop-signin-2
  Scenario: the host wants a sign-in while it approves: the payment is done
    When the host wants the terminal to sign in
    And the cardholder pays 42.00 yuan with a good card
    Then the terminal has signed in again by itself
    And the terminal shows "交易成功"
    And the customer's screen shows "支付成功"
    When the cardholder pays 42.50 yuan with a good card
    Then the host approves

  @guide-5.0 @shop-signin-3
  Scenario: the host wants a sign-in while it declines: the payment is not done
    When the host wants the terminal to sign in
    And the cardholder pays 43.00 yuan with a stolen card
    Then the terminal has signed in again by itself
    And the customer's screen shows "支付未成功, 未扣款"

  @guide-5.0 @shop-signin-4
  Scenario: on a new day the terminal signs in before the first payment
    Given the policy says "daily-sign-in: true"
    When a new day begins at the terminal
    And the cardholder pays 44.00 yuan with a good card
    Then the host approves
    And the terminal signed in before that
    And the customer's screen shows "支付成功"

  @guide-5.0 @shop-signin-5
  Scenario: a power cut while a payment is under way: it is taken back after the operator has logged in
    Given the line loses the next answer
    When the cardholder pays 45.00 yuan with a good card
    Then the host does not answer
    And the customer's screen shows "支付结果未知, 正在核实"
    When the power fails and comes back
    And the cardholder pays 45.00 yuan with a good card
    Then the terminal refuses
    And the terminal shows "请输入操作员号"
    And the terminal owes a reversal
    When the operator logs in
    And the terminal sends the reversal that it owes
    Then the terminal owes no reversal
    And the customer's screen shows "支付已撤销, 未扣款"

  @guide-3.5 @shop-signin-6
  Scenario: a terminal that has lost its keys sells after it has signed in
    When the terminal loses its working keys
    Then the terminal is not signed in
    When the cardholder pays 46.00 yuan with a good card
    Then the terminal refuses
    When the terminal signs in
    And the cardholder pays 46.00 yuan with a good card
    Then the host approves

  @guide-5.0 @shop-signin-7
  Scenario: keys are lost while a payment is unknown: it is taken back after the sign-in
    Given the line loses the next answer
    When the cardholder pays 47.00 yuan with a good card
    Then the host does not answer
    When the terminal loses its working keys
    And the terminal signs in
    And the terminal sends the reversal that it owes
    Then the terminal owes no reversal
    And the customer's screen shows "支付已撤销, 未扣款"
