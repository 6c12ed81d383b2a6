Feature: Fees
  Each payment costs the merchant what its plan says, to the fen, by kind of card, channel
  and amount. A refund gives back as much of the fee as the plan says, a void all of it.

  @fees @guide-8.3 @shop-fees-1
  Scenario Outline: a debit card's fee has a rate and a cap
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays <amount> yuan with a good card
    Then the host approves
    And the fee of the last posting is <fee> yuan

    Examples:
      | amount   | fee   |
      | 3000.00  | 15.00 |
      | 4000.01  | 20.00 |
      | 50000.00 | 20.00 |
      | 1.00     | 0.01  |
      | 0.99     | 0.00  |

  @fees @guide-8.3 @shop-fees-2
  Scenario: a credit card has no cap, and who gets what of its fee adds up
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 10000.00 yuan with a chip card by chip
    Then the host approves
    And the fee of the last posting is 60.00 yuan
    And of the fees the issuer has 45.00 yuan, the network 3.25 yuan and the acquirer 11.75 yuan

  @fees @guide-8.3 @shop-fees-3
  Scenario Outline: a tap costs less up to a thousand yuan
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays <amount> yuan with a chip card by tap
    Then the host approves
    And the fee of the last posting is <fee> yuan

    Examples:
      | amount  | fee  |
      | 1000.00 | 3.80 |
      | 1000.01 | 6.00 |

  @fees @guide-8.3 @shop-fees-4
  Scenario Outline: half a fen counts as one, less than half as none
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays <amount> yuan by QR code
    Then the host approves
    And the fee of the last posting is <fee> yuan

    Examples:
      | amount | fee  |
      | 1.31   | 0.00 |
      | 1.32   | 0.01 |
      | 75.00  | 0.29 |

  @fees @guide-8.3 @shop-fees-5
  Scenario: a plan may round half a fen to the even neighbour
    Given a merchant on plan "Bamboo Rental"
    When the cardholder pays 15.00 yuan with a chip card by tap
    Then the fee of the last posting is 0.04 yuan
    When the cardholder pays 5.00 yuan with a chip card by tap
    Then the fee of the last posting is 0.02 yuan

  @fees @guide-8.3 @shop-fees-6
  Scenario: a higher tier may be cheaper
    Given a merchant on plan "Bamboo Rental"
    When the cardholder pays 5000.00 yuan with a chip card by chip
    Then the fee of the last posting is 27.50 yuan
    When the cardholder pays 5000.01 yuan with a chip card by chip
    Then the fee of the last posting is 26.00 yuan

  @fees @guide-8.3 @shop-fees-7
  Scenario: fees are added up, never computed anew of a sum
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 1.00 yuan with a chip card by chip
    And the cardholder pays 1.00 yuan with a chip card by chip
    And the cardholder pays 1.00 yuan with a chip card by chip
    Then the fees of the day are 0.03 yuan

  @fees @guide-8.3 @shop-fees-8
  Scenario: refunds in parts give back no more than the fee
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 3.00 yuan with a chip card by chip
    And the operator refunds 1.00 yuan of the last purchase
    Then the fee of the last posting is 0.01 yuan
    When the operator refunds 1.00 yuan of the last purchase
    Then the fee of the last posting is 0.00 yuan
    When the operator refunds 1.00 yuan of the last purchase
    Then the fee of the last posting is 0.01 yuan
    And the statement comes to 0.00 yuan, 0.00 yuan of fees and 0.00 yuan net
    And the statement adds up

  @fees @guide-8.3 @shop-fees-9
  Scenario: what is left over the cap still costs the cap
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 10000.00 yuan with a good card
    And the operator refunds 5000.00 yuan of the last purchase
    Then the fee of the last posting is 0.00 yuan
    And the statement comes to 5000.00 yuan, 20.00 yuan of fees and 4980.00 yuan net

  @fees @guide-8.3 @shop-fees-10
  Scenario: a plan may give back by share of the amount
    Given a merchant on plan "Bamboo Rental"
    When the cardholder pays 10000.00 yuan with a good card
    And the operator refunds 5000.00 yuan of the last purchase
    Then the fee of the last posting is 9.00 yuan
    And the statement comes to 5000.00 yuan, 9.00 yuan of fees and 4991.00 yuan net

  @fees @guide-8.3 @shop-fees-11
  Scenario: a plan may keep the fee of what is refunded
    Given a merchant on plan "Harbour Instant"
    When the cardholder pays 100.00 yuan with a good card
    And the operator refunds 100.00 yuan of the last purchase
    Then the fee of the last posting is 0.00 yuan
    And the fees of the day are 0.55 yuan

  @fees @guide-8.3 @shop-fees-12
  Scenario: a void gives all of it back, posted or not
    Given a merchant on plan "Harbour Instant"
    When the cardholder pays 100.00 yuan with a good card
    Then the fees of the day are 0.55 yuan
    When the operator voids the last purchase
    Then the host approves
    And the statement comes to 0.00 yuan, 0.00 yuan of fees and 0.00 yuan net
    And the statement adds up

  @fees @guide-8.3 @shop-fees-13
  Scenario: a payment that is reversed costs nothing
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 20.00 yuan with a good card
    And the line loses the next answer
    And the cardholder pays 100.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the fees of the day are 0.10 yuan
    And the statement adds up

  @fees @guide-8.3 @shop-fees-14
  Scenario: a payment that comes twice costs its fee once
    Given a merchant on plan "Lantern Counter"
    When the line doubles the next request
    And the cardholder pays 100.00 yuan with a good card
    Then the fees of the day are 0.50 yuan

  @fees @guide-8.3 @shop-fees-15
  Scenario: a declined payment costs nothing
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 20.00 yuan with a good card
    And the cardholder pays 1000.00 yuan with a poor card
    Then the host declines
    And the fees of the day are 0.10 yuan

  @fees @guide-8.3 @shop-fees-16
  Scenario: a card issued abroad has its own rate
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a foreign card
    Then the host approves
    And the fee of the last posting is 1.80 yuan

  @fees @guide-8.3 @shop-fees-17
  Scenario: a completed pre-authorisation costs what it came to
    Given a merchant on plan "Lantern Counter"
    When the operator pre-authorises 500.00 yuan with a good card
    And the operator completes the pre-authorisation with 400.00 yuan
    Then the host approves
    And the statement comes to 400.00 yuan, 2.00 yuan of fees and 398.00 yuan net

  @fees @guide-8.3 @shop-fees-18
  Scenario Outline: a promotion lowers the rate, and a fee is at least the floor
    Given a merchant on plan "Harbour Instant"
    When the cardholder pays <amount> yuan with a foreign card
    Then the host approves
    And the fee of the last posting is <fee> yuan

    Examples:
      | amount | fee  |
      | 20.00  | 1.00 |
      | 45.45  | 1.00 |
      | 46.00  | 1.01 |
      | 100.00 | 2.20 |

  @fees @guide-8.3 @shop-fees-19
  Scenario Outline: a wallet's code has its own rate, and a fixed part on top
    Given a merchant on plan "Harbour Instant"
    When the cardholder pays <amount> yuan by the QR code of a wallet
    Then the host approves
    And the fee of the last posting is <fee> yuan

    Examples:
      | amount | fee  |
      | 0.01   | 0.01 |
      | 1.31   | 0.01 |
      | 1.32   | 0.02 |
      | 100.00 | 0.39 |
