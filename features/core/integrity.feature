@integrity
Feature: Nothing is booked by mistake
  A request that is wrong, old, foreign or not what it says must move no money,
  however well the rest of it fits. Balances tell, whatever the answer says.

  Background:
    Given a terminal that has signed in

  @duplicate @core-integrity-1
  Scenario: an approval is not given again for another amount under the same trace
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 41.00 yuan with a good card
    Then the host approves
    When the terminal uses the trace number of its last payment again
    And the cardholder pays 14.00 yuan with a good card
    Then the host does not approve
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 41.00 yuan

  @reversal @core-integrity-2
  Scenario: a reversal for another amount undoes nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 42.00 yuan with a good card
    Then the host approves
    When the terminal reverses the last purchase for one fen more
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 42.00 yuan

  @reversal @core-integrity-3
  Scenario: a reversal under another trace number undoes nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 43.00 yuan with a good card
    Then the host approves
    When the terminal reverses the last purchase under another trace number
    And the cardholder asks for the balance of a good card
    Then the balance has gone down by 43.00 yuan

  @reversal @core-integrity-4
  Scenario: a reversal that undid nothing holds up no other
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the cardholder pays 44.00 yuan with a good card
    Then the host approves
    When the terminal reverses the last purchase for one fen more
    And the line loses the next answer
    And the cardholder pays 45.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the terminal owes no reversal
    When the cardholder asks for the balance of a good card
    Then the balance has gone down by 44.00 yuan

  @core-integrity-5
  Scenario: the largest amount of all is more than the account has
    When the cardholder pays 9999999999.99 yuan with a poor card
    Then the host does not approve

  @mac @core-integrity-6
  Scenario: a payment without a MAC books nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the next request carries no MAC
    And the cardholder pays 46.00 yuan with a good card
    Then the host does not approve
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @mac @core-integrity-7
  Scenario: a payment whose amount is not what its MAC was made of books nothing
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the next request has its amount changed after the MAC was made
    And the cardholder pays 47.00 yuan with a good card
    Then the host does not approve
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @mac @core-integrity-8
  Scenario: octets after the last field, which no MAC covers, spoil the whole payment
    When the cardholder asks for the balance of a good card
    Then the balance is known
    When the next request has four octets after its last field
    And the cardholder pays 48.00 yuan with a good card
    Then the host does not approve
    When the cardholder asks for the balance of a good card
    Then the balance has not changed

  @pin @core-integrity-9
  Scenario: a PIN that was enciphered for another card pays nothing
    When the next request carries a PIN that was enciphered for another card
    And the cardholder pays 49.00 yuan with a good card
    Then the host does not approve

  @core-integrity-10
  Scenario: an answer that comes to the host is not answered
    When the line sends the next answer back to the host
    And the cardholder pays 40.00 yuan with a good card
    Then the host approves
    And no further answer comes

  @refund @core-integrity-19
  Scenario: a refund that names the purchase of another card gives nothing back
    When the cardholder pays 401.00 yuan with a good card
    And the cardholder pays 402.00 yuan with a chip card by chip
    And the operator refunds 20.00 yuan of the last purchase, naming "the purchase before"
    Then the host does not approve

  @refund @core-integrity-20
  Scenario: a refund that names no purchase gives nothing back
    When the cardholder pays 403.00 yuan with a good card
    And the operator refunds 20.00 yuan of the last purchase, naming "no purchase"
    Then the host does not approve
    When the operator refunds 403.00 yuan of the last purchase
    Then the host approves

  @settlement @core-integrity-21
  Scenario: what was reversed is in no total of a settlement
    Given the terminal starts an empty batch
    And the line loses the next answer
    When the cardholder pays 404.00 yuan with a good card
    And the terminal settles
    Then the totals balance
    And the host's totals are debits of 0.00 yuan in 0 and credits of 0.00 yuan in 0
