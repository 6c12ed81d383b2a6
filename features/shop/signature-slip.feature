@signature @guide-5.5 @guide-8.2
Feature: The cardholder signs on the screen
  On a machine that is signed on there is no paper to keep. The image of the signature
  goes up to the host under its purchase, and comes too late rather than in the way: a
  sale never waits for it, and never fails by it.

  Background:
    Given a terminal with a signature pad
    And a terminal that has signed in

  @shop-signature-slip-1
  Scenario: the signature goes up whole, under its purchase
    Given the policy says "signature-part: 0"
    When the cardholder pays 41.00 yuan with a good card
    Then the host approves
    When the cardholder signs on the pad
    Then the signature has been sent
    And 1 signature messages have been sent
    And the signature message carries:
      | field            | value              |
      | 4                | as in the original |
      | 11               | as in the original |
      | 37               | present            |
      | transaction type | 07                 |
      | batch            | as in the original |
      | management code  | 800                |
      | 55               | present            |
      | signature image  | present            |
      | MAC              | present            |

  @shop-signature-slip-2
  Scenario: the host has it, with the amount
    When the cardholder pays 42.00 yuan with a good card
    And the cardholder signs on the pad
    Then the host has the signature of that payment

  @shop-signature-slip-3
  Scenario: the slip ties the signature to its payment
    When the cardholder pays 43.00 yuan with a good card
    And the cardholder signs on the pad
    Then the slip has the feature code of the payment

  @shop-signature-slip-4
  Scenario: the signature goes up in parts
    Given the terminal sends signatures in parts of 60 octets
    When the cardholder pays 44.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature has been sent
    And the signature message carries:
      | field            | value              |
      | 11               | as in the original |
      | transaction type | 08                 |
      | last part        | 1                  |
    And the host has the signature of that payment

  @shop-signature-slip-5
  Scenario: a lost answer does not stop the sale, and the signature is sent again
    Given the policy says "signature-part: 0"
    And the policy says "signature-upload-tries: at least 2"
    When the cardholder pays 45.00 yuan with a good card
    Then the host approves
    Given the line loses the next answer
    When the cardholder signs on the pad
    Then the signature has not been sent yet
    And the terminal owes no reversal
    When the terminal settles
    Then the signature has been sent
    And 2 signature messages have been sent
    And the totals balance

  @shop-signature-slip-6
  Scenario: one that did not arrive goes up with the next
    Given the policy says "signature-part: 0"
    And the policy says "signature-upload-tries: at least 2"
    When the cardholder pays 46.00 yuan with a good card
    Given the line loses the next request
    When the cardholder signs on the pad
    Then the signature has not been sent yet
    When the cardholder pays 47.00 yuan with a good card
    And the cardholder signs on the pad
    Then 3 signature messages have been sent
    And the signature has been sent

  @shop-signature-slip-7
  Scenario: a damaged image is refused, and the payment stands
    Given the policy says "signature-upload-tries: at least 2"
    When the cardholder pays 48.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the host refuses the signature
    And the signature has not been sent yet
    And the host has no signature of that payment
    When the operator voids the last purchase
    Then the host approves

  @shop-signature-slip-8
  Scenario: what cannot be sent by the settlement is given up, and the books balance
    Given the terminal starts an empty batch
    And the terminal signs in again if it has signed off
    When the cardholder pays 49.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    And the terminal settles
    Then the signature has been given up
    And the totals balance
    And the host's totals are debits of 49.00 yuan in 1 and credits of 0.00 yuan in 0

  @shop-signature-slip-9
  Scenario: a spoilt MAC has the terminal sign in again, and the signature follows
    Given the policy says "signature-upload-tries: at least 2"
    When the cardholder pays 50.00 yuan with a good card
    Given the line spoils the MAC of the next request
    When the cardholder signs on the pad
    Then the terminal has signed in again by itself
    And the signature has not been sent yet
    When the terminal settles
    Then the signature has been sent

  @shop-signature-slip-10
  Scenario: a declined purchase is not signed
    When the cardholder pays 51.00 yuan with a stolen card
    Then the host declines
    When the cardholder signs on the pad
    Then the terminal refuses

  @shop-signature-slip-11
  Scenario: a purchase is signed once
    Given the policy says "signature-part: 0"
    When the cardholder pays 52.00 yuan with a good card
    And the cardholder signs on the pad
    And the cardholder signs on the pad
    Then the terminal refuses
    And 1 signature messages have been sent

  @shop-signature-slip-12
  Scenario: a machine without a pad takes no signature
    Given a terminal without a signature pad
    When the cardholder pays 53.00 yuan with a good card
    Then the host approves
    When the cardholder signs on the pad
    Then the terminal refuses
    And the terminal shows "本机无签名板"

  @refusal @shop-signature-slip-13
  Scenario Outline: a signature with another <what> is not taken
    When the cardholder pays 54.00 yuan with a good card
    And the cardholder signs, and the image names another "<what>"
    Then the host does not take the signature
    When the terminal settles
    Then the totals balance

    Examples:
      | what             |
      | amount           |
      | trace number     |
      | reference number |
