Feature: Orders
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the customer chooses {n} of {text}
    Given a terminal that has signed in
    When the customer chooses 2 of "rice"
    Then the order comes to 4.00 yuan

  @fails
  Scenario: the customer chooses {n} of {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "steamed bass"
    When the operator confirms the order
    Then the host approves

  @holds
  Scenario: the customer changes {text} to {n}
    Given a terminal that has signed in
    When the customer chooses 2 of "rice"
    When the customer changes "rice" to 3
    Then the order comes to 6.00 yuan

  @fails
  Scenario: the customer changes {text} to {n}
    Given a terminal that has signed in
    When the customer chooses 2 of "rice"
    When the customer changes "rice" to 0
    When the operator confirms the order
    Then the host approves

  @holds
  Scenario: the order may be paid within {n} seconds
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the order may be paid within 60 seconds
    When the operator confirms the order
    When the customer pays the order with a good card
    Then the host approves

  @fails
  Scenario: the order may be paid within {n} seconds
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the order may be paid within 0 seconds

  @holds
  Scenario: the operator confirms the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the host approves

  @fails
  Scenario: the operator confirms the order
    Given a terminal that has signed in
    When the customer chooses 1 of "steamed bass"
    When the operator confirms the order
    Then the host approves

  @holds
  Scenario: the operator sends the same order once more
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator sends the same order once more
    Then the host approves

  @fails
  Scenario: the operator sends the same order once more
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator sends the same order once more
    Then the host declines

  @holds
  Scenario: the operator sends one more {text} under the same number
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator sends one more "rice" under the same number
    Then the host refuses because "the merchant's number stands for another order"

  @fails
  Scenario: the operator sends one more {text} under the same number
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator sends one more "rice" under the same number
    Then the host approves

  @holds
  Scenario: the terminal has an old price of {text}
    Given a terminal that has signed in
    Given the terminal has an old price of "rice"
    When the customer chooses 1 of "rice"
    Then the order comes to 1.00 yuan

  @fails
  Scenario: the terminal has an old price of {text}
    Given a terminal that has signed in
    Given the terminal has an old price of "rice"
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the host approves

  @holds
  Scenario: the customer pays the order with a {role} card
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    Then the host approves

  @fails
  Scenario: the customer pays the order with a {role} card
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a poor card
    Then the host approves

  @holds
  Scenario: the customer pays the order with a {role} card {how}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a chip card by chip
    Then the host approves

  @fails
  Scenario: the customer pays the order with a {role} card {how}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a stolen card by stripe
    Then the host approves

  @holds
  Scenario: the customer pays {amount} yuan for the order with a {role} card
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays 2.00 yuan for the order with a good card
    Then the host approves

  @fails
  Scenario: the customer pays {amount} yuan for the order with a {role} card
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays 2.01 yuan for the order with a good card
    Then the host approves

  @holds
  Scenario: the operator cancels the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator cancels the order
    Then the host approves

  @fails
  Scenario: the operator cancels the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator cancels the order
    Then the host approves

  @holds
  Scenario: the operator queries the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator queries the order
    Then the host approves

  @fails
  Scenario: the operator queries the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator enters the number of another merchant's order
    When the operator queries the order
    Then the host approves

  @holds
  Scenario: the operator refunds {amount} yuan of the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator refunds 1.00 yuan of the order
    Then the host approves

  @fails
  Scenario: the operator refunds {amount} yuan of the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator refunds 2.01 yuan of the order
    Then the host approves

  @holds
  Scenario: the operator refunds the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator refunds the order
    Then the host approves

  @fails
  Scenario: the operator refunds the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator enters the number of another merchant's order
    When the operator refunds the order
    Then the host approves

  @holds
  Scenario: the operator voids the payment of the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator voids the payment of the order
    Then the host approves

  @fails
  Scenario: the operator voids the payment of the order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator voids the payment of the order
    Then the host approves

  @holds
  Scenario: the operator enters the number of another merchant's order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the operator enters the number of another merchant's order
    When the operator queries the order
    Then the host declines

  @fails
  Scenario: the operator enters the number of another merchant's order
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator enters the number of another merchant's order

  @holds
  Scenario: {n} seconds pass
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When 0 seconds pass
    When the operator confirms the order
    Then the host approves

  @fails
  Scenario: {n} seconds pass
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When 61 seconds pass

  @holds
  Scenario: the order comes to {amount} yuan
    Given a terminal that has signed in
    When the customer chooses 3 of "rice"
    Then the order comes to 6.00 yuan

  @fails
  Scenario: the order comes to {amount} yuan
    Given a terminal that has signed in
    When the customer chooses 3 of "rice"
    Then the order comes to 6.01 yuan

  @holds
  Scenario: the order has a number of its own
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order has a number of its own

  @fails
  Scenario: the order has a number of its own
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order has a number of its own
    Then the order has a number of its own

  @holds
  Scenario: the order has the same number as before
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order has a number of its own
    When the operator sends the same order once more
    Then the order has the same number as before

  @fails
  Scenario: the order has the same number as before
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order has a number of its own
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order has the same number as before

  @holds
  Scenario: the order is {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order is "confirmed"

  @fails
  Scenario: the order is {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Then the order is "paid"

  @holds
  Scenario: the host refuses because {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the customer pays the order with a good card
    Then the host refuses because "the order is paid already"

  @fails
  Scenario: the host refuses because {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the customer pays the order with a good card
    Then the host refuses because "the order is cancelled"

  @holds
  Scenario: payee and amount stood on the screen before the password
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    Then payee and amount stood on the screen before the password

  @fails
  Scenario: payee and amount stood on the screen before the password
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays 2.01 yuan for the order with a good card
    Then payee and amount stood on the screen before the password

  @holds
  Scenario: the next step is {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a poor card
    Then the next step is "ask for another card"

  @fails
  Scenario: the next step is {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    Then the next step is "ask for another card"

  @holds
  Scenario: the report says {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a poor card
    Then the report says "51"

  @fails
  Scenario: the report says {text}
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a poor card
    Then the report says "54"

  @holds
  Scenario: the host is to answer {text} to a {role} card
    Given a terminal that has signed in
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    Given the host is to answer "51" to a poor card
    When the customer pays the order with a poor card
    Then the host answers "51"

  @fails
  Scenario: the host is to answer {text} to a {role} card
    Given a terminal that has signed in
    Given the host is to answer "51" to a golden card

  @holds
  Scenario: the operator sends the same refund once more
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    When the operator confirms the order
    When the customer pays the order by payment code
    When the operator refunds 3.00 yuan of the order
    When the operator sends the same refund once more
    When the operator queries the order
    Then 3.00 yuan of the order are refunded

  @fails
  Scenario: the operator sends the same refund once more
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    When the operator confirms the order
    When the customer pays the order by payment code
    When the operator sends the same refund once more
    Then the host approves

  @holds
  Scenario: the operator sends a refund of {amount} yuan under the same number
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    When the operator confirms the order
    When the customer pays the order by payment code
    When the operator refunds 3.00 yuan of the order
    When the operator sends a refund of 4.00 yuan under the same number
    Then the host refuses because "the refund number stands for another refund"

  @fails
  Scenario: the operator sends a refund of {amount} yuan under the same number
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    When the operator confirms the order
    When the customer pays the order by payment code
    When the operator refunds 3.00 yuan of the order
    When the operator sends a refund of 4.00 yuan under the same number
    Then the host approves

  @holds
  Scenario: {amount} yuan of the order are refunded
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator refunds 3.00 yuan of the order
    Then 3.00 yuan of the order are refunded

  @fails
  Scenario: {amount} yuan of the order are refunded
    Given a terminal that has signed in
    When the customer chooses 1 of "beef noodles"
    When the operator confirms the order
    When the customer pays the order with a good card
    Then 3.00 yuan of the order are refunded

  @holds
  Scenario: the operator refunds {amount} yuan of the order by the reference of another payment
    Given a terminal that has signed in
    When the cardholder pays 30.00 yuan with a good card
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator refunds 1.00 yuan of the order by the reference of another payment
    Then the host declines

  @fails
  Scenario: the operator refunds {amount} yuan of the order by the reference of another payment
    Given a terminal that has signed in
    When the cardholder pays 30.00 yuan with a good card
    When the customer chooses 1 of "rice"
    When the operator confirms the order
    When the customer pays the order with a good card
    When the operator refunds 1.00 yuan of the order by the reference of another payment
    Then the host approves
