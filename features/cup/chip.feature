@chip
Feature: Chip cards
  The chip makes a cryptogram for each payment, which its issuer checks; the
  issuer answers it, and the chip checks that. Neither lets anything pass that
  was changed on the way, or that comes again.

  Background:
    Given a terminal that has signed in

  @cup-chip-1
  Scenario: chip and issuer both approve
    When the cardholder pays 61.00 yuan with a chip card by chip
    Then the host approves
    And the chip approves
    And the terminal owes no reversal
    And the answer carries:
      | field | value   |
      | 55    | present |

  @cup-chip-2
  Scenario: a chip that speaks SM4
    When the cardholder pays 62.00 yuan with a sm-chip card by chip
    Then the host approves
    And the chip approves

  @cup-chip-3
  Scenario: a chip of another scheme, which is answered in another way
    When the cardholder pays 63.00 yuan with a foreign card by chip
    Then the host approves
    And the chip approves

  @cup-chip-4
  Scenario: a wrong cryptogram
    Given the next chip sends a wrong cryptogram
    When the cardholder pays 64.00 yuan with a chip card by chip
    Then the host declines
    And the terminal owes no reversal

  @cup-chip-5
  Scenario: the data of a payment before, once more
    When the cardholder pays 65.00 yuan with a chip card by chip
    Then the host approves
    Given the next chip sends the data of its last payment
    When the cardholder pays 65.00 yuan with a chip card by chip
    Then the host declines

  @cup-chip-20
  Scenario: the data of a payment long before, once more
    When the cardholder pays 65.01 yuan with a chip card by chip
    Then the host approves
    Given somebody copies what the chip has sent
    When the cardholder pays 65.02 yuan with a chip card by chip
    Then the host approves
    When the cardholder pays 65.03 yuan with a chip card by chip
    Then the host approves
    Given the next chip sends the data that were copied
    When the cardholder pays 65.01 yuan with a chip card by chip
    Then the host declines

  @cup-chip-6
  Scenario: an amount that was changed after the chip has seen it
    Given the next chip sends another amount than the terminal
    When the cardholder pays 66.00 yuan with a chip card by chip
    Then the host declines

  @cup-chip-35
  Scenario Outline: who pays by chip needs its cryptogram: the chip sends <what>
    Given the next chip sends <what>
    When the cardholder pays 66.01 yuan with a chip card <entry>
    Then the host declines
    When the cardholder pays 66.01 yuan with a chip card <entry>
    Then the host approves

    Examples:
      | what          | entry   |
      | no cryptogram | by chip |
      | nothing       | by chip |
      | no cryptogram | by tap  |
      | nothing       | by tap  |

  @cup-chip-7
  Scenario: the chip of a stolen card declines, too
    When the cardholder pays 67.00 yuan with a stolen card by chip
    Then the host declines
    And the chip declines

  @cup-chip-8
  Scenario: the issuer blocks the chip
    When the cardholder pays 68.00 yuan with a to-block card by chip
    Then the host approves
    And the chip approves
    And the chip has obeyed a command of its issuer
    And the chip is blocked
    And the terminal owes a notice of what the chip did

  @cup-chip-9
  Scenario: a command is given until the issuer hears that it was obeyed
    When the cardholder pays 69.00 yuan with a to-unblock card by chip
    Then the chip has obeyed a command of its issuer
    When the cardholder pays 70.00 yuan with a to-unblock card by chip
    Then the host approves
    And the terminal owes no notice of what the chip did
    And the answer brings no command for the chip

  @cup-chip-42
  Scenario: the issuer tells the chip its new PIN until it hears that the chip has it
    When the cardholder pays 70.20 yuan with a new-pin card by chip
    Then the host approves
    And the chip approves
    And the chip has obeyed a command of its issuer
    And the chip has its account's PIN
    And the terminal owes a notice of what the chip did
    When the cardholder pays 70.30 yuan with a new-pin card by chip
    Then the host approves
    And the answer brings no command for the chip
    And the chip has its account's PIN

  @fallback @cup-chip-10
  Scenario: the stripe of a card whose chip is to be used
    When the cardholder pays 71.00 yuan with a chip-first card by stripe
    Then the host declines
    And the request carries:
      | field | value |
      | 22    | 021   |
      | 60.5  | 1     |
    When the cardholder pays 71.00 yuan with a chip-first card by chip
    Then the host approves

  @fallback @cup-chip-11
  Scenario: the stripe stands in for a chip that cannot be read
    When the cardholder pays 72.00 yuan with a chip-first card by fallback
    Then the host approves
    And the request carries:
      | field | value  |
      | 22    | 021    |
      | 55    | absent |
      | 60.5  | 2      |

  @reversal @cup-chip-12
  Scenario: a chip that hears nothing declines, and the payment is reversed with little of its data
    When the cardholder asks for the balance of a chip card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder pays 73.00 yuan with a chip card by chip
    Then the chip declines
    And the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value   |
      | 23    | present |
      | 55    | present |
    When the cardholder asks for the balance of a chip card
    Then the balance has not changed

  @offline @cup-chip-13
  Scenario: a chip approves a small payment by itself, and the host is told before the next one
    Given the policy says "offline-limit: at least 20.00"
    And the policy says "cash: at least 200.00"
    When the terminal downloads its "ca-keys"
    And the cardholder pays 7.40 yuan with a cash card by tap
    Then the chip approves the payment off line
    And the terminal has 1 offline payments to upload
    When the cardholder pays 7.50 yuan with a good card
    Then the host approves
    And the terminal has 0 offline payments to upload

  @offline @cup-chip-14
  Scenario: more than a chip may approve by itself goes to the host
    Given the policy says "offline-limit: at most 239.99"
    When the terminal downloads its "ca-keys"
    And the cardholder pays 240.00 yuan with a cash card by tap
    Then the host approves
    And the terminal has 0 offline payments to upload

  @offline @settlement @cup-chip-15
  Scenario: offline payments are uploaded before the settlement, and count in it
    Given the policy says "offline-limit: at least 20.00"
    And the policy says "cash: at least 200.00"
    Given the terminal starts an empty batch
    When the terminal downloads its "ca-keys"
    And the cardholder pays 7.60 yuan with a cash card by tap
    And the cardholder pays 7.70 yuan with a cash card by tap
    Then the terminal has 2 offline payments to upload
    When the terminal settles
    Then the totals balance
    And the terminal has 0 offline payments to upload

  @cup-chip-16
  Scenario: a tap asks for the PIN above the limit
    Given the policy says "tap-pin-above: 1000.00"
    When the cardholder pays 1000.00 yuan with a chip card by tap
    Then the host approves
    And the request carries:
      | field | value  |
      | 22    | 072    |
      | 52    | absent |
    When the cardholder pays 1000.01 yuan with a chip card by tap
    Then the host approves
    And the request carries:
      | field | value   |
      | 22    | 071     |
      | 52    | present |

  @cup-chip-17
  Scenario Outline: above the limit of a tap the card says how its cardholder is verified: <card>
    Given the policy says "tap-pin-above: 1000.00"
    When the cardholder pays <amount> yuan with a <card> card by tap
    Then the host approves
    And the cardholder of the tapped card is verified by <way>
    And the request carries:
      | field | value  |
      | 22    | <22>   |
      | 52    | <52>   |

    Examples:
      | card   | amount  | way             | 22  | 52      |
      | chip   | 1000.02 | PIN             | 071 | present |
      | phone  | 1000.03 | the card itself | 072 | absent  |
      | signer | 1000.04 | signature       | 072 | absent  |

  @cup-chip-18
  Scenario: up to the limit of a tap nobody is verified
    Given the policy says "tap-pin-above: 1000.00"
    When the cardholder pays 999.00 yuan with a signer card by tap
    Then the host approves
    And the cardholder of the tapped card is verified by nothing

  @cup-chip-19
  Scenario: from the limit that was downloaded on a card is to be inserted
    When the terminal downloads its "ic-parameters"
    And the cardholder pays 50000.00 yuan with a chip card by tap
    Then the terminal refuses
    And the terminal shows "请插卡"
    When the cardholder pays 50000.00 yuan with a chip card by chip
    Then the host approves

  @cup-chip-39
  Scenario: above a limit that was downloaded, too, a card says how its cardholder is verified
    Given the policy says "tap-pin-above: at least 0.01"
    And the policy says "tap-pin-above: at most 1000.00"
    When the terminal downloads its "ic-parameters"
    And the cardholder pays 1000.05 yuan with a phone card by tap
    Then the host approves
    And the cardholder of the tapped card is verified by the card itself
