Feature: Settlement
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: the terminal starts an empty batch
    Given the terminal starts an empty batch
    Then the batch is empty

  @fails
  Scenario: the terminal starts an empty batch
    Given a terminal that the host does not know
    And the terminal starts an empty batch

  @holds
  Scenario: the terminal settles
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    Then the batch is empty

  @fails
  Scenario: the terminal settles
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the line loses the next answer
    And the terminal settles
    Then the batch is empty

  @holds
  Scenario: the terminal forgets its last payment
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal forgets its last payment
    Then the batch is empty

  @fails
  Scenario: the terminal forgets its last payment
    Given the terminal starts an empty batch
    And the terminal forgets its last payment

  @holds
  Scenario: the batch holds payments of {amount} yuan in {n} and credits of {amount} yuan in {n}
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the operator voids the last purchase
    Then the batch holds payments of 1.00 yuan in 1 and credits of 1.00 yuan in 1

  @fails
  Scenario: the batch holds payments of {amount} yuan in {n} and credits of {amount} yuan in {n}
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    Then the batch holds payments of 2.00 yuan in 1 and credits of 0.00 yuan in 0

  @holds
  Scenario: the totals balance
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    Then the totals balance

  @fails
  Scenario: the totals balance
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals balance

  @holds
  Scenario: the totals do not balance
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the totals do not balance

  @fails
  Scenario: the totals do not balance
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    Then the totals do not balance

  @holds
  Scenario: the host's totals are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    Then the host's totals are debits of 1.00 yuan in 1 and credits of 0.00 yuan in 0

  @fails
  Scenario: the host's totals are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}
    Given the terminal starts an empty batch
    When the terminal settles
    Then the host's totals are debits of 1.00 yuan in 1 and credits of 0.00 yuan in 0

  @holds
  Scenario: the terminal uploads {n} details
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the terminal uploads 1 details

  @fails
  Scenario: the terminal uploads {n} details
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    Then the terminal uploads 1 details

  @holds
  Scenario: the batch number has gone up by one
    Given the terminal starts an empty batch
    When the terminal settles
    And a terminal that has signed in
    Then the batch number has gone up by one

  @fails
  Scenario: the batch number has gone up by one
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the batch number has gone up by one

  @holds
  Scenario: the batch is empty
    Given the terminal starts an empty batch
    Then the batch is empty

  @fails
  Scenario: the batch is empty
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the batch is empty

  @holds
  Scenario: the totals are in error
    Given a terminal that has signed in
    And the terminal starts an empty batch
    When the cardholder pays 8000000000.00 yuan with a rich card
    And the operator voids the last purchase
    And the cardholder pays 8000000000.00 yuan with a rich card
    And the operator voids the last purchase
    And the terminal settles
    Then the totals are in error

  @fails
  Scenario: the totals are in error
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    And the terminal settles
    Then the totals are in error

  @holds
  Scenario: the power fails after {n} details of a settlement
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the terminal forgets its last payment
    And the power fails after 0 details of a settlement
    And the terminal settles
    Then the batch is empty

  @fails
  Scenario: the power fails after {n} details of a settlement
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 2.00 yuan with a good card
    And the terminal forgets its last payment
    And the power fails after 0 details of a settlement
    Then the batch is empty

  @holds
  Scenario: the terminal uploads {n} chip payments
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a chip card by chip
    And the terminal settles
    Then the terminal uploads 1 chip payments

  @holds
  Scenario: the terminal uploads {n} notices of chip payments
    Given the terminal starts an empty batch
    And the next chip finds its issuer's answer wrong
    When the cardholder pays 1.00 yuan with a chip card by chip
    And the terminal settles
    Then the terminal uploads 1 notices of chip payments

  @holds
  Scenario: the terminal uploads {n} advices
    Given the terminal starts an empty batch
    When the operator settles 2.00 yuan offline with a good card under authorisation code "123456"
    And the cardholder pays 3.00 yuan with a good card
    And the cardholder pays 4.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the terminal uploads 1 advices

  @holds
  Scenario: the terminal uploads {n} loads of electronic cash
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 1.00 yuan with a cash card by chip
    And the terminal settles
    Then the terminal uploads 1 loads of electronic cash

  @fails
  Scenario: the terminal uploads {n} loads of electronic cash
    Given the terminal starts an empty batch
    When the cardholder does a cash-load of 1.00 yuan with a cash card by chip
    And the terminal settles
    Then the terminal uploads 2 loads of electronic cash

  @fails
  Scenario: the terminal uploads {n} chip payments
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a chip card by chip
    And the terminal settles
    Then the terminal uploads 2 chip payments

  @fails
  Scenario: the terminal uploads {n} notices of chip payments
    Given the terminal starts an empty batch
    And the next chip finds its issuer's answer wrong
    When the cardholder pays 1.00 yuan with a chip card by chip
    And the terminal settles
    Then the terminal uploads 2 notices of chip payments

  @fails
  Scenario: the terminal uploads {n} advices
    Given the terminal starts an empty batch
    When the operator settles 2.00 yuan offline with a good card under authorisation code "123456"
    And the cardholder pays 3.00 yuan with a good card
    And the cardholder pays 4.00 yuan with a good card
    And the terminal forgets its last payment
    And the terminal settles
    Then the terminal uploads 2 advices

  @holds
  Scenario: the host's totals of foreign cards are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a foreign card by chip
    And the terminal settles
    Then the host's totals of foreign cards are debits of 1.00 yuan in 1 and credits of 0 yuan in 0

  @fails
  Scenario: the host's totals of foreign cards are debits of {amount} yuan in {n} and credits of {amount} yuan in {n}
    Given the terminal starts an empty batch
    When the cardholder pays 1.00 yuan with a foreign card by chip
    And the terminal settles
    Then the host's totals of foreign cards are debits of 2.00 yuan in 1 and credits of 0 yuan in 0
