Feature: Chips
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the next chip sends {chipfault}
    Given a terminal that has signed in
    Given the next chip sends a wrong cryptogram
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the host declines

  @fails
  Scenario: the next chip sends {chipfault}
    Given a terminal that has signed in
    Given the next chip sends another amount than the terminal
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the host approves

  @holds
  Scenario: the chip approves
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip approves

  @fails
  Scenario: the chip approves
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a stolen card by chip
    Then the chip approves

  @holds
  Scenario: the chip declines
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a stolen card by chip
    Then the chip declines

  @fails
  Scenario: the chip declines
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip declines

  @holds
  Scenario: the chip has obeyed a command of its issuer
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a to-unblock card by chip
    Then the chip has obeyed a command of its issuer

  @fails
  Scenario: the chip has obeyed a command of its issuer
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip has obeyed a command of its issuer

  @holds
  Scenario: the answer brings no command for the chip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the answer brings no command for the chip

  @fails
  Scenario: the answer brings no command for the chip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a to-unblock card by chip
    Then the answer brings no command for the chip

  @holds
  Scenario: the chip is blocked
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a to-block card by chip
    Then the chip is blocked

  @fails
  Scenario: the chip is blocked
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip is blocked

  @holds
  Scenario: the terminal owes a notice of what the chip did
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a to-unblock card by chip
    Then the terminal owes a notice of what the chip did

  @fails
  Scenario: the terminal owes a notice of what the chip did
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the terminal owes a notice of what the chip did

  @holds
  Scenario: the terminal owes no notice of what the chip did
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a to-unblock card by chip
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal owes no notice of what the chip did

  @fails
  Scenario: the terminal owes no notice of what the chip did
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a to-unblock card by chip
    Then the terminal owes no notice of what the chip did

  @holds
  Scenario: the chip approves the payment off line
    Given a terminal that has signed in
    When the terminal downloads its "ca-keys"
    And the cardholder pays 1.00 yuan with a cash card by tap
    Then the chip approves the payment off line

  @fails
  Scenario: the chip approves the payment off line
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by tap
    Then the chip approves the payment off line

  @holds
  Scenario: the terminal has {n} offline payments to upload
    Given a terminal that has signed in
    When the terminal downloads its "ca-keys"
    And the cardholder pays 1.00 yuan with a cash card by tap
    Then the terminal has 1 offline payments to upload

  @fails
  Scenario: the terminal has {n} offline payments to upload
    Given a terminal that has signed in
    When the terminal downloads its "ca-keys"
    And the cardholder pays 1.00 yuan with a cash card by tap
    Then the terminal has 0 offline payments to upload

  @holds
  Scenario: the terminal finds the chip authentic by {oda}
    Given a terminal that has signed in
    When the terminal downloads its "ca-keys"
    And the cardholder pays 1.00 yuan with a cda card by chip
    Then the terminal finds the chip authentic by CDA

  @fails
  Scenario: the terminal finds the chip authentic by {oda}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a cda card by chip
    Then the terminal finds the chip authentic by CDA

  @holds
  Scenario: the terminal does not find the chip authentic, since {odafailure}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a sda card by chip
    Then the terminal does not find the chip authentic, since the terminal lacks its CA key

  @fails
  Scenario: the terminal does not find the chip authentic, since {odafailure}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a sda card by chip
    Then the terminal does not find the chip authentic, since its CA key has expired

  @holds
  Scenario: the next chip finds its issuer's answer wrong
    Given a terminal that has signed in
    Given the next chip finds its issuer's answer wrong
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip declines

  @fails
  Scenario: the next chip finds its issuer's answer wrong
    Given a terminal that has signed in
    Given the next chip finds its issuer's answer wrong
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip approves

  @holds
  Scenario: the next chip is taken away too soon
    Given a terminal that has signed in
    Given the next chip is taken away too soon
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the terminal owes a reversal

  @fails
  Scenario: the next chip is taken away too soon
    Given a terminal that has signed in
    Given the next chip is taken away too soon
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the host approves

  @holds
  Scenario: the cardholder of the tapped card is verified by {verified}
    Given a terminal that has signed in
    When the cardholder pays 1200.00 yuan with a phone card by tap
    Then the cardholder of the tapped card is verified by the card itself

  @fails
  Scenario: the cardholder of the tapped card is verified by {verified}
    Given a terminal that has signed in
    When the cardholder pays 1200.00 yuan with a signer card by tap
    Then the cardholder of the tapped card is verified by PIN

  @holds
  Scenario: somebody copies what the chip has sent
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Given somebody copies what the chip has sent
    And the next chip sends the data that were copied
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the host declines

  @fails
  Scenario: somebody copies what the chip has sent
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Given somebody copies what the chip has sent

  @holds
  Scenario: the chip has its account's PIN
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a new-pin card by chip
    Then the chip has its account's PIN

  @fails
  Scenario: the chip has its account's PIN
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the chip has its account's PIN
