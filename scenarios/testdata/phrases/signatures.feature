Feature: Signatures
  Each sentence is shown by two scenarios: one that holds, and one that must
  fail, at its last sentence.

  @holds
  Scenario: a terminal with a signature pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then the terminal shows "请在屏幕签字"

  @fails
  Scenario: a terminal with a signature pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: a terminal without a signature pad
    Given a terminal without a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: a terminal without a signature pad
    Given a terminal without a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then the terminal shows "请在屏幕签字"

  @holds
  Scenario: operators sign in by signature
    Given operators sign in by signature
    And a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then nobody is logged in

  @fails
  Scenario: operators sign in by signature
    Given operators sign in by signature
    And a terminal without a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then nobody is logged in

  @holds
  Scenario: the operator gives number and password
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then the terminal shows "请在屏幕签字"

  @fails
  Scenario: the operator gives number and password
    Given a terminal without a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then nobody is logged in

  @holds
  Scenario: the operator signs on the pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the operator signs on the pad
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the operator signs on the pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the operator signs on the pad
    Then nobody is logged in

  @holds
  Scenario: the operator signs with a shaking hand
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the operator signs with a shaking hand
    Then the terminal shows "签字抖动, 请重签"

  @fails
  Scenario: the operator signs with a shaking hand
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the operator signs with a shaking hand
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: somebody else signs on the pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs on the pad
    Then the terminal shows "签字不符, 请重签"

  @fails
  Scenario: somebody else signs on the pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs on the pad
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the operator hardly touches the pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the operator hardly touches the pad
    Then the terminal shows "签字过短, 请重签"

  @fails
  Scenario: the operator hardly touches the pad
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the operator hardly touches the pad
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: somebody else signs until the terminal asks for the supervisor
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    Then the terminal shows "签字不符, 请输入主管密码"

  @fails
  Scenario: somebody else signs until the terminal asks for the supervisor
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    Then the terminal shows "签字不符, 请重签"

  @holds
  Scenario: the supervisor vouches for the operator
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    And the supervisor vouches for the operator
    Then the terminal shows "请做联机签到"

  @fails
  Scenario: the supervisor vouches for the operator
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And the supervisor vouches for the operator
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: the supervisor vouches for the operator with a wrong password
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    And the supervisor vouches for the operator with a wrong password
    Then the terminal refuses

  @fails
  Scenario: the supervisor vouches for the operator with a wrong password
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    And the supervisor vouches for the operator with a wrong password
    Then the terminal shows "请做联机签到"

  @holds
  Scenario: nobody is logged in
    Given a terminal with a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then nobody is logged in

  @fails
  Scenario: nobody is logged in
    Given a terminal without a signature pad
    And a terminal that is switched on
    When the operator gives number and password
    Then nobody is logged in

  @holds
  Scenario: the cardholder signs on the pad
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature has been sent

  @fails
  Scenario: the cardholder signs on the pad
    Given a terminal without a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature has been sent

  @holds
  Scenario: the cardholder signs if the terminal has a pad
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs if the terminal has a pad
    Then the signature has been sent

  @fails
  Scenario: the cardholder signs if the terminal has a pad
    Given a terminal without a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs if the terminal has a pad
    Then the signature has been sent

  @holds
  Scenario: the cardholder signs, and the image is damaged
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the signature has not been sent yet

  @fails
  Scenario: the cardholder signs, and the image is damaged
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the signature has been sent

  @holds
  Scenario: the terminal sends signatures in parts of {n} octets
    Given a terminal with a signature pad
    And a terminal that has signed in
    And the terminal sends signatures in parts of 900 octets
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then 1 signature messages have been sent

  @fails
  Scenario: the terminal sends signatures in parts of {n} octets
    Given a terminal with a signature pad
    And a terminal that has signed in
    And the terminal sends signatures in parts of 20 octets
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then 1 signature messages have been sent

  @holds
  Scenario: the signature has been sent
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature has been sent

  @fails
  Scenario: the signature has been sent
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the signature has been sent

  @holds
  Scenario: the signature has not been sent yet
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the signature has not been sent yet

  @fails
  Scenario: the signature has not been sent yet
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature has not been sent yet

  @holds
  Scenario: the signature has been given up
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    And the terminal settles
    Then the signature has been given up

  @fails
  Scenario: the signature has been given up
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature has been given up

  @holds
  Scenario: {n} signature messages have been sent
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then 1 signature messages have been sent

  @fails
  Scenario: {n} signature messages have been sent
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then 2 signature messages have been sent

  @holds
  Scenario: the signature message carries:
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature message carries:
      | field | value |
      | 11 | as in the original |

  @fails
  Scenario: the signature message carries:
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the signature message carries:
      | field | value |
      | 11 | absent |

  @holds
  Scenario: the host refuses the signature
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the host refuses the signature

  @fails
  Scenario: the host refuses the signature
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the host refuses the signature

  @holds
  Scenario: the slip has the feature code of the payment
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the slip has the feature code of the payment

  @fails
  Scenario: the slip has the feature code of the payment
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    Then the slip has the feature code of the payment

  @holds
  Scenario: the bank enrols {n} signatures of the operator
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    Then the enrolment is on file

  @fails
  Scenario: the bank enrols {n} signatures of the operator
    Given a terminal that has signed in
    When the bank enrols 2 signatures of the operator
    Then the enrolment is on file

  @holds
  Scenario: the bank enrols {n} copies of one signature
    Given a terminal that has signed in
    When the bank enrols 5 copies of one signature
    Then the bank refuses the enrolment

  @fails
  Scenario: the bank enrols {n} copies of one signature
    Given a terminal that has signed in
    When the bank enrols 5 copies of one signature
    Then the enrolment is on file

  @holds
  Scenario: the bank removes the operator's signature from its files
    Given a terminal that has signed in
    When the bank removes the operator's signature from its files
    And the bank enrols 5 signatures of the operator
    Then the enrolment is on file

  @fails
  Scenario: the bank removes the operator's signature from its files
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    And the bank removes the operator's signature from its files
    Then the enrolment is on file

  @holds
  Scenario: the enrolment is on file
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    Then the enrolment is on file

  @fails
  Scenario: the enrolment is on file
    Given a terminal that has signed in
    When the bank enrols 4 signatures of the operator
    Then the enrolment is on file

  @holds
  Scenario: the bank refuses the enrolment
    Given a terminal that has signed in
    When the bank enrols 4 signatures of the operator
    Then the bank refuses the enrolment

  @fails
  Scenario: the bank refuses the enrolment
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    Then the bank refuses the enrolment

  @holds
  Scenario: the bank takes a signature of the operator for genuine
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    Then the bank takes a signature of the operator for genuine

  @fails
  Scenario: the bank takes a signature of the operator for genuine
    Given a terminal that has signed in
    When the bank removes the operator's signature from its files
    Then the bank takes a signature of the operator for genuine

  @holds
  Scenario: the bank takes a shaking hand for no signature of the operator
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    Then the bank takes a shaking hand for no signature of the operator

  @fails
  Scenario: the bank takes a shaking hand for no signature of the operator
    Given a terminal that has signed in
    When the bank removes the operator's signature from its files
    Then the bank takes a shaking hand for no signature of the operator

  @holds
  Scenario: the bank takes somebody else's signature for foreign
    Given a terminal that has signed in
    When the bank enrols 5 signatures of the operator
    Then the bank takes somebody else's signature for foreign

  @fails
  Scenario: the bank takes somebody else's signature for foreign
    Given a terminal that has signed in
    When the bank removes the operator's signature from its files
    Then the bank takes somebody else's signature for foreign

  @holds
  Scenario: the host has the signature of that payment
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the host has the signature of that payment

  @fails
  Scenario: the host has the signature of that payment
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the host has the signature of that payment

  @holds
  Scenario: the host has no signature of that payment
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs, and the image is damaged
    Then the host has no signature of that payment

  @fails
  Scenario: the host has no signature of that payment
    Given a terminal with a signature pad
    And a terminal that has signed in
    When the cardholder pays 12.00 yuan with a good card
    And the cardholder signs on the pad
    Then the host has no signature of that payment
