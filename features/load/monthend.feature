Feature: The end of the month
  Batches are settled and statements are drawn while shops still sell. Whatever is under way
  then, fees and statements come to what the ledger has.

  @load @cup-load-31
  Scenario: shops settle and draw their statements
    Given 400 terminals have signed in
    And the first 2 seconds are warm-up
    When for 20 seconds 200 cardholders a second arrive, who
      | do                           | share |
      | pay with a good card and PIN | 53 %  |
      | pay by QR code               | 27 %  |
      | pay and have it voided       | 5 %   |
      | @cup-refund-1                | 3 %   |
      | @shop-payout-8               | 12 %  |
    Then the 99th percentile of "purchase" is below 250 ms
    And the 99th percentile of "settlement" is below 500 ms
    And fewer than 0.1 % of the payments go unanswered
    And the books of terminals and host agree
