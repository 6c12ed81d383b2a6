@day
Feature: A day over ISO 8583:1987
  Voids, pre-authorisations, completions, advices, repeats, a change of keys, the
  end of the day and the settlement, as far as ISO 8583 says what they are.

  Background:
    Given a terminal that has signed in

  @void @iso87-void-1
  Scenario: a void is a request that names what it gives back in field 90
    When the cardholder asks for the balance of a good card
    Then the balance is known
    Given the next trace number is 3456
    When the cardholder pays 52.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
    And the request carries:
      | field | value              |
      | MTI   | 0200               |
      | 3     | 200000             |
      | 4     | as in the original |
      | 37    | present            |
      | 90.1  | 0200               |
      | 90.2  | 003456             |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @void @iso87-void-2
  Scenario: a voided purchase is not voided again
    When the cardholder pays 53.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves
    When the operator voids the same purchase again
    Then the host answers "25"

  @void @reversal @iso87-void-3
  Scenario: an unanswered void is reversed, and the purchase stands again
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 54.00 yuan with a good card
    Then the host approves
    Given the line loses the next answer
    When the operator voids the last purchase
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value  |
      | MTI   | 0400   |
      | 3     | 200000 |
      | 90.1  | 0200   |
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 54.00 yuan

  @preauth @iso87-preauth-1
  Scenario: a pre-authorisation is completed by a request
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 500.00 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 0100  |
      | 25    | 06    |
    When the operator completes the pre-authorisation with 420.00 yuan
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 0200    |
      | 25    | 06      |
      | 38    | present |
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 420.00 yuan

  @preauth @iso87-preauth-2
  Scenario: a pre-authorisation is completed by an advice
    When the operator pre-authorises 300.00 yuan with a good card
    And the operator completes the pre-authorisation with 200.00 yuan by advice
    Then the host approves
    And the request carries:
      | field | value  |
      | MTI   | 0220   |
      | 25    | 06     |
      | 52    | absent |
    And the answer carries:
      | field | value |
      | MTI   | 0230  |

  @preauth @iso87-preauth-3
  Scenario: a voided pre-authorisation holds nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 301.00 yuan with a good card
    And the operator voids the pre-authorisation
    Then the host approves
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @preauth @iso87-preauth-4
  Scenario: a voided completion holds the amount again
    When the operator pre-authorises 302.00 yuan with a good card
    And the operator completes the pre-authorisation with 302.00 yuan
    And the operator voids the completion
    Then the host approves
    And the request carries:
      | field | value  |
      | 3     | 200000 |
      | 25    | 06     |
      | 90.1  | 0200   |

  @preauth @misuse @iso87-preauth-5
  Scenario: a completion may not go further than 115 percent
    When the operator pre-authorises 200.00 yuan with a good card
    And the operator completes the pre-authorisation with 230.01 yuan
    Then the host answers "64"

  @reversal @iso87-repeat-1
  Scenario: a reversal that comes again names its original still
    Given the policy says "reversal-tries: at least 3"
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line loses the next 2 answers
    And the cardholder pays 55.00 yuan with a good card
    And the terminal sends the reversal that it owes
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value |
      | 90.1  | 0200  |
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @keys @iso87-keys-1
  Scenario: a change of keys leaves batch and session as they are
    When the terminal changes its working keys
    Then the host approves
    And the working keys are right
    And the request carries:
      | field | value |
      | MTI   | 0800  |
      | 70    | 161   |
    And the answer carries:
      | field | value   |
      | 62    | present |
    When the cardholder pays 56.00 yuan with a good card
    Then the host approves

  @keys @iso87-keys-2
  Scenario: a reversal that was owed goes under the new keys
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the line loses the next answer
    And the cardholder pays 57.00 yuan with a good card
    Then the terminal owes a reversal
    When the terminal changes its working keys
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @keys @misuse @iso87-keys-3
  Scenario: nobody changes keys before a sign-in
    When the terminal signs off
    And the terminal changes its working keys
    Then the terminal refuses

  @keys @iso87-keys-4
  Scenario: a change of keys whose answer is lost leaves keys that the host does not take
    Given the line loses the next answer
    When the terminal changes its working keys
    Then the host does not answer
    When the cardholder pays 58.00 yuan with a good card
    Then the host declines
    When the terminal signs in
    And the cardholder pays 58.50 yuan with a good card
    Then the host approves

  @day @iso87-day-1
  Scenario: the end of the day is acknowledged, and payments go on
    When the terminal tells the host that the day ends
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 0800  |
      | 70    | 201   |
    And the answer carries:
      | field | value   |
      | 15    | present |
    When the cardholder pays 59.00 yuan with a good card
    Then the host approves
    And the answer carries:
      | field | value   |
      | 15    | present |

  @settlement @iso87-settlement-1
  Scenario: a settlement that agrees brings the terminal's totals back
    Given the terminal starts an empty batch
    When the cardholder pays 100.00 yuan with a good card
    And the cardholder pays 53.00 yuan with a good card
    And the operator voids the last purchase
    And the terminal settles
    Then the totals balance
    And the request carries:
      | field | value             |
      | MTI   | 0500              |
      | 74    | 0000000001        |
      | 76    | 0000000002        |
      | 86    | present           |
      | 88    | present           |
      | 97    | present           |
    And the answer carries:
      | field | value             |
      | MTI   | 0510              |
      | 39    | 00                |
      | 74    | as in the request |
      | 88    | as in the request |

  @settlement @iso87-settlement-2
  Scenario: totals that differ are told and uploaded in detail
    Given the terminal starts an empty batch
    When the cardholder pays 101.00 yuan with a good card
    And the cardholder pays 102.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance
    And the host's totals are debits of 203.00 yuan in 2 and credits of 0.00 yuan in 0
    And the answer carries:
      | field | value |
      | 39    | 95    |
    And the terminal uploads 1 details
