@void
Feature: Void
  A void takes back a whole purchase of the batch that is still open. It needs
  the supervisor's password, and it can be done once.

  Background:
    Given a terminal that has signed in

  @everyday @cup-void-1
  Scenario: a purchase of the open batch is voided
    When the cardholder pays 34.56 yuan with a good card
    Then the host approves
    When the operator voids the last purchase
    Then the host approves

  @cup-void-2
  Scenario: a void points to its purchase by reference, batch and trace
    Given the terminal starts an empty batch
    And the next trace number is 700
    When the cardholder pays 35.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
    And the request carries:
      | field | value              |
      | MTI   | 0200               |
      | 3     | 200000             |
      | 4     | as in the original |
      | 25    | 00                 |
      | 37    | present            |
      | 38    | present            |
      | 60.1  | 23                 |
      | 61.1  | present            |
      | 61.2  | 000700             |
      | 64    | present            |

  @cup-void-3
  Scenario: a voided purchase is not voided again
    When the cardholder pays 36.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
    When the operator voids the same purchase again
    Then the host answers "25"
    And the terminal shows "没有原始交易"

  @cup-void-4
  Scenario: a void gives the money back
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 37.00 yuan with a good card
    And the operator voids the last purchase
    And the cardholder asks for the balance of a good card
    Then the balance has not changed

  @cup-void-5
  Scenario: a purchase by chip is voided
    When the cardholder pays 38.00 yuan with a chip card by chip
    And the operator voids the last purchase
    Then the host approves

  @supervisor @cup-void-6
  Scenario: a void with a wrong supervisor password is not sent
    Given the policy says "passwords.pause: 0 or at least 2"
    And the policy says "passwords.lock: 0 or at least 2"
    When the cardholder pays 39.00 yuan with a good card
    And the operator voids the last purchase with a wrong supervisor password
    Then the terminal refuses
    And the terminal shows "主管密码错误"

  @settlement @cup-void-7
  Scenario: a purchase that has been settled is not voided
    When the cardholder pays 40.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    And the terminal settles
    And the terminal signs in again if it has signed off
    And the operator voids the purchase on the slip
    Then the host answers "25"

  @refund @cup-void-8
  Scenario: a purchase that has been refunded in part is not voided
    When the cardholder pays 41.00 yuan with a good card
    And the operator refunds 1.00 yuan of the last purchase
    And the operator voids the last purchase
    Then the host answers "64"
    And the terminal shows "交易金额与原交易不匹配"

  @qr @cup-qr-5
  Scenario: a payment by QR code of the open batch is voided
    When the cardholder pays 42.00 yuan by QR code
    And the operator voids the last purchase
    Then the host approves
    And the request carries:
      | field | value   |
      | 22    | 032     |
      | 35    | absent  |
      | 61    | present |
