@network
Feature: No reaction
  When a terminal does not get through, its operator must know whom to call: who has
  pulled the cable, the carrier, the bank, or service. Power, part, line and host are
  told apart, on the screen and in the verdict.

  @guide-6.2 @shop-network-1
  Scenario Outline: <cause> is told apart from the others
    Given a terminal of kind "mobile"
    And a terminal that is switched on
    And <fault>
    When the terminal checks the network
    Then the check finds <cause>
    And the terminal shows "<screen>"

    Examples:
      | fault                               | cause                  | screen          |
      | the terminal has no power           | no power               |                 |
      | the modem of the terminal is broken | a broken part          | 通讯模块故障    |
      | the sim of the terminal is broken   | a broken part          | 未检测到SIM卡   |
      | the host takes no connections       | a host that refuses    | 连接主机失败    |
      | the host has gone silent            | a host that is silent  | 接收数据超时    |
      | the self-test ends                  | no trouble             | 网络正常        |

  @guide-2.3 @guide-6.2 @shop-network-2
  Scenario Outline: without a signal the screen says what to look at
    Given a terminal of kind "<kind>"
    And a terminal that is switched on
    And the line has no signal
    When the terminal checks the network
    Then the check finds no signal
    And the terminal shows "<screen>"

    Examples:
      | kind         | screen         |
      | desktop      | 请接好网线     |
      | desktop-dial | 请接好电话线   |
      | mobile       | 无网络信号     |
      | smart        | 无线网络未连接 |

  @guide-6.2 @guide-6.2a @shop-network-3
  Scenario: a terminal that is not registered is told so, and not that the line is down
    Given a terminal that the host does not know
    When the terminal checks the network
    Then the check finds a terminal that is not registered
    And the terminal shows "终端未登记"
    And the terminal is not signed in

  @guide-2.3 @shop-network-4
  Scenario: nobody signs in over a line that is down
    Given a terminal that is switched on
    And the line has no signal
    When the operator logs in
    And the terminal signs in
    Then the terminal is not signed in
    And the terminal shows "网络已断开, 请检查线路"

  @guide-2.3 @shop-network-5
  Scenario: after a router has restarted the terminal goes on by itself
    Given a terminal that has signed in
    And the line has no signal
    When the cardholder pays 51.00 yuan with a good card
    Then the terminal shows "网络已断开, 请检查线路"
    And the terminal owes no reversal
    When the line is back
    And the cardholder pays 51.00 yuan with a good card
    Then the host approves
    And 0 reversals have been sent

  @guide-6.2 @shop-network-6
  Scenario: a payment that a silent host may have booked is reversed when the line is back
    Given a terminal that has signed in
    And the host has gone silent
    When the cardholder pays 52.00 yuan with a good card
    Then the terminal owes a reversal
    When the line is back
    And the cardholder pays 52.50 yuan with a good card
    Then the terminal first sends a reversal of the unanswered payment
    And the host approves

  @guide-6.0 @shop-network-7
  Scenario: a payment that was never sent owes nothing
    Given a terminal that has signed in
    And the host takes no connections
    When the cardholder pays 53.00 yuan with a good card
    Then the terminal shows "连接主机失败"
    And the terminal owes no reversal

  @guide-6.2 @shop-network-8
  Scenario: with an operator logged in the check goes as far as the host's books
    Given a terminal that is switched on
    When the operator logs in
    And the terminal checks the network
    Then the check finds no trouble
    And the terminal is signed in

  @shop-network-9
  Scenario: a sale on a mobile line takes longer and holds
    Given the line is like "4g"
    And a terminal that has signed in
    When the cardholder pays 54.00 yuan with a good card
    Then the host approves
    And the terminal owes no reversal
