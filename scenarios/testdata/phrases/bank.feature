Feature: The merchant at the bank
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: a merchant whom the bank knows
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank gives a one-time code

  @fails
  Scenario: a merchant whom the bank knows
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank refuses

  @holds
  Scenario: the merchant logs in to the app
    Given a merchant whom the bank knows
    When the merchant logs in to the app
    And the merchant asks by the app for a new password
    And the merchant gives the code of the message by the app
    Then the bank gives a one-time code

  @fails
  Scenario: the merchant logs in to the app
    Given a merchant whom the bank knows
    When the merchant logs in to the app
    And the merchant asks by the app for a new password
    And the merchant gives the code of the message by the app
    Then the bank refuses

  @holds
  Scenario: somebody logs in to the app with a wrong password
    Given a merchant whom the bank knows
    When somebody logs in to the app with a wrong password
    Then the bank refuses

  @fails
  Scenario: somebody logs in to the app with a wrong password
    Given a merchant whom the bank knows
    When somebody logs in to the app with a wrong password
    Then the bank gives a one-time code

  @holds
  Scenario: the merchant asks by {channel} for a new password
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    Then the audit log has that it was done

  @fails
  Scenario: the merchant asks by {channel} for a new password
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    Then the bank refuses

  @holds
  Scenario: the merchant asks {n} times by {channel} for a new password
    Given a merchant whom the bank knows
    When the merchant asks 6 times by the hotline for a new password
    Then the bank refuses

  @fails
  Scenario: the merchant asks {n} times by {channel} for a new password
    Given a merchant whom the bank knows
    When the merchant asks 6 times by the hotline for a new password
    Then the audit log has that it was done

  @holds
  Scenario: somebody with another customer number asks by the hotline for a new password
    Given a merchant whom the bank knows
    When somebody with another customer number asks by the hotline for a new password
    Then the bank refuses

  @fails
  Scenario: somebody with another customer number asks by the hotline for a new password
    Given a merchant whom the bank knows
    When somebody with another customer number asks by the hotline for a new password
    Then the bank gives a one-time code

  @holds
  Scenario: the merchant gives the code of the message by {channel}
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And the merchant gives the code of the message by the hotline
    Then the bank gives a one-time code

  @fails
  Scenario: the merchant gives the code of the message by {channel}
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And the merchant gives the code of the message by the hotline
    Then the bank refuses

  @holds
  Scenario: somebody gives a wrong code by {channel}
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And somebody gives a wrong code by the hotline
    Then the bank refuses

  @fails
  Scenario: somebody gives a wrong code by {channel}
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And somebody gives a wrong code by the hotline
    Then the bank gives a one-time code

  @holds
  Scenario: somebody gives {n} wrong codes by {channel}
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And somebody gives 3 wrong codes by the hotline
    And the merchant gives the code of the message by the hotline
    Then the bank refuses

  @fails
  Scenario: somebody gives {n} wrong codes by {channel}
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And somebody gives 3 wrong codes by the hotline
    And the merchant gives the code of the message by the hotline
    Then the bank gives a one-time code

  @holds
  Scenario: {n} minutes pass at the bank
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And 5 minutes pass at the bank
    And the merchant gives the code of the message by the hotline
    Then the bank refuses

  @fails
  Scenario: {n} minutes pass at the bank
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    And 5 minutes pass at the bank
    And the merchant gives the code of the message by the hotline
    Then the bank gives a one-time code

  @holds
  Scenario: the merchant shows the papers at a branch and asks for a new password
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank gives a one-time code

  @fails
  Scenario: the merchant shows the papers at a branch and asks for a new password
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank refuses

  @holds
  Scenario: somebody shows other papers at a branch and asks for a new password
    Given a merchant whom the bank knows
    When somebody shows other papers at a branch and asks for a new password
    Then the bank refuses

  @fails
  Scenario: somebody shows other papers at a branch and asks for a new password
    Given a merchant whom the bank knows
    When somebody shows other papers at a branch and asks for a new password
    Then the bank gives a one-time code

  @holds
  Scenario: one clerk alone asks for a new password
    Given a merchant whom the bank knows
    When one clerk alone asks for a new password
    Then the bank refuses

  @fails
  Scenario: one clerk alone asks for a new password
    Given a merchant whom the bank knows
    When one clerk alone asks for a new password
    Then the bank gives a one-time code

  @holds
  Scenario: the bank gives a one-time code
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank gives a one-time code

  @fails
  Scenario: the bank gives a one-time code
    Given a merchant whom the bank knows
    Then the bank gives a one-time code

  @holds
  Scenario: the bank refuses
    Given a merchant whom the bank knows
    When one clerk alone asks for a new password
    Then the bank refuses

  @fails
  Scenario: the bank refuses
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the bank refuses

  @holds
  Scenario: the audit log has that it was done
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the audit log has that it was done

  @fails
  Scenario: the audit log has that it was done
    Given a merchant whom the bank knows
    When one clerk alone asks for a new password
    Then the audit log has that it was done

  @holds
  Scenario: the audit log has that it was refused, and why
    Given a merchant whom the bank knows
    When one clerk alone asks for a new password
    Then the audit log has that it was refused, and why

  @fails
  Scenario: the audit log has that it was refused, and why
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the audit log has that it was refused, and why

  @holds
  Scenario: the operator sets password {text} with the one-time code
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with the one-time code
    Then the host approves

  @fails
  Scenario: the operator sets password {text} with the one-time code
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with the one-time code
    Then the host declines

  @holds
  Scenario: the operator sets password {text} with a wrong one-time code
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with a wrong one-time code
    Then the host declines

  @fails
  Scenario: the operator sets password {text} with a wrong one-time code
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And the merchant shows the papers at a branch and asks for a new password
    And the operator sets password "481516" with a wrong one-time code
    Then the host approves

  @holds
  Scenario: the merchant reports the loss of the terminal
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And the merchant reports the loss of the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the host answers "58"

  @fails
  Scenario: the merchant reports the loss of the terminal
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And the merchant reports the loss of the terminal
    And the cardholder pays 1.00 yuan with a good card
    Then the host approves

  @holds
  Scenario: somebody with another customer number reports the loss of the terminal
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And somebody with another customer number reports the loss of the terminal
    Then the bank refuses

  @fails
  Scenario: somebody with another customer number reports the loss of the terminal
    Given a merchant whom the bank knows
    When a terminal that has signed in
    And somebody with another customer number reports the loss of the terminal
    Then the audit log has that it was done

  @holds
  Scenario: the host wants the terminal to sign in
    Given a terminal that has signed in
    When the host wants the terminal to sign in
    And the cardholder pays 1.00 yuan with a good card
    Then the terminal has signed in again by itself

  @fails
  Scenario: the host wants the terminal to sign in
    Given a terminal that has signed in
    When the host wants the terminal to sign in
    And the cardholder pays 1.00 yuan with a good card
    Then the host declines

  @holds
  Scenario: the merchant's phone has a note that the password was reset
    Given a merchant whom the bank knows
    When the merchant shows the papers at a branch and asks for a new password
    Then the merchant's phone has a note that the password was reset

  @fails
  Scenario: the merchant's phone has a note that the password was reset
    Given a merchant whom the bank knows
    When the merchant asks by the hotline for a new password
    Then the merchant's phone has a note that the password was reset
