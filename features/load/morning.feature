Feature: The morning
  Shops open at the same minute: terminals are switched on and sign in while
  the first customers pay. Making keys costs a host more than a payment does.

  @load @core-load-1
  Scenario: shops open at the same minute
    Given 1000 terminals have signed in
    When for 10 seconds 300 cardholders a second arrive, who
      | do                           | share |
      | @core-signin-1               | 60 %  |
      | @core-echo-1                 | 10 %  |
      | pay with a good card and PIN | 30 %  |
    Then the 99th percentile of "sign-in" is below 500 ms
    And the 99th percentile of "purchase" is below 250 ms
    And the books of terminals and host agree

  @load @guide-7.1 @cup-load-11
  Scenario: a street of shops is switched on in one minute
    Given 1000 terminals have signed in
    When for 60 seconds 60 cardholders a second arrive, who
      | do                           | share |
      | @shop-power-1                | 15 %  |
      | @shop-power-3                | 45 %  |
      | @shop-power-15               | 5 %   |
      | @cup-operator-6              | 15 %  |
      | pay with a good card and PIN | 20 %  |
    Then the 99th percentile of "sign-in" is below 500 ms
    And the 99th percentile of "purchase" is below 250 ms
    And fewer than 0.1 % of the payments go unanswered
    And every arrival is played
    And the books of terminals and host agree
