@keys
Feature: Working keys
  A sign-in names the block of working keys that the terminal wants (60.3): of
  single or double length, with or without a key for tracks, under DES or SM4.

  Background:
    Given a terminal that has signed in

  @cup-keys-1
  Scenario Outline: keys of block <block> are good for a payment with a PIN
    Given the policy says "sign-in: 001 or 003 or 004"
    When the terminal signs in for keys of block "<block>"
    Then the host approves
    And the working keys are right
    And the request carries:
      | field | value   |
      | 60.3  | <block> |
    And the answer carries:
      | field | value   |
      | 60.3  | <block> |
      | 62    | present |
    When the cardholder pays 38.00 yuan with a good card
    Then the host approves

    Examples:
      | block |
      | 001   |
      | 003   |
      | 004   |

  @cup-keys-2
  Scenario Outline: keys of block <block> are SM4's, and so is the MAC
    When the terminal signs in for keys of block "<block>"
    Then the host approves
    And the working keys are right
    When the cardholder pays 39.00 yuan with a good card by stripe without PIN
    Then the host approves
    When the operator voids the last purchase
    Then the host answers as for a good card

    Examples:
      | block |
      | 005   |
      | 006   |

  @cup-keys-3
  Scenario: a terminal may change from DES to SM4 and back
    Given the policy says "sign-in: 001 or 003 or 004"
    When the terminal signs in for keys of block "006"
    And the cardholder pays 40.00 yuan with a good card by stripe without PIN
    Then the host approves
    When the terminal signs in for keys of block "003"
    And the cardholder pays 41.00 yuan with a good card
    Then the host approves

  @cup-keys-7
  Scenario: a terminal that has lost its keys downloads its master key
    Given water gets into the terminal
    And the bank lets the terminal download its master key
    When the terminal downloads its master key
    Then the host approves
    And the terminal shows "主密钥下载成功, 请签到"
    When the terminal signs in
    And the cardholder pays 46.00 yuan with a good card
    Then the host approves

  @cup-keys-9
  Scenario Outline: keys of block <block> come as TR-31 key blocks, and are good for a payment with a PIN
    Given the policy says "sign-in: 001 or 003 or 004 or 013 or 014"
    When the terminal signs in for keys of block "<block>"
    Then the host approves
    And the working keys are right
    When the cardholder pays 46.20 yuan with a good card
    Then the host approves

    Examples:
      | block |
      | 013   |
      | 014   |

  @cup-keys-10
  Scenario Outline: keys of block <block> are AES keys, and so is the MAC
    When the terminal signs in for keys of block "<block>"
    Then the host approves
    And the working keys are right
    When the cardholder pays 46.30 yuan with a good card by stripe without PIN
    Then the host approves
    When the operator voids the last purchase
    Then the host answers as for a good card

    Examples:
      | block |
      | 007   |
      | 008   |
      | 017   |
      | 018   |

  @reversal @cup-keys-13
  Scenario Outline: keys of block <old> change to <new> while a payment with a PIN is under way
    Given the policy says "sign-in: 001 or 003 or 004 or 013 or 014"
    When the terminal signs in for keys of block "<old>"
    Then the working keys are right
    When the cardholder asks for the balance of a good card
    Then the balance is known
    Given the line loses the next answer
    When the cardholder pays <amount> yuan with a good card
    Then the request carries:
      | field | value   |
      | 52    | present |
    And the terminal owes a reversal
    When the terminal signs in for keys of block "<new>"
    Then the working keys are right
    When the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    When the cardholder asks for the balance of a good card
    Then the balance has not changed
    When the cardholder pays <amount> yuan with a good card
    Then the host approves
    And the request carries:
      | field | value   |
      | 52    | present |

    Examples:
      | old | new | amount |
      | 001 | 003 | 46.50  |
      | 003 | 004 | 46.51  |
      | 004 | 001 | 46.52  |
      | 004 | 013 | 46.53  |
      | 013 | 014 | 46.54  |
      | 014 | 003 | 46.55  |
