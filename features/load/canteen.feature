Feature: The canteen at noon
  Orders are taken and paid for in a quarter of an hour; a few in a hundred are
  given back in part. No order is paid twice, and the books agree afterwards.

  @load @cup-load-3
  Scenario: orders at noon
    Given 800 terminals have signed in
    And the first 2 seconds are warm-up
    When for 10 seconds 250 cardholders a second arrive, who
      | do                                     | share |
      | order and pay with a good card and PIN | 40 %  |
      | order and pay with a good card by tap  | 33 %  |
      | order and pay by payment code          | 24 %  |
      | order and have a part refunded         | 2 %   |
      | order and cancel                       | 1 %   |
    Then the 99th percentile of "order" is below 250 ms
    And the 99th percentile of "purchase" is below 250 ms
    And fewer than 0.1 % of the payments go unanswered
    And every arrival is played
    And the books of terminals and host agree
