@advice
Feature: Advices that wait
  What a shop does without asking the host is told later: before the next payment
  or the settlement, again until it is answered, and counts from then on.

  Background:
    Given the terminal starts an empty batch

  @offline @cup-advice-1
  Scenario: a purchase authorised by telephone is told before the next payment
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator settles 80.00 yuan offline with a good card under authorisation code "123456"
    Then the terminal has 1 offline payments to upload
    And the batch holds payments of 0.00 yuan in 0 and credits of 0.00 yuan in 0
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 80.00 yuan
    And the terminal has 0 offline payments to upload
    And the batch holds payments of 80.00 yuan in 1 and credits of 0.00 yuan in 0

  @offline @settlement @cup-advice-2
  Scenario: what waits is told before the settlement, and both sides count it
    When the operator settles 81.00 yuan offline with a good card under authorisation code "654321"
    And the cardholder pays 10.00 yuan with a good card
    And the operator settles 82.00 yuan offline with a good card under authorisation code "654322"
    And the terminal settles
    Then the totals balance
    And the terminal has 0 offline payments to upload

  @preauth @cup-advice-3
  Scenario: a completion advice waits, and the hold is let go when it is told
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator pre-authorises 300.00 yuan with a good card
    And the operator completes the pre-authorisation with 120.00 yuan by an advice that waits
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 120.00 yuan

  @tip @cup-advice-4
  Scenario: a tip is booked beside its purchase
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 100.00 yuan with a good card
    And the operator adds a tip of 10.00 yuan to the last purchase
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 110.00 yuan
    And the batch holds payments of 110.00 yuan in 2 and credits of 0.00 yuan in 0
    When the terminal settles
    Then the totals balance

  @adjustment @cup-advice-5
  Scenario: an adjustment books the difference
    When the cardholder pays 100.00 yuan with a good card
    And the operator adjusts the last purchase to 105.00 yuan
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 105.00 yuan in 2 and credits of 0.00 yuan in 0

  @resume @cup-advice-6
  Scenario: an advice whose answer is lost is sent again and booked once
    Given the policy says "reversal-tries: at least 2"
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the operator settles 83.00 yuan offline with a good card under authorisation code "123457"
    And the line loses the next answer
    And the cardholder asks for the balance of a good card
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 83.00 yuan
    And the terminal has 0 offline payments to upload
    When the terminal settles
    Then the totals balance

  @resume @cup-advice-7
  Scenario: an advice outlives a power cut
    When the operator settles 84.00 yuan offline with a good card under authorisation code "123458"
    And the terminal is switched off and on again
    Then the terminal has 1 offline payments to upload
    When the terminal settles
    Then the totals balance

  @misuse @cup-advice-8
  Scenario: an adjustment beyond a tenth is not booked, and a case for people
    When the cardholder pays 100.00 yuan with a good card
    And the operator adjusts the last purchase to 110.01 yuan
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 100.00 yuan in 1 and credits of 0.00 yuan in 0

  @misuse @cup-advice-9
  Scenario: what has been adjusted is neither adjusted nor voided again
    When the cardholder pays 100.00 yuan with a good card
    And the operator adjusts the last purchase to 104.00 yuan
    And the operator adds a tip of 1.00 yuan to the last purchase
    Then the terminal refuses
    When the operator voids the last purchase
    Then the terminal refuses

  @misuse @resume @cup-advice-14
  Scenario: an adjustment beyond a tenth whose answer is lost is not booked, however often it is told
    Given the policy says "reversal-tries: at least 2"
    When the cardholder pays 100.00 yuan with a good card
    And the operator adjusts the last purchase to 110.01 yuan
    And the line loses the next answer
    And the cardholder asks for the balance of a good card
    Then the terminal has 1 offline payments to upload
    When the cardholder asks for the balance of a good card
    Then the terminal has 0 offline payments to upload
    And the batch holds payments of 100.00 yuan in 1 and credits of 0.00 yuan in 0
    When the terminal settles
    Then the totals balance
    And the host's totals are debits of 100.00 yuan in 1 and credits of 0.00 yuan in 0
