@reset
Feature: A forgotten password
  By app, by hotline or at a branch the merchant proves who asks. The bank
  gives a code that is good once, and the old password is dead from then on. The
  terminal brings the code to the host before a new password is set.

  Background:
    Given a merchant whom the bank knows
    And the operators have their passwords of delivery
    And a terminal that has signed in

  @guide-6.1a @shop-reset-1
  Scenario: in the app, logged in and with the code of the message
    When the merchant logs in to the app
    And the merchant asks by the app for a new password
    And the merchant gives the code of the message by the app
    Then the bank gives a one-time code
    And the audit log has that it was done
    When the operator sets password "481516" with the one-time code
    Then the host approves
    And the terminal shows "重置密码成功"
    When the operator logs in with password "481516"
    And the terminal signs in
    And the cardholder pays 61.00 yuan with a good card
    Then the host approves

  @guide-6.1b @shop-reset-2
  Scenario: by the hotline, with the customer number and the code of the message
    When the merchant asks by the hotline for a new password
    And the merchant gives the code of the message by the hotline
    Then the bank gives a one-time code
    When the operator sets password "481516" with the one-time code
    Then the host approves

  @guide-6.1c @shop-reset-3
  Scenario: at a branch, with the papers, before two clerks
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank gives a one-time code
    When the operator sets password "481516" with the one-time code
    Then the host approves
    And the audit log has that it was done

  @guide-6.1 @shop-reset-4
  Scenario: the old password is dead at once, also in the middle of trading
    When the merchant shows the papers at a branch and asks for a new password
    And the cardholder pays 62.00 yuan with a good card
    Then the customer's screen shows "支付未成功, 未扣款"
    And the terminal shows "密码已失效, 请重置密码"
    When the operator logs in
    Then the terminal refuses
    And the terminal shows "密码已失效, 请重置密码"

  @guide-6.1a @shop-reset-5
  Scenario: without logging in to the app nothing is reset
    When the merchant asks by the app for a new password
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-6.1a @shop-reset-6
  Scenario: with a wrong password of the app nobody is logged in
    When somebody logs in to the app with a wrong password
    Then the bank refuses
    When the merchant asks by the app for a new password
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-6.1a @shop-reset-7
  Scenario: a code is stale after five minutes
    When the merchant asks by the hotline for a new password
    And 5 minutes pass at the bank
    And the merchant gives the code of the message by the hotline
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-4.0 @guide-6.1b @shop-reset-8
  Scenario: after three wrong codes the right one is refused too
    When the merchant asks by the hotline for a new password
    And somebody gives 3 wrong codes by the hotline
    Then the bank refuses
    When the merchant gives the code of the message by the hotline
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-6.1b @shop-reset-9
  Scenario: a code of one channel is no code of another
    When the merchant logs in to the app
    And the merchant asks by the app for a new password
    And the merchant gives the code of the message by the hotline
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-6.1 @shop-reset-10
  Scenario: a one-time code is good once
    When the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with the one-time code
    And the operator logs in with password "481516"
    And the terminal signs in
    And the operator sets password "590327" with the one-time code
    Then the host declines
    And the terminal shows "重置码错误或已过期"

  @guide-6.1 @shop-reset-11
  Scenario: a wrong one-time code sets no password
    When the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with a wrong one-time code
    Then the host declines
    And the audit log has that it was refused, and why
    When the operator logs in with password "481516"
    Then the terminal refuses

  @guide-6.1 @shop-reset-12
  Scenario: more than five resets a day are refused
    When the merchant asks 5 times by the hotline for a new password
    Then the audit log has that it was done
    When the merchant asks by the hotline for a new password
    Then the bank refuses
    And the audit log has that it was refused, and why
    When 1440 minutes pass at the bank
    And the merchant asks by the hotline for a new password
    Then the audit log has that it was done

  @guide-6.1 @shop-reset-13
  Scenario: a weak password does not cost the code
    Given the policy says "passwords.complex: true"
    When the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "123456" with the one-time code
    Then the terminal refuses
    And the terminal shows "密码不能为连续数字"
    When the operator sets password "481516" with the one-time code
    Then the host approves

  @guide-6.1 @shop-reset-14
  Scenario: the answer to a one-time code is lost: it may be brought once more
    When the merchant shows the papers at a branch and asks for a new password
    And the line loses the next answer
    And the operator sets password "481516" with the one-time code
    Then the host does not answer
    When the operator sets password "481516" with the one-time code
    Then the host approves
    When the operator logs in with password "481516"
    Then the terminal shows "操作员签到成功"

  @guide-6.1 @shop-reset-25
  Scenario: after three wrong one-time codes the right one is refused too
    When the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with a wrong one-time code
    And the operator sets password "481516" with a wrong one-time code
    And the operator sets password "481516" with a wrong one-time code
    And the operator sets password "481516" with the one-time code
    Then the host declines
    And the audit log has that it was refused, and why

  @guide-6.1 @shop-reset-27
  Scenario: the code of the message is good once
    When the merchant asks by the hotline for a new password
    And the merchant gives the code of the message by the hotline
    Then the bank gives a one-time code
    When the merchant gives the code of the message by the hotline
    Then the bank refuses
    And the audit log has that it was refused, and why

  @guide-6.1 @shop-reset-29
  Scenario: the merchant hears of each reset on the registered phone
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank gives a one-time code
    And the merchant's phone has a note that the password was reset
    When the merchant asks by the hotline for a new password
    And the merchant gives the code of the message by the hotline
    Then the bank gives a one-time code
    And the merchant's phone has a note that the password was reset
