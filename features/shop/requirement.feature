@requirement
Feature: What the host requires of a terminal
  The acquirer has something new for a terminal: the header of the host's answers
  (digit 6) asks for it until the terminal has done so, after the transaction.

  Background:
    Given a terminal that has signed in

  @requirement @shop-requirement-1
  Scenario Outline: a host that asks for <what> gets the terminal to fetch them after an echo test
    When the host wants the terminal to see to its "<what>"
    And the terminal tests the line
    Then the host approves
    And the terminal has <n> entries of its "<what>"
    When the terminal tests the line
    Then the host approves
    And the answer carries:
      | field | value |
      | 60.3  | 301   |

    Examples:
      | what           | n  |
      | parameters     | 1  |
      | ca-keys        | 3  |
      | ic-parameters  | 4  |
      | application    | 1  |
      | card-blacklist | 25 |
      | rates          | 3  |
      | contactless    | 1  |
      | no-pin-cards   | 12 |
      | no-pin-blacklist | 3 |

  @requirement @shop-requirement-2
  Scenario: a sign-in may ask for a download, and the terminal pays after it
    When the host wants the terminal to see to its "ca-keys"
    And the terminal signs in
    Then the terminal is signed in
    And the terminal has 3 entries of its "ca-keys"
    When the cardholder pays 46.00 yuan with a good card
    Then the host approves

  @requirement @shop-requirement-3
  Scenario: a host that asks for the terminal's status gets it once
    When the host wants the terminal to see to its "status"
    And the terminal tests the line
    Then the host approves
    And 2 messages have been sent
    When the terminal tests the line
    Then 3 messages have been sent

  @requirement @shop-requirement-4
  Scenario: a host that asks for a sign-in gets one, with keys that are good
    When the terminal loses its working keys
    And the host wants the terminal to see to its "sign-in"
    And the terminal tests the line
    Then the terminal is signed in
    When the cardholder pays 47.00 yuan with a good card
    Then the host approves

  @authentication @shop-requirement-7
  Scenario: CA keys that are withdrawn are used no longer, once the host lists none
    When the terminal downloads its "ca-keys"
    And the cardholder pays 47.10 yuan with a dda card by chip
    Then the host approves
    And the terminal finds the chip authentic by DDA
    When the bank withdraws its CA keys
    And the terminal downloads its "ca-keys"
    Then the host approves
    And the terminal has 0 entries of its "ca-keys"
    When the cardholder pays 47.20 yuan with a dda card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since the terminal lacks its CA key
