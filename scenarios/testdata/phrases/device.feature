Feature: Switched on
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: a terminal of kind {text}
    Given a terminal that is switched on
    And a terminal of kind "qr"
    When the operator logs in
    And the terminal signs in
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @fails
  Scenario: a terminal of kind {text}
    Given a terminal that is switched on
    And a terminal of kind "qr"
    When the operator logs in
    And the terminal signs in
    And the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: the {part} of the terminal is broken
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is electronic

  @fails
  Scenario: the {part} of the terminal is broken
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is printed

  @holds
  Scenario: the terminal has been repaired
    Given a terminal that has signed in
    And the printer of the terminal is broken
    And the terminal has been repaired
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is printed

  @fails
  Scenario: the terminal has been repaired
    Given a terminal that has signed in
    And the printer of the terminal is broken
    And the terminal has been repaired
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is electronic

  @holds
  Scenario: the terminal has no power
    Given the terminal has no power
    When the operator logs in
    Then the terminal refuses

  @fails
  Scenario: the terminal has no power
    Given the terminal has no power
    When the power key is pressed
    Then the terminal shows its brand

  @holds
  Scenario: the battery is low
    Given a terminal of kind "mobile"
    And the battery is low
    When the power key is pressed
    And the self-test ends
    Then the self-test tells "电量低,请充电!"

  @fails
  Scenario: the battery is low
    Given a terminal of kind "mobile"
    And the battery is low
    When the power key is pressed
    And the self-test ends
    Then the self-test finds nothing wrong

  @holds
  Scenario: the stripe reader is dirty
    Given a terminal that has signed in
    And the stripe reader is dirty
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @fails
  Scenario: the stripe reader is dirty
    Given a terminal that has signed in
    And the stripe reader is dirty
    When the cardholder pays 1.00 yuan with a good card
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @holds
  Scenario: water gets into the terminal
    Given a terminal that has signed in
    And water gets into the terminal
    When the cardholder pays 1.00 yuan with a good card
    Then the terminal refuses

  @fails
  Scenario: water gets into the terminal
    Given a terminal that has signed in
    And water gets into the terminal
    When the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: the master key is loaded again
    Given a terminal that has signed in
    And water gets into the terminal
    And the master key is loaded again
    When the terminal signs in
    Then the host approves

  @fails
  Scenario: the master key is loaded again
    Given a terminal that has signed in
    And water gets into the terminal
    And the master key is loaded again
    When the terminal signs in
    Then the terminal refuses

  @holds
  Scenario: the power key is pressed
    When the power key is pressed
    And the operator logs in
    Then the terminal refuses

  @fails
  Scenario: the power key is pressed
    When the power key is pressed
    Then the terminal stands by

  @holds
  Scenario: the self-test ends
    When the power key is pressed
    And the self-test ends
    And the operator logs in
    And the terminal signs in
    Then the host approves

  @fails
  Scenario: the self-test ends
    When the power key is pressed
    And the self-test ends
    Then the terminal shows its brand

  @holds
  Scenario: the terminal reports its status
    Given a terminal that has signed in
    When the terminal reports its status
    Then the host approves

  @fails
  Scenario: the terminal reports its status
    Given a terminal that has signed in
    And the line has no signal
    When the terminal reports its status
    Then the host approves

  @holds
  Scenario: the terminal shows its brand
    When the power key is pressed
    Then the terminal shows its brand

  @fails
  Scenario: the terminal shows its brand
    When the power key is pressed
    And the self-test ends
    Then the terminal shows its brand

  @holds
  Scenario: the terminal stands by
    Given a terminal that is switched on
    Then the terminal stands by

  @fails
  Scenario: the terminal stands by
    When the power key is pressed
    Then the terminal stands by

  @holds
  Scenario: the self-test finds nothing wrong
    When the power key is pressed
    And the self-test ends
    Then the self-test finds nothing wrong

  @fails
  Scenario: the self-test finds nothing wrong
    Given the printer of the terminal is broken
    When the power key is pressed
    And the self-test ends
    Then the self-test finds nothing wrong

  @holds
  Scenario: the self-test tells {text}
    Given the printer of the terminal is broken
    When the power key is pressed
    And the self-test ends
    Then the self-test tells "打印机故障"

  @fails
  Scenario: the self-test tells {text}
    When the power key is pressed
    And the self-test ends
    Then the self-test tells "打印机故障"

  @holds
  Scenario: the terminal has no keys
    Given a terminal that has signed in
    And water gets into the terminal
    Then the terminal has no keys

  @fails
  Scenario: the terminal has no keys
    Given a terminal that has signed in
    Then the terminal has no keys

  @holds
  Scenario: the host has been told that the {part} is broken
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the terminal reports its status
    Then the host has been told that the printer is broken

  @fails
  Scenario: the host has been told that the {part} is broken
    Given a terminal that has signed in
    And the printer of the terminal is broken
    Then the host has been told that the printer is broken

  @holds
  Scenario: the fault has a ticket number
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the terminal reports its status
    Then the fault has a ticket number

  @fails
  Scenario: the fault has a ticket number
    Given a terminal that has signed in
    When the terminal reports its status
    Then the fault has a ticket number

  @holds
  Scenario: service sees that the {part} is broken
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the terminal reports its status
    Then service sees that the printer is broken

  @fails
  Scenario: service sees that the {part} is broken
    Given a terminal that has signed in
    When the terminal reports its status
    Then service sees that the printer is broken

  @holds
  Scenario: the receipt is printed
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is printed

  @fails
  Scenario: the receipt is printed
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is printed

  @holds
  Scenario: the receipt is electronic
    Given a terminal that has signed in
    And the printer of the terminal is broken
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is electronic

  @fails
  Scenario: the receipt is electronic
    Given a terminal that has signed in
    When the cardholder pays 1.00 yuan with a good card
    Then the receipt is electronic

  @holds
  Scenario: the terminal downloads its master key
    Given a terminal that has signed in
    When the terminal downloads its master key
    Then the host approves

  @fails
  Scenario: the terminal downloads its master key
    Given a terminal that has signed in
    When the terminal downloads its master key
    Then the host declines

  @holds
  Scenario: the bank lets the terminal download its master key under RSA
    Given a terminal that has signed in
    And the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    Then the terminal shows "主密钥下载成功, 请签到"

  @fails
  Scenario: the bank lets the terminal download its master key under RSA
    Given a terminal that has signed in
    And the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    And the terminal downloads its master key
    Then the host approves

  @holds
  Scenario: somebody asks for the terminal's master key with another public key
    Given a terminal that has signed in
    And the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    And somebody asks for the terminal's master key with another public key
    Then the host does not approve

  @fails
  Scenario: somebody asks for the terminal's master key with another public key
    Given a terminal that has signed in
    And the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    And somebody asks for the terminal's master key with another public key
    Then the host approves

  @holds
  Scenario: the terminal asks for its master key with a public key of {n} bits
    Given a terminal that has signed in
    When the terminal asks for its master key with a public key of 1024 bits
    Then the host does not approve

  @fails
  Scenario: the terminal asks for its master key with a public key of {n} bits
    Given a terminal that has signed in
    When the terminal asks for its master key with a public key of 1024 bits
    Then the host approves

  @holds
  Scenario: the bank lets the terminal download its master key
    Given a terminal that has signed in
    And the bank lets the terminal download its master key
    When the terminal downloads its master key
    Then the host approves

  @fails
  Scenario: the bank lets the terminal download its master key
    Given a terminal that has signed in
    And the bank lets the terminal download its master key
    When the terminal downloads its master key
    Then the host declines
