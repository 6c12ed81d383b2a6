Feature: Messages of ISO 8583:1987
  Where the standard has a field of its own terminals use it: 7 for the time
  of sending, 70 for network management, 90 for the original of a reversal.

  Background:
    Given a terminal that has signed in

  @signin @iso87-signin-1
  Scenario: a sign-in carries its management code and the time
    When the terminal signs in
    Then the host approves
    And the request carries:
      | field | value   |
      | MTI   | 0800    |
      | 7     | present |
      | 11    | present |
      | 70    | 001     |
    And the answer carries:
      | field | value             |
      | 7     | as in the request |
      | 70    | as in the request |

  @signin @iso87-signin-2
  Scenario: the answer to a sign-in brings working keys and should bring the batch
    When the terminal signs in
    Then the host approves
    And the answer carries:
      | field        | value             |
      | working keys | present           |
      | batch        | should be present |

  @echo @iso87-echo-1
  Scenario: an echo test carries its management code
    When the terminal tests the line
    Then the request carries:
      | field | value |
      | MTI   | 0800  |
      | 70    | 301   |

  @signoff @iso87-signoff-1
  Scenario: a sign-off carries its management code
    When the terminal signs off
    Then the host approves
    And the request carries:
      | field | value |
      | MTI   | 0800  |
      | 70    | 002   |

  @purchase @iso87-purchase-1
  Scenario: an answer brings back the time of sending
    When the cardholder pays 45.00 yuan with a good card
    Then the host approves
    And the answer carries:
      | field | value             |
      | 7     | as in the request |

  @purchase @iso87-purchase-2
  Scenario: an answer brings back the batch
    When the cardholder pays 45.00 yuan with a good card
    Then the host approves
    And the answer carries:
      | field | value             |
      | batch | as in the request |

  @reversal @iso87-reversal-1
  Scenario: a reversal names type and trace of its original
    When the terminal signs off
    And the terminal signs in
    And the next trace number is 1234
    And the line loses the next answer
    And the cardholder pays 46.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the host acknowledges the reversal
    And the reversal carries:
      | field | value   |
      | 90.1  | 0200    |
      | 90.2  | 001234  |
      | 90.3  | present |

  @reversal @iso87-reversal-2
  Scenario: with field 90 the MAC moves to field 128
    Given the line loses the next answer
    When the cardholder pays 47.00 yuan with a good card
    And the terminal sends the reversal that it owes
    Then the reversal carries:
      | field | value   |
      | 64    | absent  |
      | 90    | present |
      | 128   | present |
