Feature: Signed on the screen
  Operators sign in by signature in the morning, and who pays signs on the screen where
  there is a pad. Images go up beside the sales, and keep none of them waiting.

  @load @cup-load-61
  Scenario: customers sign at the machines that have a pad
    Given 200 terminals have signed in
    When for 10 seconds 200 cardholders a second arrive, who
      | do                            | share |
      | pay with a good card and sign | 80 %  |
      | pay by QR code                | 20 %  |
    Then the 99th percentile of "purchase" is below 250 ms
    And the 99th percentile of "signature-upload" is below 250 ms
    And fewer than 0.1 % of the payments go unanswered
    And every arrival is played
    And the books of terminals and host agree
