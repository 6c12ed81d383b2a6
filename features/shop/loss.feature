@loss
Feature: A leaked password, a lost terminal
  The merchant says so, and the bank stops the terminal at once: it sells
  nothing more, but gives back what it took. Only a branch lets it trade again,
  with a new password.

  Background:
    Given a merchant whom the bank knows
    And the operators have their passwords of delivery
    And a terminal that has signed in

  @guide-4.1 @shop-loss-1
  Scenario: a terminal that is reported lost takes no payment
    When the merchant reports the loss of the terminal
    And the cardholder pays 71.00 yuan with a good card
    Then the host answers "terminal barred"
    And the customer's screen shows "支付未成功, 未扣款"
    And the audit log has that it was done

  @guide-4.1 @shop-loss-2
  Scenario: the terminal learns that it is stopped
    When the merchant reports the loss of the terminal
    And the terminal signs in
    Then the host answers "terminal barred"
    And the terminal is not signed in
    And the terminal shows "终端已停用, 请与客服联系"
    When the cardholder pays 72.00 yuan with a good card
    Then the terminal refuses
    And the terminal shows "终端已停用, 请与客服联系"

  @guide-4.1 @shop-loss-3
  Scenario: reported while a payment is unknown: what was taken is given back
    Given the line loses the next answer
    When the cardholder pays 73.00 yuan with a good card
    Then the host does not answer
    When the merchant reports the loss of the terminal
    And the terminal sends the reversal that it owes
    Then the terminal owes no reversal
    And the customer's screen shows "支付已撤销, 未扣款"
    When the cardholder pays 73.00 yuan with a good card
    Then the host answers "terminal barred"

  @guide-4.1 @shop-loss-4
  Scenario: reissued at a branch, the terminal trades again, and the old password is dead
    When the merchant reports the loss of the terminal
    And the merchant shows the papers at a branch and asks for a new password
    Then the bank gives a one-time code
    When the cardholder pays 74.00 yuan with a good card
    Then the host answers "terminal barred"
    When the operator sets password "481516" with the one-time code
    Then the host approves
    When the operator logs in
    Then the terminal refuses
    When the operator logs in with password "481516"
    And the terminal signs in
    And the cardholder pays 74.00 yuan with a good card
    Then the host approves

  @guide-4.0 @guide-4.1 @shop-loss-5
  Scenario: somebody with another customer number stops nothing
    When somebody with another customer number reports the loss of the terminal
    Then the bank refuses
    And the audit log has that it was refused, and why
    When the cardholder pays 75.00 yuan with a good card
    Then the host approves

  @guide-4.1 @shop-loss-6
  Scenario: the hotline does not let a lost terminal trade again
    When the merchant reports the loss of the terminal
    And the merchant asks by the hotline for a new password
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-4.1 @shop-loss-12
  Scenario: a terminal that is reported lost takes no order
    When the merchant reports the loss of the terminal
    And the customer chooses 1 of "rice"
    And the operator confirms the order
    Then the host answers "terminal barred"
