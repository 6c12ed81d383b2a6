Feature: Statements and payouts
  Each business day has a statement that adds up to the ledger, and its money comes to the
  merchant's account on its value date, once.

  @payout @guide-8.1 @shop-payout-1
  Scenario: the day's statement adds up, as data and as a spreadsheet
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the cardholder pays 200.00 yuan with a chip card by chip
    And the cardholder pays 50.00 yuan by QR code
    And the operator refunds 20.00 yuan of the last purchase
    Then the statement comes to 330.00 yuan, 1.81 yuan of fees and 328.19 yuan net
    And the statement adds up
    And the statement as a spreadsheet says the same

  @payout @guide-8.4 @shop-payout-2
  Scenario: T+1 is paid out on the next working day, and only once
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 1000.00 yuan with a good card
    Then the host approves
    And the value date is the "next working day"
    When the acquirer pays out after 0 days
    Then 0.00 yuan are paid out
    And the merchant is owed 995.00 yuan
    When the acquirer pays out after 14 days
    Then 995.00 yuan are paid out
    And the merchant is owed 0.00 yuan
    When the acquirer pays out after 15 days
    Then 0.00 yuan are paid out

  @payout @guide-8.4 @shop-payout-3
  Scenario: a new merchant waits a day for what would come at once
    Given a merchant on plan "Harbour Instant"
    When the cardholder pays 100.00 yuan with a good card
    Then the value date is the "next day"
    When the acquirer pays out after 0 days
    Then 0.00 yuan are paid out
    When the acquirer pays out after 2 days
    Then 97.45 yuan are paid out

  @payout @shop-payout-4
  Scenario: what was refunded after the payout comes out of the next one
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the acquirer pays out after 14 days
    Then 99.50 yuan are paid out
    When the operator refunds 100.00 yuan of the last purchase
    Then the host approves
    When the acquirer pays out after 40 days
    Then 0.00 yuan are paid out
    When the cardholder pays 300.00 yuan with a good card
    Then the merchant is owed 199.00 yuan

  @payout @shop-payout-5
  Scenario: a payout that its surcharge would eat waits
    Given a merchant on plan "Harbour Instant"
    When the cardholder pays 1.50 yuan with a good card
    And the acquirer pays out after 7 days
    Then 0.00 yuan are paid out
    And the merchant is owed 1.49 yuan

  @payout @shop-payout-6
  Scenario: settling the batch changes nothing of what the day came to
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    Then the statement comes to 100.00 yuan, 0.50 yuan of fees and 99.50 yuan net
    When the terminal settles
    Then the statement comes to 100.00 yuan, 0.50 yuan of fees and 99.50 yuan net
    And the statement adds up

  @payout @shop-payout-7
  Scenario: a refund after settlement gives back its share of the fee
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the operator keeps the slip of the last purchase
    And the terminal settles
    And the operator refunds 40.00 yuan of the purchase on the slip
    Then the host approves
    And the statement comes to 60.00 yuan, 0.30 yuan of fees and 59.70 yuan net

  @payout @guide-1.1 @shop-payout-8
  Scenario: a shop closes its day: batch settled, statement drawn
    Given a terminal that has signed in
    When the cardholder pays 66.00 yuan with a good card
    Then the host approves
    When the terminal settles
    Then the totals balance
    And the statement adds up

  @payout @shop-payout-9
  Scenario: a day that is paid out takes no more
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 100.00 yuan with a good card
    And the acquirer pays out after 14 days
    Then 99.50 yuan are paid out
    When the cardholder pays 50.00 yuan with a good card
    Then the statement comes to 100.00 yuan, 0.50 yuan of fees and 99.50 yuan net
    And the merchant is owed 49.75 yuan

  @payout @clock @shop-payout-10
  Scenario: what is paid from the cut-off on counts for the next day
    Given a merchant on plan "Lantern Counter"
    And it is "22:58" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the last payment counts for "the same day"
    Given it is "23:00" at the host
    When the cardholder pays 200.00 yuan with a good card
    Then the last payment counts for "the next day"
    And the statement comes to 200.00 yuan, 1.00 yuan of fees and 199.00 yuan net
    And the value date is the "next working day"

  @payout @clock @shop-payout-11
  Scenario: each plan has a cut-off of its own, and it holds for money at once, too
    Given a merchant on plan "Harbour Instant"
    And 91 days pass at the host
    And it is "21:58" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the last payment counts for "the same day"
    When the acquirer pays out after 0 days
    Then 97.45 yuan are paid out
    Given it is "22:00" at the host
    When the cardholder pays 300.00 yuan with a good card
    Then the last payment counts for "the next day"
    When the acquirer pays out after 0 days
    Then 0.00 yuan are paid out
    When the acquirer pays out after 1 days
    Then 296.35 yuan are paid out

  @payout @clock @guide-8.4 @shop-payout-12
  Scenario Outline: after <days> days a merchant is still new
    Given a merchant on plan "Harbour Instant"
    And <days> days pass at the host
    And it is "09:00" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the value date is the "next day"
    When the acquirer pays out after 0 days
    Then 0.00 yuan are paid out

    Examples:
      | days |
      | 30   |
      | 88   |

  @payout @clock @guide-8.4 @shop-payout-13
  Scenario: after 90 days a merchant has its money on the same day
    Given a merchant on plan "Harbour Instant"
    And 91 days pass at the host
    And it is "09:00" at the host
    When the cardholder pays 100.00 yuan with a good card
    Then the value date is the "same day"
    When the acquirer pays out after 0 days
    Then 97.45 yuan are paid out

  @payout @clock @shop-payout-14
  Scenario: what was paid before the clock goes on counts for its own day
    Given a merchant on plan "Lantern Counter"
    When the cardholder pays 1000.00 yuan with a good card
    And the acquirer pays out after 0 days
    Then 0.00 yuan are paid out
    Given 20 days pass at the host
    When the acquirer pays out after 0 days
    Then 995.00 yuan are paid out
    And the merchant is owed 0.00 yuan
