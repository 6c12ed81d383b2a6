@purchase
Feature: Purchase at UnionPay terminals
  What a purchase by each way of reading a card carries. The host tells the
  ways apart by field 22 and rejects what does not fit together.

  Background:
    Given a terminal that has signed in

  @cup-purchase-1
  Scenario: a purchase by stripe and PIN
    When the cardholder pays 123.45 yuan with a good card
    Then the host approves
    And the request carries:
      | field    | value               |
      | 3        | 000000              |
      | 4        | 000000012345        |
      | 14       | absent              |
      | 22       | 021                 |
      | 25       | 00                  |
      | 26       | 12                  |
      | 35       | present             |
      | 52       | present             |
      | currency | as the dialect says |
      | 52       | present             |
      | 53       | present             |
      | 55       | absent              |
      | 60.1     | 22                  |
      | 60.2     | present             |
      | 60.3     | 000                 |
      | 60.5     | 0                   |
      | 64       | present             |

  @cup-purchase-8
  Scenario: a stripe with a third track has that sent, and a reversal does not
    When the cardholder pays 123.50 yuan with a passbook card
    Then the host approves
    And the request carries:
      | field | value   |
      | 2     | absent  |
      | 35    | present |
      | 36    | present |
      | 53    | present |
    When the cardholder asks for the balance of a passbook card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder pays 123.60 yuan with a passbook card
    Then the terminal owes a reversal
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value  |
      | 35    | absent |
      | 36    | absent |
    When the cardholder asks for the balance of a passbook card
    Then the balance has not changed

  @cup-purchase-2
  Scenario: a purchase by chip and PIN
    When the cardholder pays 124.00 yuan with a chip card by chip
    Then the host approves
    And the request carries:
      | field | value   |
      | 2     | present |
      | 14    | present |
      | 22    | 051     |
      | 23    | present |
      | 26    | 12      |
      | 52    | present |
      | 55    | present |
      | 60.1  | 22      |
      | 60.4  | 6       |

  @cup-purchase-3
  Scenario: a purchase by tap
    Given the policy says "tap-pin-above: 0.00 or at least 100.00"
    When the cardholder pays 9.50 yuan with a chip card by tap
    Then the host approves
    And the request carries:
      | field | value   |
      | 22    | 072     |
      | 23    | present |
      | 26    | absent  |
      | 52    | absent  |
      | 55    | present |

  @cup-purchase-4
  Scenario: a purchase with the number typed in has no track to protect
    When the cardholder pays 125.00 yuan with a good card typed in
    Then the host approves
    And the request carries:
      | field | value   |
      | 2     | present |
      | 14    | present |
      | 22    | 012     |
      | 35    | absent  |
      | 53    | absent  |

  @cup-purchase-5
  Scenario: an approval names issuer, acquirer and card scheme
    When the cardholder pays 126.00 yuan with a good card
    Then the host approves
    And the answer carries:
      | field | value             |
      | 15    | should be present |
      | 32    | should be present |
      | 38    | should be present |
      | 44    | should be present |
      | 60.1  | as in the request |
      | 60.2  | as in the request |
      | 63    | should be present |
      | 64    | present           |

  @foreign @cup-purchase-6
  Scenario: a card of another scheme pays by chip
    When the cardholder pays 127.00 yuan with a foreign card by chip
    Then the host approves

  @cup-purchase-7
  Scenario: an approval with a defect is an approval
    Given the policy says "defective-is-good: true"
    When the cardholder pays 16.00 yuan with a defective card
    Then the host answers as for a defective card
    And the terminal owes no reversal
    And the terminal shows the text of the answer

  @qr @everyday @cup-qr-1
  Scenario: a cardholder pays by QR code
    When the cardholder pays 23.45 yuan by QR code
    Then the host approves
    And the terminal shows "交易成功"

  @qr @cup-qr-2
  Scenario: a QR payment carries the code and no card
    When the cardholder pays 24.00 yuan by QR code
    Then the host approves
    And the request carries:
      | field | value   |
      | 2     | absent  |
      | 22    | 032     |
      | 25    | 00      |
      | 35    | absent  |
      | 52    | absent  |
      | 59    | present |
      | 60.1  | 22      |
      | 64    | present |

  @qr @cup-qr-3
  Scenario: the answer to a QR payment brings a voucher, not an authorisation code
    When the cardholder pays 25.00 yuan by QR code
    Then the host approves
    And the answer carries:
      | field | value             |
      | 37    | present           |
      | 38    | absent            |
      | 59    | should be present |

  @qr @reversal @cup-qr-4
  Scenario: an unanswered QR payment is reversed
    Given the terminal starts an empty batch
    And the line loses the next answer
    When the cardholder pays 26.00 yuan by QR code
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value              |
      | 4     | as in the original |
      | 11    | as in the original |
      | 22    | 032                |
      | 39    | as the policy says |
      | 60.1  | 22                 |
    When the terminal settles
    Then the totals balance

  @balance @cup-balance-1
  Scenario: a balance inquiry asks for no amount and gets one
    When the cardholder asks for the balance of a good card
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 0200    |
      | 3     | 310000  |
      | 4     | absent  |
      | 22    | 021     |
      | 52    | present |
      | 60.1  | 01      |
      | 64    | present |
    And the balance is known
