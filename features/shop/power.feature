@power
Feature: Switched on
  A shop's day begins with the power key. The terminal shows its brand, tests its
  parts and waits for a password. A part that fails is told in words and reported to
  the host; what works without it works.

  @guide-3.1 @shop-power-1
  Scenario: the brand is shown, then the self-test, then the standby screen
    Given the power key is pressed
    Then the terminal shows its brand
    When the self-test ends
    Then the self-test finds nothing wrong
    And the terminal stands by

  @guide-3.1 @shop-power-2
  Scenario: keys are dead while the terminal tests itself
    Given the power key is pressed
    When the operator logs in
    Then the terminal refuses
    And the terminal shows its brand

  @guide-1.1 @guide-3.0 @shop-power-3
  Scenario: from the power key to the first payment
    Given the power key is pressed
    When the self-test ends
    And the operator logs in
    And the terminal signs in
    And the cardholder pays 31.00 yuan with a good card
    Then the host approves

  @guide-2.2 @shop-power-4
  Scenario: without a password nobody signs in
    Given a terminal that is switched on
    Then the terminal stands by
    When the terminal signs in
    Then the terminal refuses
    And the terminal is not signed in

  @guide-2.1 @shop-power-5
  Scenario: without power it stays off
    Given the terminal has no power
    When the power key is pressed
    And the operator logs in
    Then the terminal refuses
    And the terminal shows ""

  @guide-2.1 @shop-power-6
  Scenario: a broken printer is told, and the customer gets an electronic receipt
    Given a terminal of kind "desktop"
    And the printer of the terminal is broken
    When the power key is pressed
    And the self-test ends
    Then the self-test tells "打印机故障"
    And the terminal stands by
    When the operator logs in
    And the terminal signs in
    And the cardholder pays 32.00 yuan with a good card
    Then the host approves
    And the receipt is electronic

  @guide-2.1 @shop-power-7
  Scenario: with a broken card reader the terminal takes codes only
    Given a terminal that has signed in
    And the card reader of the terminal is broken
    When the cardholder pays 33.00 yuan with a good card
    Then the terminal refuses
    And the terminal shows "磁条读卡器故障"
    When the cardholder pays 33.00 yuan by QR code
    Then the host approves

  @guide-2.1 @shop-power-8
  Scenario: with a broken PIN pad there is no payment with a PIN
    Given a terminal that has signed in
    And the pin pad of the terminal is broken
    When the cardholder pays 34.00 yuan with a wrong-pin card
    Then the terminal refuses
    And the terminal shows "密码键盘出现问题"
    When the cardholder pays 34.00 yuan by QR code
    Then the host approves

  @guide-2.1 @guide-6.2a @shop-power-9
  Scenario Outline: a terminal that nobody can use says so
    Given the <part> of the terminal is broken
    When the power key is pressed
    And the self-test ends
    Then the terminal shows "<screen>"
    When the operator logs in
    Then the terminal refuses

    Examples:
      | part     | screen   |
      | keyboard | 键盘故障 |
      | display  |          |

  @guide-4.4 @shop-power-10
  Scenario: what fails is reported after sign-in, and gets a ticket
    Given a terminal of kind "desktop"
    And the printer of the terminal is broken
    And a terminal that is switched on
    When the operator logs in
    And the terminal signs in
    Then the host has been told that the printer is broken
    And the fault has a ticket number

  @guide-4.4 @shop-power-11
  Scenario: a terminal without a fault reports that all its parts work
    Given a terminal that has signed in
    When the terminal reports its status
    Then the host approves
    And the answer carries:
      | field         | value             |
      | response code | approved          |
      | terminal      | as in the request |
      | merchant      | as in the request |

  @guide-4.4 @shop-power-12
  Scenario: a report that gets no answer is made again
    Given a terminal of kind "desktop"
    And a terminal that has signed in
    And the printer of the terminal is broken
    And the line loses the next answer
    When the terminal reports its status
    Then the host does not answer
    When the terminal reports its status
    Then the host has been told that the printer is broken

  @guide-4.3 @shop-power-13
  Scenario: a terminal that has been wet has no keys until they are loaded again
    Given a terminal that has signed in
    When water gets into the terminal
    Then the terminal has no keys
    When the terminal signs in
    Then the terminal refuses
    And the terminal shows "密钥丢失, 请重新下载主密钥"
    When the master key is loaded again
    And the terminal signs in
    And the cardholder pays 35.00 yuan with a good card
    Then the host approves

  @guide-4.4 @shop-power-14
  Scenario: after the repair the receipt is printed again
    Given a terminal of kind "desktop"
    And a terminal that has signed in
    And the printer of the terminal is broken
    When the cardholder pays 36.00 yuan with a good card
    Then the receipt is electronic
    When the terminal has been repaired
    And the terminal reports its status
    Then the host approves
    When the cardholder pays 36.50 yuan with a good card
    Then the receipt is printed

  @shop-power-15
  Scenario: a terminal whose PIN pad fails reports it and takes cards that need no PIN
    Given the pin pad of the terminal is broken
    And a terminal that is switched on
    When the operator logs in
    And the terminal signs in
    Then the host has been told that the pin pad is broken
    When the cardholder pays 37.00 yuan with a chip card by tap
    Then the host approves

  @guide-2.1 @shop-power-36
  Scenario Outline: without a working <part> nothing is sent, and nothing is owed
    Given a terminal of kind "mobile"
    And a terminal that has signed in
    And the <part> of the terminal is broken
    When the cardholder pays 38.00 yuan with a good card
    Then the terminal shows "<screen>"
    And the terminal owes no reversal
    When the terminal has been repaired
    And the cardholder pays 38.00 yuan with a good card
    Then the host approves

    Examples:
      | part  | screen        |
      | modem | 通讯模块故障  |
      | sim   | 未检测到SIM卡 |
