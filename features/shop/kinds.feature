@kinds
Feature: Kinds of terminal
  Mobile, desktop, smart, signed on the screen, or a box that reads codes: what each is
  bought for it does, what it has no part for it refuses in words.

  @guide-8.2 @shop-kinds-1
  Scenario Outline: a sale on a <kind> terminal
    Given a terminal of kind "<kind>"
    And a terminal that has signed in
    When the cardholder pays <yuan> yuan with a chip card <how>
    Then the host approves
    And the receipt is <receipt>

    Examples:
      | kind         | yuan  | how     | receipt    |
      | desktop      | 71.00 | by chip | printed    |
      | desktop-dial | 72.00 | by chip | printed    |
      | mobile       | 73.00 | by tap  | printed    |
      | smart        | 74.00 | by tap  | printed    |
      | e-signature  | 75.00 | by chip | electronic |

  @guide-8.2 @shop-kinds-2
  Scenario: a sale on a box that reads codes
    Given a terminal of kind "qr"
    And a terminal that has signed in
    When the cardholder pays 76.00 yuan by QR code
    Then the host approves
    And the receipt is electronic

  @guide-8.2 @shop-kinds-3
  Scenario: a box that reads codes takes no card
    Given a terminal of kind "qr"
    And a terminal that has signed in
    When the cardholder pays 77.00 yuan with a good card
    Then the terminal refuses
    And the terminal shows "本机不支持银行卡"

  @guide-8.2 @shop-kinds-4
  Scenario Outline: the self-test of a <kind> terminal tells of what it has
    Given a terminal of kind "<kind>"
    And the <part> of the terminal is broken
    When the power key is pressed
    And the self-test ends
    Then the self-test tells "<told>"

    Examples:
      | kind        | part          | told       |
      | smart       | signature pad | 签名板故障 |
      | e-signature | battery       | 电池故障   |
      | mobile      | contactless reader | 非接读卡器故障 |

  @guide-8.2 @shop-kinds-5
  Scenario: the self-test looks at no part that the terminal does not have
    Given a terminal of kind "qr"
    And the printer of the terminal is broken
    When the power key is pressed
    And the self-test ends
    Then the self-test finds nothing wrong
