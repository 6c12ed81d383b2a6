Feature: The lunch hour
  At noon canteens and restaurants take most of their day's payments in a
  quarter of an hour. Nobody in the queue waits for an answer noticeably.

  @load @cup-load-1
  Scenario: the lunch-hour rush
    Given 1000 terminals have signed in
    And the first 2 seconds are warm-up
    When for 10 seconds 500 cardholders a second arrive, who
      | do                           | share |
      | pay with a good card and PIN | 50 %  |
      | pay with a good card by tap  | 20 %  |
      | pay by QR code               | 20 %  |
      | ask for their balance        | 10 %  |
    Then the 99th percentile of "purchase" is below 250 ms
    And the 99th percentile of "qr-purchase" is below 250 ms
    And fewer than 0.1 % of the payments go unanswered
    And every arrival is played
    And the books of terminals and host agree
