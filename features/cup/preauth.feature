@preauth
Feature: Pre-authorisation
  A pre-authorisation holds an amount on the card. It is completed once, with
  up to 115 % of what is held, or voided. Either way nothing stays held.

  Background:
    Given a terminal that has signed in

  @everyday @cup-preauth-1
  Scenario: a pre-authorisation is completed with less than it holds
    When the operator pre-authorises 500.00 yuan with a good card
    Then the host approves
    When the operator completes the pre-authorisation with 420.00 yuan
    Then the host approves

  @cup-preauth-2
  Scenario: a pre-authorisation carries its own type and condition
    When the operator pre-authorises 501.00 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value        |
      | MTI   | 0100         |
      | 3     | 030000       |
      | 4     | 000000050100 |
      | 22    | 021          |
      | 25    | 06           |
      | 60.1  | 10           |
      | 64    | present      |
    And the answer carries:
      | field | value   |
      | MTI   | 0110    |
      | 38    | present |
      | 64    | present |

  @cup-preauth-3
  Scenario: what is held cannot be spent
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 502.00 yuan with a good card
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 502.00 yuan

  @cup-preauth-4
  Scenario: a voided pre-authorisation holds nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 503.00 yuan with a good card
    And the operator voids the pre-authorisation
    And the cardholder asks for the balance of a good card
    Then the balance has not changed

  @cup-preauth-5
  Scenario: a void of a pre-authorisation points to it by code and date
    When the operator pre-authorises 504.00 yuan with a good card
    And the operator voids the pre-authorisation
    Then the host approves
    And the request carries:
      | field | value              |
      | MTI   | 0100               |
      | 3     | 200000             |
      | 4     | as in the original |
      | 25    | 06                 |
      | 38    | present            |
      | 60.1  | 11                 |
      | 61.1  | 000000             |
      | 61.2  | 000000             |
      | 61.3  | present            |

  @cup-preauth-6
  Scenario: a completion may go 15 percent beyond what is held
    When the operator pre-authorises 200.00 yuan with a good card
    And the operator completes the pre-authorisation with 230.00 yuan
    Then the host approves

  @cup-preauth-7
  Scenario: a completion may not go further than 115 percent
    When the operator pre-authorises 200.00 yuan with a good card
    And the operator completes the pre-authorisation with 230.01 yuan
    Then the host answers "64"
    And the terminal shows "交易金额与原交易不匹配"

  @cup-preauth-8
  Scenario: a completion takes its amount and lets the rest go
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 300.00 yuan with a good card
    And the operator completes the pre-authorisation with 180.00 yuan
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 180.00 yuan

  @cup-preauth-9
  Scenario: a completion request points to the pre-authorisation
    When the operator pre-authorises 301.00 yuan with a good card
    And the operator completes the pre-authorisation with 181.00 yuan
    Then the host approves
    And the request carries:
      | field | value        |
      | MTI   | 0200         |
      | 3     | 000000       |
      | 4     | 000000018100 |
      | 25    | 06           |
      | 38    | present      |
      | 60.1  | 20           |
      | 61.3  | present      |

  @cup-preauth-10
  Scenario: a completion advice carries no PIN
    When the operator pre-authorises 302.00 yuan with a good card
    And the operator completes the pre-authorisation with 182.00 yuan by advice
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 0220    |
      | 3     | 000000  |
      | 25    | 06      |
      | 26    | absent  |
      | 38    | present |
      | 52    | absent  |
      | 60.1  | 24      |

  @cup-preauth-24
  Scenario: what is added to a pre-authorisation is held and completed with it
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 320.00 yuan with a good card
    And the operator adds 80.00 yuan to the pre-authorisation
    Then the host approves
    And the request carries:
      | field | value        |
      | MTI   | 0100         |
      | 3     | 030000       |
      | 4     | 000000008000 |
      | 25    | 60           |
      | 38    | present      |
      | 60.1  | 10           |
      | 61.3  | present      |
    When the operator completes the pre-authorisation with 400.00 yuan
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 400.00 yuan

  @reversal @cup-preauth-25
  Scenario: an unanswered addition is undone, the pre-authorisation stands
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 330.00 yuan with a good card
    And the line loses the next answer
    And the operator adds 90.00 yuan to the pre-authorisation
    Then the host does not answer
    And the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the reversal carries:
      | field | value                |
      | 3     | 030000               |
      | 25    | 60                   |
      | 38    | as in the original   |
      | 60.1  | 10                   |
    And the host acknowledges the reversal
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 330.00 yuan
