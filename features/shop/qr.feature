Feature: Paying an order by code
  Either the customer shows a code that is for one payment and one minute, or the
  merchant shows one: of the order, or a static one in which only the payee stands.

  Background:
    Given a terminal that has signed in

  @qr @guide-5.5 @shop-qr-1
  Scenario: the customer's payment code pays an order
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    Then the host approves
    And the order is "paid"

  @qr @refusal @guide-5.5 @shop-qr-2
  Scenario: a payment code is for one payment
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code
    Then the host approves
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer shows the same payment code again
    Then the host refuses because "the code has been used"
    And the next step is "have the customer show a fresh code"
    When the customer pays the order by payment code
    Then the host approves

  @qr @refusal @guide-5.5 @shop-qr-3
  Scenario: a payment code is used up by a payment that fails, too
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the operator cancels the order
    And the customer pays the order by payment code
    Then the host refuses because "the order is cancelled"
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer shows the same payment code again
    Then the host refuses because "the code has been used"

  @qr @refusal @guide-5.5 @shop-qr-4
  Scenario Outline: a payment code of <age> seconds ago is too old
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by a payment code of <age> seconds ago
    Then the host refuses because "the code is too old"
    And the terminal shows "付款码已过期, 请刷新"

    Examples:
      | age  |
      | 75   |
      | 3600 |

  @qr @guide-5.5 @shop-qr-5
  Scenario: a payment code of half a minute ago is good
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by a payment code of 20 seconds ago
    Then the host approves

  @qr @guide-5.5 @shop-qr-6
  Scenario: an order paid by payment code is refunded in part
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the operator refunds 3.00 yuan of the order
    Then the host approves
    And the order is "part refunded"

  @qr @unknown @guide-5.5 @shop-qr-7
  Scenario: the answer to a payment by code is lost, and the query finds it booked
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    Given the line loses the next answer
    When the customer pays the order by payment code
    Then the order is "unknown"
    When the operator queries the order
    Then the order is "paid"
    And the terminal owes no reversal

  @qr @guide-5.5 @shop-qr-8
  Scenario: the customer scans the merchant's code of the order
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the terminal shows a code for the order
    Then the host approves
    And the order is "paying"
    When the customer scans the code
    Then the host approves
    When the operator queries the order
    Then the order is "paid"
    And the terminal owes no reversal

  @qr @guide-5.5 @shop-qr-18
  Scenario: the terminal is told unasked that the order is paid
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the terminal shows a code for the order and listens
    And the customer scans the code
    Then the host approves
    And the host tells the terminal unasked that the order is paid
    And the order is "paid"
    And the terminal owes no reversal

  @qr @guide-5.5 @shop-qr-9
  Scenario: nobody has scanned yet
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the operator queries the order
    Then the order is "paying"
    And the terminal owes a reversal
    When the operator cancels the order
    Then the order is "cancelled"
    And the terminal owes no reversal

  @qr @refusal @guide-5.5 @shop-qr-10
  Scenario: the merchant's code pays once
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the customer scans the code
    Then the host approves
    When the customer scans the code of before
    Then the host refuses because "the order is paid already"
    When the operator queries the order
    Then the order is "paid"

  @qr @refusal @guide-5.5 @shop-qr-11
  Scenario: a newer code takes the place of the one before
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the customer scans the code and pays 1.00 yuan
    Then the host refuses because "not the amount of the order"
    When the terminal shows a code for the order
    And the customer scans the code of before
    Then the host refuses because "the code is too old"
    When the customer scans the code
    Then the host approves
    When the operator queries the order
    Then the order is "paid"

  @qr @refusal @guide-5.5 @shop-qr-12
  Scenario: the code of a cancelled order is good for nothing
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the customer scans the code and pays 1.00 yuan
    And the operator cancels the order
    And the customer scans the code of before
    Then the host refuses because "the order is cancelled"

  @qr @guide-5.5 @shop-qr-13
  Scenario: the customer pays by card after all, and the code is void
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the customer scans the code and pays 1.00 yuan
    And the customer pays the order with a good card
    Then the host approves
    And the order is "paid"
    When the customer scans the code of before
    Then the host refuses because "the order is paid already"

  @qr @unknown @guide-5.5 @shop-qr-14
  Scenario: the terminal gives up, and what was paid by the code is given back
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the customer scans the code
    Then the host approves
    When the terminal sends the reversal that it owes
    And the operator queries the order
    Then the order is "confirmed"
    And the terminal owes no reversal

  @qr @guide-5.5 @shop-qr-15
  Scenario: the customer types the amount for a static code
    When the terminal shows its static code
    And the customer scans the code and pays 12.34 yuan
    Then the host approves
    And the terminal hears of a payment of 12.34 yuan by its static code
    When the operator refunds 2.34 yuan of the order
    Then the host approves

  @qr @refusal @guide-5.5 @shop-qr-16
  Scenario: a static code takes no more than the limit of a day
    When the terminal shows its static code
    And the customer scans the code and pays 500.01 yuan
    Then the host refuses because "more than a payer may pay in a day by static codes"
    And the next step is "ask for another way to pay"

  @qr @refusal @guide-5.5 @shop-qr-17
  Scenario: the code of a batch that has ended is good for nothing
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the customer scans the code and pays 1.00 yuan
    And the terminal settles
    And the terminal signs in again if it has signed off
    And the customer scans the code of before
    Then the host refuses because "the code is too old"

  @qr @refusal @guide-5.5 @shop-qr-19
  Scenario: the phone pays after the terminal has given the code up
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the terminal shows a code for the order
    And the terminal sends the reversal that it owes
    And the customer scans the code
    Then the host refuses because "the code is too old"
    And the terminal owes no reversal

  @qr @refund @guide-5.4 @shop-qr-31
  Scenario: the same refund number is the same refund
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the operator refunds 3.00 yuan of the order
    Then the host approves
    When the operator sends the same refund once more
    Then the host approves
    When the operator sends the same refund once more
    Then the host approves
    And 3.00 yuan of the order are refunded
    When the operator queries the order
    Then 3.00 yuan of the order are refunded
    And the order is "part refunded"

  @qr @refund @guide-5.4 @shop-qr-32
  Scenario: a new refund number is another refund, of the same amount, too
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the operator refunds 3.00 yuan of the order
    And the operator refunds 3.00 yuan of the order
    Then the host approves
    When the operator queries the order
    Then 6.00 yuan of the order are refunded

  @qr @refund @refusal @shop-qr-33
  Scenario: another amount under the same refund number is refused
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the operator refunds 3.00 yuan of the order
    And the operator sends a refund of 4.00 yuan under the same number
    Then the host refuses because "the refund number stands for another refund"
    And the next step is "check what was entered and try again"
    When the operator queries the order
    Then 3.00 yuan of the order are refunded

  @qr @refund @unknown @shop-qr-34
  Scenario: a refund without an answer is sent again under its number, and booked once
    Given the terminal starts an empty batch
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the line loses the next answer
    And the operator refunds 3.00 yuan of the order
    Then the host does not answer
    When the operator refunds 3.00 yuan of the order
    Then the host approves
    And 3.00 yuan of the order are refunded
    When the operator queries the order
    Then 3.00 yuan of the order are refunded
    And the batch holds payments of 28.00 yuan in 1 and credits of 3.00 yuan in 1
    When the terminal settles
    Then the totals balance

  @qr @refund @unknown @shop-qr-35
  Scenario: a refund that the host has never heard of is sent again, and booked once
    Given the terminal starts an empty batch
    When the customer chooses 1 of "beef noodles"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the line loses the next request
    And the operator refunds 3.00 yuan of the order
    And the operator refunds 3.00 yuan of the order
    Then the host approves
    When the operator queries the order
    Then 3.00 yuan of the order are refunded
    And the batch holds payments of 28.00 yuan in 1 and credits of 3.00 yuan in 1
    When the terminal settles
    Then the totals balance

  @qr @refund @shop-qr-36
  Scenario: the last refund of an order, sent again, is still that refund
    When the customer chooses 1 of "rice"
    And the operator confirms the order
    And the customer pays the order by payment code
    And the operator refunds the order
    Then the host approves
    And the order is "refunded"
    When the operator sends the same refund once more
    Then the host approves
    When the operator queries the order
    Then the order is "refunded"
    And 2.00 yuan of the order are refunded
