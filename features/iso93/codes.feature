@codes
Feature: Response codes
  Whatever code a host answers, the terminal shows what it means and does what
  belongs to it: nothing is owed after a decline, and an approval counts.

  Background:
    Given a terminal that has signed in

  @iso93-codes-1
  Scenario Outline: a decline as for a <role> card is shown and owes nothing
    When the cardholder pays 36.00 yuan with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer
    And the terminal owes no reversal

    Examples:
      | role                   |
      | expired                |
      | answers-100            |
      | suspect                |
      | answers-103            |
      | restricted             |
      | tries-exceeded         |
      | issuer-contact         |
      | answers-109            |
      | answers-110            |
      | invalid                |
      | answers-112            |
      | answers-114            |
      | answers-115            |
      | answers-118            |
      | not-permitted          |
      | terminal-not-permitted |
      | answers-122            |
      | too-often              |
      | sleeping               |
      | answers-126            |
      | pick-up                |
      | answers-202            |
      | lost                   |
      | stolen                 |
      | answers-501            |
      | answers-902            |
      | answers-904            |
      | answers-906            |
      | issuer-down            |
      | unknown-issuer         |
      | system-error           |
      | answers-911            |
      | answers-912            |
      | answers-913            |
      | answers-914            |
      | answers-916            |
      | answers-918            |

  @iso93-codes-2
  Scenario Outline: an approval as for a <role> card is shown
    When the cardholder pays 37.00 yuan with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer
    And the terminal owes no reversal

    Examples:
      | role        |
      | defective   |
      | answers-003 |

  @iso93-codes-4
  Scenario: a fen beyond the limit of a card is declined
    When the cardholder pays one fen more than the limit of an over-limit card
    Then the host answers as for an over-limit card
    And the terminal shows the text of the answer
