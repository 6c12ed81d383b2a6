@qr
Feature: Queries of payments by code
  A terminal that hears no answer to a payment by code may ask for it: what the
  host says is paid is booked and not reversed, anything else is.

  Background:
    Given the terminal starts an empty batch

  @cup-qr-6
  Scenario: a payment by code whose answer was lost is asked for, and needs no reversal
    Given the line loses the next answer
    When the cardholder pays 19.10 yuan by QR code
    Then the terminal owes a reversal
    When the operator queries the last payment by QR code
    Then the host approves
    And the terminal owes no reversal
    And the batch holds payments of 19.10 yuan in 1 and credits of 0.00 yuan in 0
    And the request carries:
      | field | value   |
      | MTI   | 0200    |
      | 3     | 720000  |
      | 4     | absent  |
      | 22    | 032     |
      | 60.1  | 60      |
      | 61.2  | present |
    And the answer carries:
      | field | value        |
      | 4     | 000000001910 |
      | 37    | present      |
    When the terminal settles
    Then the totals balance

  @void @cup-qr-7
  Scenario: a payment that a query has found is voided as any other
    Given the line loses the next answer
    When the cardholder pays 19.20 yuan by QR code
    And the operator queries the last payment by QR code
    And the operator voids the last purchase
    Then the host approves
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 19.20 yuan in 1 and credits of 19.20 yuan in 1

  @reversal @cup-qr-8
  Scenario: a payment by code that never came is not found, and stays to be reversed
    Given the line loses the next request
    When the cardholder pays 19.30 yuan by QR code
    And the operator queries the last payment by QR code
    Then the host answers "25"
    And the terminal owes a reversal
    And the batch holds payments of 0.00 yuan in 0 and credits of 0.00 yuan in 0
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal

  @misuse @cup-qr-9
  Scenario: a payment by code that was voided is not told as paid
    When the cardholder pays 19.40 yuan by QR code
    Then the host approves
    When the operator queries the last payment by QR code
    Then the host approves
    When the operator voids the last purchase
    And the operator queries the last payment by QR code
    Then the host answers "25"

  @misuse @cup-qr-10
  Scenario: a terminal without a payment by code asks for none
    When the operator queries the last payment by QR code
    Then the terminal refuses
    And the terminal shows "没有原始交易"
