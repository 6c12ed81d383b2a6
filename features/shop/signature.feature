@signature @guide-3.4
Feature: Sign-in by signature
  On a machine with a pad the password alone lets nobody in: the operator signs, and the
  signature is compared with those enrolled. A steady hand of one's own passes, a shaking
  or a strange one does not, and is told why. In the end the supervisor decides.

  Background:
    Given operators sign in by signature
    And a terminal with a signature pad
    And a terminal that is switched on

  @shop-signature-1
  Scenario: the operator's own signature passes, and the terminal sells
    When the operator gives number and password
    Then the terminal shows "请在屏幕签字"
    And nobody is logged in
    When the operator signs on the pad
    Then the terminal shows "请做联机签到"
    When the terminal signs in
    Then the host approves
    When the cardholder pays 31.00 yuan with a good card
    Then the host approves

  @shop-signature-2
  Scenario: a shaking hand is refused, and a steady one passes after it
    Given the policy says "signature-tries: at least 2"
    When the operator gives number and password
    And the operator signs with a shaking hand
    Then the terminal refuses
    And the terminal shows "签字抖动, 请重签"
    And nobody is logged in
    When the operator signs on the pad
    Then the terminal shows "请做联机签到"

  @shop-signature-3
  Scenario: somebody else's signature is refused
    Given the policy says "signature-tries: at least 2"
    When the operator gives number and password
    And somebody else signs on the pad
    Then the terminal refuses
    And the terminal shows "签字不符, 请重签"
    And nobody is logged in

  @shop-signature-4
  Scenario: a dot is no signature
    Given the policy says "signature-tries: at least 2"
    When the operator gives number and password
    And the operator hardly touches the pad
    Then the terminal refuses
    And the terminal shows "签字过短, 请重签"

  @shop-signature-5
  Scenario: after too many strange signatures the supervisor is asked, and vouches
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    Then the terminal shows "签字不符, 请输入主管密码"
    When the supervisor vouches for the operator
    Then the terminal shows "请做联机签到"
    When the terminal signs in
    Then the host approves

  @shop-signature-6
  Scenario: a wrong password of the supervisor lets nobody in
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    And the supervisor vouches for the operator with a wrong password
    Then the terminal refuses
    And nobody is logged in
    When the supervisor vouches for the operator
    Then the terminal shows "请做联机签到"

  @shop-signature-7
  Scenario: once the supervisor is asked no signature helps, not after the password either
    When the operator gives number and password
    And somebody else signs until the terminal asks for the supervisor
    And the operator signs on the pad
    Then the terminal refuses
    And nobody is logged in
    When the operator gives number and password
    Then the terminal shows "请输入主管密码"
    When the operator signs on the pad
    Then the terminal refuses

  @shop-signature-8
  Scenario: the supervisor cannot vouch before the terminal asks
    When the operator gives number and password
    And the supervisor vouches for the operator
    Then the terminal refuses
    And nobody is logged in

  @shop-signature-9
  Scenario: nobody signs without the password
    When the operator logs in with a wrong password
    And the operator signs on the pad
    Then the terminal refuses
    And nobody is logged in

  @shop-signature-10
  Scenario: without a signature there is no sign-in with the host
    When the operator gives number and password
    And the terminal signs in
    Then the terminal refuses
    And nobody is logged in

  @shop-signature-11
  Scenario: a machine without a pad asks for the password alone
    Given a terminal without a signature pad
    When the operator gives number and password
    Then the terminal shows "请做联机签到"

  @shop-signature-12
  Scenario: a broken pad asks for the supervisor
    Given the signature pad of the terminal is broken
    When the operator gives number and password
    Then nobody is logged in
    When the supervisor vouches for the operator
    Then the terminal shows "请做联机签到"

  @shop-signature-13
  Scenario: the bank enrols an operator by five signatures, and knows the hand again
    When the bank enrols 5 signatures of the operator
    Then the enrolment is on file
    And the bank takes a signature of the operator for genuine
    And the bank takes a shaking hand for no signature of the operator
    And the bank takes somebody else's signature for foreign

  @shop-signature-14
  Scenario Outline: the bank does not enrol <what>
    When <the bank enrols>
    Then the bank refuses the enrolment

    Examples:
      | what               | the bank enrols                              |
      | four signatures    | the bank enrols 4 signatures of the operator |
      | five copies of one | the bank enrols 5 copies of one signature    |
