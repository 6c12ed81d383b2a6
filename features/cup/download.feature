@download
Feature: Downloads
  A host tells terminals in the header of its answers (digit 6) what they are to
  fetch. They do so after the transaction: a query where there are entries to
  choose from, each entry, and an end message. What was cut off goes on where it
  stopped.

  Background:
    Given a terminal that has signed in

  @cup-download-1
  Scenario: CA keys are listed, fetched one by one, and the end is told
    When the terminal downloads its "ca-keys"
    Then the host approves
    And the request carries:
      | field | value  |
      | MTI   | 0800   |
      | 11    | absent |
      | 60.3  | 371    |
      | 62    | absent |
      | 64    | absent |
    And the terminal has 3 entries of its "ca-keys"
    And the terminal shows "下载成功"

  @cup-download-2
  Scenario Outline: <what> are fetched
    When the terminal downloads its "<what>"
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 0800  |
      | 60.3  | <end> |
    And the terminal has <n> entries of its "<what>"

    Examples:
      | what             | end | n  |
      | parameters       | 361 | 1  |
      | sm-ca-keys       | 371 | 3  |
      | ic-parameters    | 381 | 4  |
      | application      | 365 | 1  |
      | card-blacklist   | 391 | 25 |
      | rates            | 393 | 3  |
      | contactless      | 395 | 1  |
      | no-pin-cards     | 397 | 12 |
      | no-pin-blacklist | 399 | 3  |

  @misuse @cup-download-27
  Scenario: a card of the blacklist is not taken, once the terminal has that
    When the cardholder pays 49.10 yuan with a blacklisted card
    Then the host approves
    When the terminal downloads its "card-blacklist"
    And the cardholder pays 49.20 yuan with a blacklisted card
    Then the terminal refuses
    And the terminal shows "黑名单卡, 不受理"
    When the operator voids the last purchase
    Then the host approves
    When the cardholder pays 49.30 yuan with a good card
    Then the host approves

  @tap @cup-download-28
  Scenario: a card of the list of those that need their PIN is asked for it by tap
    Given the policy says "tap-pin-above: 0.00 or at least 100.00"
    When the cardholder pays 5.10 yuan with a pin-always card by tap
    Then the host approves
    And the request carries:
      | field | value  |
      | 22    | 072    |
      | 52    | absent |
    When the terminal downloads its "no-pin-blacklist"
    And the cardholder pays 5.20 yuan with a pin-always card by tap
    Then the host approves
    And the request carries:
      | field | value   |
      | 22    | 071     |
      | 52    | present |
    When the cardholder pays 5.30 yuan with a chip card by tap
    Then the host approves
    And the request carries:
      | field | value  |
      | 22    | 072    |

  @resume @cup-download-7
  Scenario: a download that the power cut goes on with the entry that is missing
    When the power fails after 2 entries of its "ca-keys"
    Then the terminal has 0 entries of its "ca-keys"
    And 4 messages have been sent
    When the terminal downloads its "ca-keys"
    Then the host approves
    And 7 messages have been sent
    And the terminal has 3 entries of its "ca-keys"

  @resume @cup-download-8
  Scenario: pages that came before the power cut are not fetched again
    When the power fails after 2 entries of its "card-blacklist"
    And the terminal downloads its "card-blacklist"
    Then the host approves
    And 4 messages have been sent
    And the terminal has 25 entries of its "card-blacklist"

  @resume @cup-download-9
  Scenario: a download whose end is not answered sends the end again, and no more
    When the power fails after 1 entries of its "contactless"
    Then 1 messages have been sent
    Given the line loses the next answer
    When the terminal downloads its "contactless"
    Then the host does not answer
    And 2 messages have been sent
    When the terminal downloads its "contactless"
    Then the host approves
    And 3 messages have been sent
    And the terminal has 1 entries of its "contactless"

  @misuse @cup-download-10
  Scenario: a download needs no sign-in, and a payment after it does
    When the terminal signs off
    And the terminal downloads its "parameters"
    Then the host approves
    When the cardholder pays 48.00 yuan with a good card
    Then the terminal refuses

  @misuse @cup-download-11
  Scenario: a terminal that the host does not know downloads nothing
    Given a terminal that the host does not know
    When the terminal downloads its "ca-keys"
    Then the host answers "97"
    And the terminal has 0 entries of its "ca-keys"

  @points @cup-download-12
  Scenario: a cashier's card gets points, and nobody logs in by it
    When a cashier signs in for points with a good card
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 0820    |
      | 11    | absent  |
      | 35    | present |
      | 52    | absent  |
      | 60.3  | 401     |
      | 64    | absent  |
    And the terminal is signed in

  @points @misuse @cup-download-13
  Scenario: a stolen card gets its cashier no points
    When a cashier signs in for points with a stolen card
    Then the host answers as for a stolen card
