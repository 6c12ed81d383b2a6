@signin
Feature: Sign-in of UnionPay terminals
  A sign-in names the kind of keys wanted and the operator, and brings the
  number of the batch. Field numbers: CUP direct-connect (reconstructed).

  @cup-signin-1
  Scenario: a sign-in request names the kind of keys and the operator
    Given a terminal that is switched on
    When the operator logs in
    And the terminal signs in
    Then the request carries:
      | field | value   |
      | MTI   | 0800    |
      | 11    | present |
      | 41    | present |
      | 42    | present |
      | 60.1  | 00      |
      | 60.2  | present |
      | 60.3  | present |
      | 63    | present |
      | 64    | absent  |

  @cup-signin-2
  Scenario: the host gives the kind of keys that was asked for
    Given a terminal that is switched on
    When the operator logs in
    And the terminal signs in
    Then the answer carries:
      | field | value             |
      | 32    | should be present |
      | 37    | should be present |
      | 60.1  | 00                |
      | 60.2  | should be present |
      | 60.3  | as in the request |
      | 62    | present           |

  @cup-signin-3
  Scenario: a sign-in with track keys has the track enciphered
    Given the policy says "sign-in: 004"
    And the policy says "encrypt-tracks: true"
    And a terminal that has signed in
    When the cardholder pays 88.10 yuan with a good card
    Then the host approves
    And the request carries:
      | field | value            |
      | 53    | 2610000000000000 |

  @signoff @cup-signoff-1
  Scenario: a sign-off request carries its code and no MAC
    Given a terminal that has signed in
    When the terminal signs off
    Then the request carries:
      | field | value  |
      | MTI   | 0820   |
      | 60.1  | 00     |
      | 60.3  | 002    |
      | 64    | absent |
    And the answer carries:
      | field | value |
      | MTI   | 0830  |
      | 39    | 00    |

  @echo @cup-echo-1
  Scenario: an echo test carries its code
    Given a terminal that has signed in
    When the terminal tests the line
    Then the request carries:
      | field | value  |
      | MTI   | 0820   |
      | 11    | absent |
      | 60.3  | 301    |

  @batch @cup-signin-4
  Scenario: a sign-in brings back the batch number that the terminal has lost
    Given the terminal starts an empty batch
    And the terminal has lost its batch number
    When the terminal signs in
    And the terminal settles
    Then the totals balance

  @batch @cup-signin-5
  Scenario: a settlement of a batch that is not the host's is refused
    Given a terminal that has signed in
    And the terminal has lost its batch number
    When the terminal settles
    Then the host answers "77"
    When the terminal signs in
    Then the working keys are right
