Feature: Payments
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the cardholder pays {amount} yuan with a {role} card
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with an expired card
    Then the host answers "54"

  @fails
  Scenario: the cardholder pays {amount} yuan with a {role} card
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a golden card

  @holds
  Scenario: the cardholder pays {amount} yuan with a {role} card {how}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a chip card by chip
    Then the host approves

  @fails
  Scenario: the cardholder pays {amount} yuan with a {role} card {how}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a stolen card by stripe
    Then the host approves

  @holds
  Scenario: the cardholder pays {amount} yuan by QR code
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan by QR code
    Then the host approves

  @fails
  Scenario: the cardholder pays {amount} yuan by QR code
    Given a terminal that has signed in
    When the cardholder pays 0.00 yuan by QR code
    Then the host approves

  @holds
  Scenario: the cardholder asks for the points of a {role} card
    Given a terminal that has signed in
    When the cardholder asks for the points of a good card
    Then the balance is known

  @fails
  Scenario: the cardholder asks for the points of a {role} card
    Given a terminal that has signed in
    When the cardholder asks for the points of a stolen card
    Then the balance is known

  @holds
  Scenario: the cardholder asks for the alliance points of a {role} card
    Given a terminal that has signed in
    When the cardholder asks for the alliance points of a good card
    Then the balance is known

  @fails
  Scenario: the cardholder asks for the alliance points of a {role} card
    Given a terminal that has signed in
    When the cardholder asks for the alliance points of a stolen card
    Then the balance is known

  @holds
  Scenario: the cardholder asks for the balance of a {role} card
    Given a terminal that has signed in
    When the cardholder asks for the balance of a good card
    Then the balance is known

  @fails
  Scenario: the cardholder asks for the balance of a {role} card
    Given a terminal that has signed in
    When the cardholder asks for the balance of a stolen card
    Then the balance is known

  @holds
  Scenario: the operator voids the last purchase
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase
    Then the host approves

  @fails
  Scenario: the operator voids the last purchase
    Given the terminal starts an empty batch
    When the operator voids the last purchase
    Then the host approves

  @holds
  Scenario: the operator voids the last purchase with supervisor password {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase with supervisor password "123456"
    Then the host approves

  @fails
  Scenario: the operator voids the last purchase with supervisor password {text}
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase with supervisor password "000000"
    Then the host approves

  @holds
  Scenario: the operator voids the same purchase again
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase
    And the operator voids the same purchase again
    Then the host declines

  @fails
  Scenario: the operator voids the same purchase again
    Given a terminal that has signed in
    When the operator voids the same purchase again

  @holds
  Scenario: the operator refunds {amount} yuan of the last purchase
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator refunds 0.50 yuan of the last purchase
    Then the host approves

  @fails
  Scenario: the operator refunds {amount} yuan of the last purchase
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator refunds 2.00 yuan of the last purchase
    Then the host approves

  @holds
  Scenario: the operator pre-authorises {amount} yuan with a {role} card
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    Then the host approves

  @fails
  Scenario: the operator pre-authorises {amount} yuan with a {role} card
    Given a terminal that has signed in
    When the operator pre-authorises 1000.00 yuan with a poor card
    Then the host approves

  @holds
  Scenario: the operator adds {amount} yuan to the pre-authorisation
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator adds 20.00 yuan to the pre-authorisation
    Then the host approves

  @fails
  Scenario: the operator adds {amount} yuan to the pre-authorisation
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator adds 20.00 yuan to the pre-authorisation
    Then the host declines

  @holds
  Scenario: the operator voids the pre-authorisation
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator voids the pre-authorisation
    Then the host approves

  @fails
  Scenario: the operator voids the pre-authorisation
    Given a terminal that has signed in
    And the line loses the next request
    When the operator pre-authorises 1.00 yuan with a good card
    And the operator voids the pre-authorisation
    Then the host declines

  @holds
  Scenario: the operator completes the pre-authorisation with {amount} yuan
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator completes the pre-authorisation with 90.00 yuan
    Then the host approves

  @fails
  Scenario: the operator completes the pre-authorisation with {amount} yuan
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator completes the pre-authorisation with 116.00 yuan
    Then the host approves

  @holds
  Scenario: the operator completes the pre-authorisation with {amount} yuan by advice
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator completes the pre-authorisation with 90.00 yuan by advice
    Then the host approves

  @fails
  Scenario: the operator completes the pre-authorisation with {amount} yuan by advice
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator completes the pre-authorisation with 116.00 yuan by advice
    Then the host approves

  @holds
  Scenario: the operator voids the completion
    Given the terminal starts an empty batch
    When the operator pre-authorises 100.00 yuan with a good card
    And the operator completes the pre-authorisation with 90.00 yuan
    And the operator voids the completion
    Then the host approves

  @fails
  Scenario: the operator voids the completion
    Given the terminal starts an empty batch
    When the operator voids the completion
    Then the host approves

  @holds
  Scenario: the terminal owes a reversal
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal owes a reversal

  @fails
  Scenario: the terminal owes a reversal
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal owes a reversal

  @holds
  Scenario: the terminal owes no reversal
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal owes no reversal

  @fails
  Scenario: the terminal owes no reversal
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal owes no reversal

  @holds
  Scenario: the terminal sends the reversal that it owes
    Given a terminal that has signed in
    And the line loses the next answer
    When the cardholder pays 1.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the terminal owes no reversal

  @fails
  Scenario: the terminal sends the reversal that it owes
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal sends the reversal that it owes

  @holds
  Scenario: the operator keeps the slip of the last purchase
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    Then the host approves

  @fails
  Scenario: the operator keeps the slip of the last purchase
    Given the terminal starts an empty batch
    When the operator keeps the slip of the last purchase

  @holds
  Scenario: the operator voids the purchase on the slip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    And the operator voids the purchase on the slip
    Then the host approves

  @fails
  Scenario: the operator voids the purchase on the slip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the purchase on the slip

  @holds
  Scenario: the operator refunds {amount} yuan of the purchase on the slip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    And the operator refunds 1.00 yuan of the purchase on the slip
    Then the host approves

  @fails
  Scenario: the operator refunds {amount} yuan of the purchase on the slip
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator refunds 1.00 yuan of the purchase on the slip

  @holds
  Scenario: the operator queries the last payment by QR code
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan by QR code
    And the operator queries the last payment by QR code
    Then the host approves

  @fails
  Scenario: the operator queries the last payment by QR code
    Given the terminal starts an empty batch
    And the line loses the next request
    When the cardholder pays 1.00 yuan by QR code
    And the operator queries the last payment by QR code
    Then the host approves

  @holds
  Scenario: the cardholder pays the limit of a {role} card
    Given a terminal that has signed in
    When the cardholder pays the limit of an over-limit card
    Then the host approves

  @fails
  Scenario: the cardholder pays the limit of a {role} card
    Given a terminal that has signed in
    When the cardholder pays the limit of an over-limit card
    Then the host declines

  @holds
  Scenario: the cardholder pays one fen more than the limit of a {role} card
    Given a terminal that has signed in
    When the cardholder pays one fen more than the limit of an over-limit card
    Then the host declines

  @fails
  Scenario: the cardholder pays one fen more than the limit of a {role} card
    Given a terminal that has signed in
    When the cardholder pays one fen more than the limit of an over-limit card
    Then the host approves

  @holds
  Scenario: the operator voids the last purchase with a wrong supervisor password
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase with a wrong supervisor password
    Then the terminal refuses

  @fails
  Scenario: the operator voids the last purchase with a wrong supervisor password
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase with a wrong supervisor password
    Then the host approves

  @holds
  Scenario: the operator refunds more of the last purchase than the policy allows
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator refunds more of the last purchase than the policy allows
    Then the terminal refuses

  @fails
  Scenario: the operator refunds more of the last purchase than the policy allows
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the operator refunds more of the last purchase than the policy allows
    Then the host approves

  @holds
  Scenario: the cardholder pays {amount} yuan by the QR code of a wallet
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan by the QR code of a wallet
    Then the host approves

  @fails
  Scenario: the cardholder pays {amount} yuan by the QR code of a wallet
    Given a terminal that has signed in
    When the cardholder pays 0.00 yuan by the QR code of a wallet
    Then the host approves
