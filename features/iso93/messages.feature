Feature: Messages of ISO 8583:1993
  Message types begin with 1, function codes say what is asked, action codes
  of three digits what becomes of it. A reversal is an advice that names its
  original and its reason, and says so when it comes again.

  Background:
    Given a terminal that has signed in

  @signin @iso93-signin-1
  Scenario: a sign-in carries its function code
    When the terminal signs in
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 1804    |
      | 11    | present |
      | 12    | present |
      | 24    | 801     |
    And the answer carries:
      | field | value             |
      | MTI   | 1814              |
      | 12    | as in the request |
      | 24    | as in the request |
      | 39    | 800               |

  @signin @iso93-signin-2
  Scenario: the answer to a sign-in brings working keys
    When the terminal signs in
    Then the host approves
    And the answer carries:
      | field        | value   |
      | working keys | present |

  @echo @iso93-echo-1
  Scenario: an echo test is a network management message of its own
    When the terminal tests the line
    Then the host approves
    And the request carries:
      | field | value  |
      | MTI   | 1804   |
      | 24    | 831    |
      | 64    | absent |

  @purchase @iso93-purchase-1
  Scenario: a purchase says in twelve positions how the card was read
    When the cardholder pays 45.00 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value        |
      | MTI   | 1200         |
      | 22    | 51010121314C |
      | 24    | 200          |
    And the answer carries:
      | field | value             |
      | MTI   | 1210              |
      | 12    | as in the request |
      | 39    | 000               |

  @refusal @iso93-purchase-2
  Scenario: too little money has an action code of its own
    When the cardholder pays 1000.00 yuan with a poor card
    Then the host answers "116"

  @reversal @iso93-reversal-1
  Scenario: a reversal is an advice that names its reason and its original
    When the terminal signs off
    And the terminal signs in
    And the next trace number is 1234
    And the line loses the next answer
    And the cardholder pays 46.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value              |
      | MTI   | 1420               |
      | 12    | as in the original |
      | 24    | 400                |
      | 25    | 4021               |
      | 56.1  | 1200               |
      | 56.2  | 001234             |

  @reversal @iso93-reversal-2
  Scenario: a reversal that comes again says so
    Given the policy says "reversal-tries: at least 2"
    And the line loses the next 2 answers
    When the cardholder pays 47.00 yuan with a good card
    And the terminal sends the reversal that it owes
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value |
      | MTI   | 1421  |
      | 24    | 400   |

  @everyday @void @iso93-void-1
  Scenario: a purchase of the open batch is voided
    When the cardholder pays 52.00 yuan with a good card
    Then the host approves
    When the operator voids the last purchase
    Then the host approves

  @void @iso93-void-2
  Scenario: a void is a request that gives back a purchase of the open batch, and names it
    When the cardholder asks for the balance of a good card
    Then the balance is known
    Given the next trace number is 2345
    When the cardholder pays 48.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
    And the request carries:
      | field | value              |
      | MTI   | 1200               |
      | 3     | 200000             |
      | 4     | as in the original |
      | 24    | 200                |
      | 37    | present            |
      | 56.1  | 1200               |
      | 56.2  | 002345             |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @void @iso93-void-3
  Scenario: a voided purchase is not voided again
    When the cardholder pays 49.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
    When the operator voids the same purchase again
    Then the host declines

  @void @reversal @iso93-void-4
  Scenario: an unanswered void is reversed, and the purchase stands again
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 51.00 yuan with a good card
    Then the host approves
    Given the line loses the next answer
    When the operator voids the last purchase
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value  |
      | MTI   | 1420   |
      | 3     | 200000 |
      | 56.1  | 1200   |
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 51.00 yuan

  @refund @iso93-refund-1
  Scenario: a refund is an advice and never more than was paid
    When the cardholder pays 90.00 yuan with a good card
    And the operator refunds 60.00 yuan of the last purchase
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 1220    |
      | 3     | 200000  |
      | 37    | present |
    When the operator refunds 30.01 yuan of the last purchase
    Then the host declines

  @preauth @iso93-preauth-1
  Scenario: a pre-authorisation is completed by an advice
    When the operator pre-authorises 500.00 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 1100  |
      | 24    | 101   |
    When the operator completes the pre-authorisation with 420.00 yuan by advice
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 1220    |
      | 24    | 202     |
      | 38    | present |

  @settlement @iso93-settlement-1
  Scenario: a reconciliation that agrees has action code 500
    Given the terminal starts an empty batch
    When the cardholder pays 100.00 yuan with a good card
    And the cardholder pays 53.00 yuan with a good card
    And the operator voids the last purchase
    And the terminal settles
    Then the totals balance
    And the request carries:
      | field | value             |
      | MTI   | 1520              |
      | 24    | 500               |
      | 48    | absent            |
      | 74    | 0000000001        |
      | 76    | 0000000002        |
      | 86    | 53.00             |
      | 88    | 153.00            |
      | 97    | D100.00           |
    And the answer carries:
      | field | value             |
      | MTI   | 1530              |
      | 39    | 500               |
      | 74    | as in the request |
      | 76    | as in the request |
      | 86    | as in the request |
      | 88    | as in the request |

  @settlement @iso93-settlement-2
  Scenario: totals that differ are told and uploaded in detail
    Given the terminal starts an empty batch
    When the cardholder pays 101.00 yuan with a good card
    And the cardholder pays 102.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the host's totals are debits of 203.00 yuan in 2 and credits of 0.00 yuan in 0
    And the answer carries:
      | field | value      |
      | 39    | 501        |
      | 76    | 0000000002 |
      | 88    | 203.00     |
    And the terminal uploads 1 details

  @preauth @iso93-preauth-2
  Scenario: a pre-authorisation is completed by a request, and the completion voided
    When the operator pre-authorises 510.00 yuan with a good card
    And the operator completes the pre-authorisation with 430.00 yuan
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 1200    |
      | 24    | 202     |
      | 38    | present |
    When the operator voids the completion
    Then the host approves
    And the request carries:
      | field | value  |
      | 3     | 200000 |
      | 24    | 202    |
      | 56.1  | 1200   |

  @preauth @iso93-preauth-3
  Scenario: a voided pre-authorisation holds nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 511.00 yuan with a good card
    And the operator voids the pre-authorisation
    Then the host approves
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @preauth @iso93-preauth-4
  Scenario: a completion for what was authorised says that the amount is the same
    When the operator pre-authorises 513.00 yuan with a good card
    And the operator completes the pre-authorisation with 513.00 yuan
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 1200  |
      | 24    | 201   |
    When the operator pre-authorises 514.00 yuan with a good card
    And the operator completes the pre-authorisation with 514.00 yuan by advice
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 1220  |
      | 24    | 201   |

  @reversal @iso93-reversal-3
  Scenario: an unanswered completion is reversed, and what is held stays held
    When the operator pre-authorises 512.00 yuan with a good card
    Then the host approves
    Given the line loses the next answer
    When the operator completes the pre-authorisation with 432.00 yuan
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the operator completes the pre-authorisation with 433.00 yuan
    Then the host approves

  @keys @iso93-keys-1
  Scenario: a change of keys has a function code of its own
    When the terminal changes its working keys
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 1804  |
      | 24    | 811   |
    And the answer carries:
      | field | value   |
      | 39    | 800     |
      | 96    | present |
    When the cardholder pays 56.00 yuan with a good card
    Then the host approves

  @day @iso93-day-1
  Scenario: the end of the day has a function code of its own
    When the terminal tells the host that the day ends
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 1804  |
      | 24    | 821   |
