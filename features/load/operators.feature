Feature: Operators in the morning
  Shops open, somebody has forgotten a password, somebody else has given a wrong
  one too often. Working out a hash takes a terminal longer than a payment, and
  a call to the bank longer still: neither may be read as the host's.

  @load @cup-load-operators-1
  Scenario: operators log in while others pay
    Given 500 terminals have signed in
    And the first 2 seconds are warm-up
    When for 10 seconds 200 cardholders a second arrive, who
      | do                           | share |
      | pay with a good card and PIN | 80 %  |
      | @shop-operator-2             | 6 %   |
      | @shop-operator-7             | 4 %   |
      | @shop-operator-13            | 4 %   |
      | @shop-reset-1                | 2 %   |
      | @shop-reset-2                | 2 %   |
      | @shop-loss-4                 | 2 %   |
    Then the 95th percentile of "sign-in" is below 500 ms
    And the 99th percentile of "purchase" is below 250 ms
    And the books of terminals and host agree
