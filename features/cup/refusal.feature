@refusal
Feature: Refusals
  A decline moves no money, owes no reversal, and tells the operator in the
  words of the terminal what to do: keep the card, try again, or stop.

  Background:
    Given a terminal that has signed in

  @pickup @cup-refusal-1
  Scenario Outline: a <role> card is to be kept
    When the cardholder pays 31.00 yuan with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer

    Examples:
      | role    |
      | pick-up |
      | suspect |
      | lost    |
      | stolen  |

  @cup-refusal-2
  Scenario Outline: a <role> card is declined
    When the cardholder pays 32.00 yuan with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer

    Examples:
      | role                   |
      | sleeping               |
      | not-permitted          |
      | terminal-not-permitted |
      | restricted             |
      | too-often              |
      | tries-exceeded         |

  @pickup @cup-refusal-3
  Scenario: a stolen card is refused by tap as well
    When the cardholder pays 3.00 yuan with a stolen card by tap
    Then the host answers as for a stolen card

  @balance @cup-refusal-4
  Scenario: a lost card gets no balance
    When the cardholder asks for the balance of a lost card
    Then the host answers as for a lost card

  @preauth @cup-refusal-5
  Scenario: a restricted card holds nothing
    When the operator pre-authorises 33.00 yuan with a restricted card
    Then the host answers as for a restricted card

  @reversal @cup-refusal-6
  Scenario: a network failure is a decline, not a lost answer
    When the cardholder pays 34.00 yuan with a system-error card
    Then the host answers as for a system-error card
    And the terminal owes no reversal

  @pin @cup-refusal-7
  Scenario: after a wrong PIN the next cardholder can pay
    When the cardholder pays 35.00 yuan with a wrong-pin card
    Then the host answers as for a wrong-pin card
    When the cardholder pays 35.00 yuan with a good card
    Then the host approves
