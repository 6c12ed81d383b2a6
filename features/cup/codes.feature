@codes
Feature: Response codes
  Whatever code a host answers, the terminal shows what it means and does what
  belongs to it: nothing is owed after a decline, and an approval counts.

  Background:
    Given a terminal that has signed in

  @cup-codes-1
  Scenario Outline: a decline as for a <role> card is shown and owes nothing
    When the cardholder pays 36.00 yuan with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer
    And the terminal owes no reversal

    Examples:
      | role                   |
      | issuer-contact         |
      | answers-02             |
      | answers-03             |
      | pick-up                |
      | answers-05             |
      | answers-06             |
      | answers-07             |
      | answers-09             |
      | answers-12             |
      | answers-13             |
      | invalid                |
      | unknown-issuer         |
      | answers-19             |
      | answers-20             |
      | sleeping               |
      | answers-22             |
      | answers-25             |
      | answers-30             |
      | suspect                |
      | answers-38             |
      | answers-40             |
      | lost                   |
      | stolen                 |
      | answers-45             |
      | not-permitted          |
      | terminal-not-permitted |
      | answers-59             |
      | restricted             |
      | answers-64             |
      | too-often              |
      | answers-66             |
      | answers-68             |
      | tries-exceeded         |
      | answers-77             |
      | answers-90             |
      | issuer-down            |
      | answers-92             |
      | answers-93             |
      | answers-94             |
      | answers-95             |
      | system-error           |
      | answers-97             |
      | answers-98             |
      | answers-99             |
      | answers-a0             |
      | answers-a1             |
      | answers-a3             |
      | answers-a7             |

  @cup-codes-2
  Scenario Outline: an approval as for a <role> card is shown
    When the cardholder pays 37.00 yuan with a <role> card
    Then the host answers as for a <role> card
    And the terminal shows the text of the answer
    And the terminal owes no reversal

    Examples:
      | role       |
      | answers-11 |
      | defective  |
      | answers-a4 |
      | answers-a5 |
      | answers-a6 |
