@kinds
Feature: Kinds of purchases
  By mail or telephone, in instalments, with points, reserved before: purchases
  that differ from others by their condition (25) or type (60.1), are booked as
  others are, and are undone by a void that has their condition.

  Background:
    Given a terminal that has signed in

  @moto @cup-kinds-1
  Scenario: a mail order has its number typed in and no PIN
    When the cardholder does a mail-order of 61.00 yuan with a good card typed in
    Then the host approves
    And the request carries:
      | field | value        |
      | MTI   | 0200         |
      | 3     | 000000       |
      | 4     | 000000006100 |
      | 22    | 012          |
      | 25    | 08           |
      | 35    | absent       |
      | 52    | absent       |
      | 60.1  | 22           |
    And the answer carries:
      | field | value             |
      | 25    | as in the request |

  @moto @cup-kinds-2
  Scenario: the void of a mail order has its condition
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder does a mail-order of 62.00 yuan with a good card typed in
    And the operator does a purchase-void to the last payment
    Then the host approves
    And the request carries:
      | field | value              |
      | 3     | 200000             |
      | 25    | as in the original |
      | 37    | present            |
      | 60.1  | 23                 |
      | 61.2  | present            |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @moto @preauth @cup-kinds-3
  Scenario: a pre-authorisation by telephone is completed
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder does a mail-pre-auth of 63.00 yuan with a good card typed in
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 0100  |
      | 25    | 18    |
      | 60.1  | 10    |
    When the operator completes the pre-authorisation with 60.00 yuan
    Then the host approves
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 60.00 yuan

  @instalment @cup-kinds-4
  Scenario: an instalment says in how many parts it is paid
    When the cardholder pays 1200.00 yuan in 12 instalments with a good card
    Then the host approves
    And the request carries:
      | field | value   |
      | 25    | 64      |
      | 60.1  | 22      |
      | 62    | present |

  @instalment @cup-kinds-5
  Scenario: an instalment is voided whole
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 600.00 yuan in 6 instalments with a good card
    And the operator does a purchase-void to the last payment
    Then the host approves
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @points @cup-kinds-6
  Scenario: a purchase with points names the account of points
    When the cardholder does a points-purchase of 64.00 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value |
      | 25    | 65    |
      | 60.1  | 22    |
      | 60.7  | 048   |

  @points @cup-kinds-21
  Scenario: points are asked for, and a purchase with points takes them and no money
    When the cardholder asks for the points of a good card
    Then the host approves
    And the balance is known
    And the request carries:
      | field | value  |
      | MTI   | 0200   |
      | 3     | 310000 |
      | 4     | absent |
      | 25    | 65     |
      | 60.1  | 03     |
      | 60.7  | 048    |
    And the answer carries:
      | field | value   |
      | 54    | present |
    When the cardholder does a points-purchase of 69.00 yuan with a good card
    And the cardholder asks for the points of a good card
    Then the balance has gone down by 69.00 yuan
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder does a points-purchase of 71.00 yuan with a good card
    And the cardholder asks for the balance of a good card
    Then the balance has not changed

  @points @void @cup-kinds-22
  Scenario: a purchase with points is undone in points
    When the cardholder asks for the points of a good card
    Then the balance is known
    When the cardholder does a points-purchase of 72.00 yuan with a good card
    And the operator does a purchase-void to the last payment
    Then the host approves
    When the cardholder does a points-purchase of 73.00 yuan with a good card
    And the operator refunds 13.00 yuan of the last purchase
    Then the host approves
    When the cardholder asks for the points of a good card
    Then the balance has gone down by 60.00 yuan

  @points @misuse @cup-kinds-23
  Scenario: nobody is told the points of a stolen card
    When the cardholder asks for the points of a stolen card
    Then the host answers as for a stolen card

  @points @cup-kinds-27
  Scenario: an alliance's points are another account than the issuer's
    When the cardholder asks for the alliance points of a good card
    Then the host approves
    And the balance is known
    And the request carries:
      | field | value  |
      | MTI   | 0200   |
      | 3     | 310000 |
      | 25    | 65     |
      | 60.1  | 03     |
      | 60.7  | 065    |
    When the cardholder does an alliance-purchase of 74.00 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value  |
      | 3     | 000000 |
      | 25    | 65     |
      | 60.1  | 22     |
      | 60.7  | 065    |
    When the cardholder asks for the alliance points of a good card
    Then the balance has gone down by 74.00 yuan
    When the cardholder asks for the points of a good card
    Then the balance is known
    When the cardholder does an alliance-purchase of 75.00 yuan with a good card
    And the cardholder asks for the points of a good card
    Then the balance has not changed

  @points @void @cup-kinds-28
  Scenario: a purchase with an alliance's points is undone in those
    When the cardholder asks for the alliance points of a good card
    Then the balance is known
    When the cardholder does an alliance-purchase of 76.00 yuan with a good card
    And the operator does a purchase-void to the last payment
    Then the host approves
    When the cardholder does an alliance-purchase of 77.00 yuan with a good card
    And the operator refunds 17.00 yuan of the last purchase
    Then the host approves
    When the cardholder asks for the alliance points of a good card
    Then the balance has gone down by 60.00 yuan

  @points @misuse @cup-kinds-29
  Scenario: who has the issuer's points alone pays with no alliance's
    When the cardholder does an alliance-purchase of 78.00 yuan with a poor card
    Then the host answers as for a poor card
    And the terminal owes no reversal

  @reservation @cup-kinds-7
  Scenario: what was reserved is paid and voided by messages of their own
    When the cardholder does a reservation of 65.00 yuan with a good card by stripe without PIN
    Then the host approves
    And the request carries:
      | field | value |
      | 25    | 67    |
      | 60.1  | 54    |
    When the operator does a reservation-void to the last payment
    Then the host approves
    And the request carries:
      | field | value  |
      | 3     | 200000 |
      | 25    | 67     |
      | 60.1  | 53     |

  @reservation @cup-kinds-25
  Scenario: the PIN block of what was reserved is over zeros, not the card number
    Given the policy says "sign-in: 004"
    And the policy says "encrypt-tracks: true"
    And a terminal that has signed in
    When the cardholder does a reservation of 65.20 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value            |
      | 52    | present          |
      | 53    | 1610000000000000 |

  @reversal @cup-kinds-8
  Scenario Outline: an unanswered <kind> is reversed under its own condition
    When the cardholder asks for the balance of a good card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder does a <kind> of 66.00 yuan with a good card typed in
    Then the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value       |
      | 25    | <condition> |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

    Examples:
      | kind            | condition |
      | mail-order      | 08        |
      | points-purchase | 65        |
      | alliance-purchase | 65      |
      | reservation     | 67        |
      | mail-pre-auth   | 18        |

  @misuse @cup-kinds-9
  Scenario Outline: a <kind> beyond the account is declined
    When the cardholder does a <kind> of 67.00 yuan with a poor card typed in
    Then the host answers as for a poor card
    And the terminal owes no reversal

    Examples:
      | kind            |
      | mail-order      |
      | mail-pre-auth   |
      | points-purchase |
      | reservation     |

  @misuse @cup-kinds-10
  Scenario: a voided mail order is not voided again
    When the cardholder does a mail-order of 68.00 yuan with a good card typed in
    And the operator voids the last purchase
    Then the host approves
    When the operator voids the same purchase again
    Then the host answers "25"

  @settlement @cup-kinds-11
  Scenario: all kinds count in the settlement as purchases
    Given the terminal starts an empty batch
    When the cardholder does a mail-order of 10.00 yuan with a good card typed in
    And the cardholder pays 20.00 yuan in 2 instalments with a good card
    And the cardholder does a points-purchase of 30.00 yuan with a good card
    And the cardholder does a reservation of 40.00 yuan with a good card
    And the operator does a reservation-void to the last payment
    Then the batch holds payments of 100.00 yuan in 4 and credits of 40.00 yuan in 1
    When the terminal settles
    Then the totals balance

  @offline @cup-kinds-19
  Scenario: what a chip approved by itself is refunded by a message of its own
    Given the policy says "offline-limit: at least 20.00"
    And the policy says "cash: at least 200.00"
    Given the terminal starts an empty batch
    When the terminal downloads its "ca-keys"
    And the cardholder pays 7.90 yuan with a cash card by tap
    Then the chip approves the payment off line
    When the cardholder pays 8.00 yuan with a good card
    Then the host approves
    When the operator does an offline-refund to the last payment
    Then the host approves
    And the request carries:
      | field | value              |
      | MTI   | 0220               |
      | 3     | 200000             |
      | 4     | 000000000790       |
      | 60.1  | 27                 |
      | 61.3  | present            |
    When the terminal settles
    Then the totals balance

  @offline @misuse @cup-kinds-20
  Scenario: what no chip approved by itself gets no such refund
    Given the terminal starts an empty batch
    When the cardholder pays 8.10 yuan with a good card
    And the operator does an offline-refund to the last payment
    Then the terminal refuses
