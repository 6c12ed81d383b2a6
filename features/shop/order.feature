Feature: Taking an order and being paid for it
  The customer chooses dishes, the host confirms the order and gives it a number,
  and the order is paid once, to the fen. Whatever is done to it later names that
  number.

  Background:
    Given a terminal that has signed in

  @order @guide-5.1 @shop-order-1
  Scenario: an order is chosen, confirmed and paid by card
    When the customer chooses 2 of "beef noodles"
    And the customer chooses 1 of "plum juice"
    Then the order comes to 62.01 yuan
    When the operator confirms the order
    Then the host approves
    And the order has a number of its own
    And the order is "confirmed"
    When the customer pays the order with a good card
    Then the host approves
    And the order is "paid"

  @order @guide-5.3 @shop-order-2
  Scenario Outline: the total is right to the fen
    When the customer chooses <n> of "<dish>"
    Then the order comes to <total> yuan
    When the operator confirms the order
    Then the host approves
    And the order comes to <total> yuan

    Examples:
      | n   | dish          | total   |
      | 1   | soup dumplings | 15.99   |
      | 3   | soy milk      | 9.99    |
      | 7   | plum juice    | 42.07   |
      | 999 | soup dumplings | 15974.01 |

  @order @guide-5.2 @shop-order-3
  Scenario: what was chosen is changed before the order is confirmed
    When the customer chooses 3 of "rice"
    And the customer chooses 1 of "cucumber salad"
    And the customer changes "rice" to 1
    And the customer changes "cucumber salad" to 0
    And the customer chooses 1 of "soy milk"
    Then the order comes to 5.33 yuan
    And the order is "draft"
    When the operator confirms the order
    Then the host approves
    And the order comes to 5.33 yuan

  @order @guide-5.2 @shop-order-4
  Scenario: a dish that is sold out cannot be chosen
    When the customer chooses 1 of "steamed bass"
    Then the terminal refuses
    And the terminal shows "菜品已估清"

  @order @guide-2.0 @guide-5.1 @shop-order-5
  Scenario: nothing can be ordered before the terminal has signed in
    Given a terminal that is switched on
    When the customer chooses 1 of "rice"
    Then the terminal refuses
    And the next step is "sign in again, then repeat the payment"

  @order @guide-5.3 @shop-order-6
  Scenario: an order without a dish is not confirmed
    When the operator confirms the order
    Then the terminal refuses
    And the terminal shows "请先点餐"

  @order @guide-5.3 @shop-order-7
  Scenario: a price has changed, and the order is confirmed again
    Given the terminal has an old price of "beef noodles"
    When the customer chooses 1 of "beef noodles"
    Then the order comes to 27.00 yuan
    When the operator confirms the order
    Then the host refuses because "a price has changed"
    And the next step is "confirm the order again"
    And the order is "draft"
    And the order comes to 28.00 yuan
    When the operator confirms the order
    Then the host approves
    And the order is "confirmed"

  @order @guide-5.3 @shop-order-8
  Scenario: a dish is sold out meanwhile
    Given the terminal has an old price of "steamed bass"
    When the customer chooses 1 of "steamed bass"
    And the customer chooses 2 of "rice"
    And the operator confirms the order
    Then the host refuses because "a dish is sold out"
    When the customer changes "steamed bass" to 0
    And the operator confirms the order
    Then the host approves
    And the order comes to 4.00 yuan

  @order @guide-5.4 @shop-order-9
  Scenario: each order has a number of its own
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    Then the order has a number of its own
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    Then the order has a number of its own

  @order @guide-5.4 @shop-order-10
  Scenario: an order that is sent twice is one order
    When the customer chooses 2 of "rice"
    And the operator confirms the order
    Then the order has a number of its own
    When the operator sends the same order once more
    Then the host approves
    And the order has the same number as before

  @order @guide-5.4 @shop-order-11
  Scenario: an order whose confirmation is lost is sent again, and is one order
    Given the line loses the next answer
    When the customer chooses 2 of "rice"
    And the operator confirms the order
    Then the host does not answer
    And the order is "draft"
    When the operator sends the same order once more
    Then the host approves
    And the order is "confirmed"

  @order @guide-5.4 @shop-order-12
  Scenario: the merchant's number stands for one order alone
    When the customer chooses 2 of "rice"
    And the operator confirms the order
    And the operator sends one more "rice" under the same number
    Then the host refuses because "the merchant's number stands for another order"
    And the next step is "take the order again"

  @order @guide-5.5 @shop-order-13
  Scenario Outline: an order is paid <how>
    When the customer chooses 1 of "tomato egg noodles"
    And the operator confirms the order
    And the customer pays the order with a <role> card <how>
    Then the host approves
    And the order is "paid"

    Examples:
      | role | how       |
      | good | by stripe |
      | chip | by chip   |
      | chip | by tap    |

  @order @guide-5.3 @shop-order-14
  Scenario: payee and amount stand on the screen before the password is typed
    Given the policy says "order-paid: "
    When the customer chooses 1 of "tomato egg noodles"
    And the operator confirms the order
    And the customer pays the order with a good card
    Then payee and amount stood on the screen before the password
    And the terminal shows "交易成功"

  @order @refusal @guide-5.5 @shop-order-15
  Scenario: an order is not paid twice
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order with a good card
    And the customer pays the order with a good card
    Then the host refuses because "the order is paid already"
    And the terminal shows "订单已支付, 请勿重复支付"
    And the next step is "query the order before anything else"
    And the terminal owes no reversal

  @order @refusal @guide-5.5 @shop-order-16
  Scenario: a cancelled order is not paid
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the operator cancels the order
    Then the host approves
    And the order is "cancelled"
    When the customer pays the order with a good card
    Then the host refuses because "the order is cancelled"
    And the next step is "take the order again"

  @order @refusal @guide-5.5 @shop-order-17
  Scenario: an order that has expired is not paid
    When the customer chooses 1 of "rice"
    And the order may be paid within 1 seconds
    And the operator confirms the order
    And 3 seconds pass
    And the customer pays the order with a good card
    Then the host refuses because "the order has expired"
    When the operator queries the order
    Then the order is "expired"

  @order @refusal @guide-5.5 @shop-order-18
  Scenario Outline: a payment of another amount than the order's is refused
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays <amount> yuan for the order with a good card
    Then the host refuses because "not the amount of the order"
    When the operator queries the order
    Then the order is "confirmed"

    Examples:
      | amount |
      | 27.99  |
      | 28.01  |

  @order @refusal @guide-5.4 @shop-order-19
  Scenario: another merchant's order is not found, nor paid, nor refunded
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order with a good card
    And the operator enters the number of another merchant's order
    And the operator queries the order
    Then the host refuses because "no such order of this merchant"
    When the operator refunds 1.00 yuan of the order
    Then the host refuses because "no such order of this merchant"
    When the customer pays the order with a good card
    Then the host refuses because "no such order of this merchant"

  @order @guide-5.4 @shop-order-20
  Scenario: an order is refunded in parts, and no further than it was
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order with a good card
    And the operator refunds 10.00 yuan of the order
    Then the host approves
    And the order is "part refunded"
    When the operator refunds 18.01 yuan of the order
    Then the host refuses because "more than is left of the order"
    And the terminal shows "退款金额超过订单余额"
    When the operator refunds 18.00 yuan of the order
    Then the host approves
    And the order is "refunded"
    When the operator refunds 0.01 yuan of the order
    Then the host refuses because "more than is left of the order"

  @order @guide-5.4 @shop-order-21
  Scenario: an order is refunded after the batch it was paid in is settled
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order with a good card
    And the terminal settles
    And the terminal signs in again if it has signed off
    And the operator refunds 2.00 yuan of the order
    Then the host approves
    And the order is "refunded"

  @order @refusal @guide-5.4 @shop-order-22
  Scenario: an order that nobody has paid is not refunded
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the operator refunds the order
    Then the terminal refuses
    And the terminal shows "订单未支付"

  @order @guide-5.6 @shop-order-23
  Scenario: the payment of an order is voided on the same day
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order with a good card
    And the operator voids the payment of the order
    Then the host approves
    And the customer's screen shows "支付已撤销, 未扣款"
    When the operator queries the order
    Then the order is "refunded"
    When the operator refunds 1.00 yuan of the order
    Then the host refuses because "more than is left of the order"

  @order @unknown @guide-6.3a @shop-order-24
  Scenario: a payment whose answer is lost turns out to be booked
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    Given the line loses the next answer
    When the customer pays the order with a good card
    Then the order is "unknown"
    And the terminal owes a reversal
    And the customer's screen shows "支付结果未知, 正在核实"
    When the operator queries the order
    Then the order is "paid"
    And the customer's screen shows "支付成功"
    And the terminal owes no reversal
    When the operator refunds 1.00 yuan of the order
    Then the host approves

  @order @unknown @guide-6.3a @shop-order-25
  Scenario: a payment whose request is lost turns out not to be booked, and is reversed
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    Given the line loses the next request
    When the customer pays the order with a good card
    Then the order is "unknown"
    When the operator queries the order
    Then the order is "confirmed"
    And the terminal owes no reversal
    When the customer pays the order with a good card
    Then the host approves
    And the order is "paid"

  @order @unknown @guide-6.3a @shop-order-26
  Scenario: without a query the unanswered payment is reversed before the next one
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    Given the line loses the next answer
    When the customer pays the order with a good card
    And the customer pays the order with a good card
    Then the host approves
    And the order is "paid"
    And the terminal owes no reversal

  @order @unknown @shop-order-27
  Scenario: an order that was paid is paid for the host, whatever the terminal knows
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    Given the line loses the next answer
    When the customer pays the order with a good card
    And the operator cancels the order
    Then the host refuses because "the order is paid already"
    When the operator queries the order
    Then the order is "paid"
    And the terminal owes no reversal

  @order @refusal @shop-order-28
  Scenario: an order that is paid is not cancelled
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order with a good card
    And the operator cancels the order
    Then the host refuses because "the order is paid already"

  @order @guide-5.6 @shop-order-29
  Scenario: after a payment the terminal is ready for the next customer
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order with a good card
    Then the order is "paid"
    When the customer chooses 1 of "soy milk"
    Then the order is "draft"
    And the order comes to 3.33 yuan

  @order @refusal @guide-5.4 @shop-order-50
  Scenario: a refund that names the order and the reference of another payment is refused
    When the cardholder pays 30.00 yuan with a good card
    Then the host approves
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order with a good card
    Then the host approves
    When the operator refunds 10.00 yuan of the order by the reference of another payment
    Then the host declines
    When the operator queries the order
    Then 0.00 yuan of the order are refunded
    When the operator refunds 28.00 yuan of the order
    Then the host approves
