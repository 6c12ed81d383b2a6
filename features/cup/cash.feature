@cash
Feature: Loads of electronic cash
  Electronic cash on a chip is paid for out of the account behind it, out of
  another card's, or in money at the till. The chip tells what it has, and the
  issuer's command in the answer sets what it has then; both or neither.

  Background:
    Given a terminal that has signed in

  @cup-cash-1
  Scenario: a load out of the account behind the chip
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    When the cardholder does an account-load of 50.00 yuan with a cash card by chip
    Then the host approves
    And the chip approves
    And the chip has 50.00 yuan more of electronic cash
    And the terminal owes a notice of what the chip did
    And the request carries:
      | field | value        |
      | MTI   | 0200         |
      | 3     | 600000       |
      | 4     | 000000005000 |
      | 22    | 051          |
      | 25    | 91           |
      | 35    | absent       |
      | 52    | present      |
      | 55    | present      |
      | 60.1  | 45           |
    And the answer carries:
      | field | value   |
      | 55    | present |
    When the cardholder asks for the balance of a cash card
    Then the balance has gone down by 50.00 yuan
    And the terminal owes no notice of what the chip did

  @cup-cash-2
  Scenario: another card pays for a load
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder loads 51.00 yuan from a good card onto a cash card
    Then the host approves
    And the chip has 51.00 yuan more of electronic cash
    And the request carries:
      | field | value   |
      | 3     | 620000  |
      | 22    | 021     |
      | 23    | present |
      | 25    | 91      |
      | 35    | present |
      | 48    | 0520    |
      | 52    | present |
      | 55    | present |
      | 60.1  | 47      |
      | 62    | present |
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 51.00 yuan

  @cup-cash-3
  Scenario: a load for money is the merchant's to pay
    Given the terminal starts an empty batch
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    When the cardholder does a cash-load of 52.00 yuan with a cash card by chip
    Then the host approves
    And the chip has 52.00 yuan more of electronic cash
    And the batch holds payments of 0.00 yuan in 0 and credits of 52.00 yuan in 1
    And the request carries:
      | field | value  |
      | 3     | 630000 |
      | 22    | 052    |
      | 25    | 91     |
      | 52    | absent |
      | 60.1  | 46     |
    When the cardholder asks for the balance of a cash card
    Then the balance has not changed

  @void @cup-cash-4
  Scenario: a load for money is voided, and the chip gives it back
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 53.00 yuan with a cash card by chip
    And the operator does a cash-load-void to the last payment
    Then the host approves
    And the chip has 53.00 yuan less of electronic cash
    And the batch holds payments of 53.00 yuan in 1 and credits of 53.00 yuan in 1
    And the request carries:
      | field | value              |
      | 3     | 170000             |
      | 25    | 91                 |
      | 37    | present            |
      | 55    | present            |
      | 60.1  | 51                 |
      | 61.2  | present            |

  @offline @settlement @cup-cash-5
  Scenario: what was loaded is spent, and all of it is settled
    Given the policy says "offline-limit: at least 20.00"
    And the policy says "cash: at least 200.00"
    Given the terminal starts an empty batch
    When the terminal downloads its "ca-keys"
    And the cardholder does a cash-load of 54.00 yuan with a cash card by chip
    And the cardholder does an account-load of 55.00 yuan with a cash card by chip
    And the cardholder pays 8.30 yuan with a cash card by tap
    Then the chip approves the payment off line
    And the chip has 8.30 yuan less of electronic cash
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 8.30 yuan in 1 and credits of 54.00 yuan in 1
    And the terminal uploads 2 loads of electronic cash

  @settlement @cup-cash-24
  Scenario: loads are told one by one also where the totals do not balance
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 67.00 yuan with a cash card by chip
    And the cardholder loads 68.00 yuan from a good card onto a cash card
    And the cardholder pays 3.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the terminal uploads 2 loads of electronic cash

  @reversal @cup-cash-6
  Scenario Outline: an unanswered <load> is reversed, and the chip has nothing of it
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder does a <load> of 56.00 yuan with a cash card by chip
    Then the electronic cash on the chip has not changed
    And the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value   |
      | 3     | <code>  |
      | 25    | 91      |
      | 55    | present |
    When the cardholder asks for the balance of a cash card
    Then the balance has not changed

    Examples:
      | load         | code   |
      | account-load | 600000 |
      | cash-load    | 630000 |

  @reversal @cup-cash-7
  Scenario: an unanswered load from another card is reversed, and that card has its money
    When the cardholder asks for the balance of a good card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder loads 57.00 yuan from a good card onto a cash card
    Then the electronic cash on the chip has not changed
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @reversal @cup-cash-25
  Scenario: a chip that finds its issuer's answer wrong is not loaded, and nobody pays
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    Given the next chip finds its issuer's answer wrong
    When the cardholder does an account-load of 69.00 yuan with a cash card by chip
    Then the chip declines
    And the electronic cash on the chip has not changed
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value |
      | 39    | 96    |
    When the cardholder asks for the balance of a cash card
    Then the balance has not changed

  @tap @cup-cash-26
  Scenario: a chip is loaded that is held against the reader until its issuer has answered
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    When the cardholder does an account-load of 70.00 yuan with a cash card by tap
    Then the host approves
    And the chip approves
    And the chip has 70.00 yuan more of electronic cash
    And the terminal owes a notice of what the chip did
    And the request carries:
      | field | value   |
      | 3     | 600000  |
      | 22    | 981     |
      | 25    | 91      |
      | 35    | absent  |
      | 52    | present |
      | 55    | present |
      | 60.1  | 45      |
    When the cardholder asks for the balance of a cash card
    Then the balance has gone down by 70.00 yuan
    And the terminal owes no notice of what the chip did

  @tap @void @settlement @cup-cash-27
  Scenario: a load for money by tap is voided by tap, and both are told in the settlement
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 71.00 yuan with a cash card by tap
    Then the host approves
    And the chip has 71.00 yuan more of electronic cash
    And the request carries:
      | field | value  |
      | 22    | 982    |
      | 52    | absent |
    When the operator does a cash-load-void to the last payment
    Then the host approves
    And the chip has 71.00 yuan less of electronic cash
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 71.00 yuan in 1 and credits of 71.00 yuan in 1

  @tap @reversal @cup-cash-28
  Scenario Outline: a chip that is taken away too soon <how> is not loaded, and nobody pays
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    Given the next chip is taken away too soon
    When the cardholder does an account-load of 72.00 yuan with a cash card <how>
    Then the electronic cash on the chip has not changed
    And the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value   |
      | 39    | 96      |
      | 55    | present |
    When the cardholder asks for the balance of a cash card
    Then the balance has not changed

    Examples:
      | how     |
      | by tap  |
      | by chip |

  @reversal @void @cup-cash-8
  Scenario: a void that is reversed leaves the load as it was
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 58.00 yuan with a cash card by chip
    And the cardholder asks for the balance of a good card
    Then the host approves
    And the terminal owes no notice of what the chip did
    Given the line loses the next answer
    When the operator does a cash-load-void to the last payment
    Then the electronic cash on the chip has not changed
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 0.00 yuan in 0 and credits of 58.00 yuan in 1

  @misuse @cup-cash-9
  Scenario: no more than a chip may have
    When the cardholder asks for the balance of a cash card
    Then the balance is known
    When the cardholder does an account-load of 1000.01 yuan with a cash card by chip
    Then the host answers "61"
    And the chip declines
    And the electronic cash on the chip has not changed
    And the terminal owes no reversal
    When the cardholder asks for the balance of a cash card
    Then the balance has not changed

  @misuse @cup-cash-10
  Scenario: a card without the money loads nobody's chip
    When the cardholder loads 59.00 yuan from a poor card onto a cash card
    Then the host answers as for a poor card
    And the electronic cash on the chip has not changed
    And the terminal owes no reversal

  @misuse @cup-cash-11
  Scenario: a chip without electronic cash is not loaded
    When the cardholder does a cash-load of 60.00 yuan with a chip card by chip
    Then the host declines
    And the terminal owes no reversal

  @misuse @cup-cash-12
  Scenario: a load of a stolen card's chip is declined
    When the cardholder does a cash-load of 61.00 yuan with a stolen card by chip
    Then the host answers as for a stolen card

  @misuse @cup-cash-13
  Scenario: a stripe is not loaded
    When the cardholder does a cash-load of 62.00 yuan with a cash card by stripe
    Then the terminal refuses
    And the terminal shows "请插卡"

  @misuse @void @cup-cash-14
  Scenario: a load is voided once
    When the cardholder does a cash-load of 63.00 yuan with a cash card by chip
    And the operator does a cash-load-void to the last payment
    Then the host approves
    When the operator does a cash-load-void to the same payment again
    Then the host answers "25"
    And the electronic cash on the chip has not changed

  @misuse @void @cup-cash-15
  Scenario: a load that an account has paid for has no void
    Given the terminal starts an empty batch
    When the cardholder does an account-load of 64.00 yuan with a cash card by chip
    And the operator does a cash-load-void to the last payment
    Then the terminal refuses

  @misuse @void @cup-cash-16
  Scenario: a void of a purchase undoes no load
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 65.00 yuan with a cash card by chip
    And the operator voids the last purchase
    Then the terminal refuses

  @misuse @cup-cash-17
  Scenario: a wrong cryptogram loads nothing
    Given the next chip sends a wrong cryptogram
    When the cardholder does an account-load of 66.00 yuan with a cash card by chip
    Then the host declines
    And the electronic cash on the chip has not changed
