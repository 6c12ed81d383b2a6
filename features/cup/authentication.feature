@chip @authentication
Feature: Offline data authentication of chips
  With the CA keys that it has downloaded a terminal finds by itself whether a chip
  is its issuer's: by what the issuer has signed (SDA), by a signature of the chip
  (DDA), by one over its cryptogram (CDA). What it does not find authentic goes to
  the host, which is told, or is declined; it is never approved off line.

  Background:
    Given a terminal that has signed in

  @cup-authentication-1
  Scenario Outline: a chip is authenticated by the best method that it has: <method>
    When the terminal downloads its "ca-keys"
    And the cardholder pays <amount> yuan with a <card> card by chip
    Then the host approves
    And the chip approves
    And the terminal finds the chip authentic by <method>
    And the terminal shows "交易成功"

    Examples:
      | card | method | amount |
      | sda  | SDA    | 101.00 |
      | dda  | DDA    | 102.00 |
      | cda  | CDA    | 103.00 |

  @cup-authentication-4
  Scenario: without CA keys a chip is not authenticated, and the host is told
    Given the terminal has downloaded nothing
    When the cardholder pays 104.00 yuan with a dda card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since the terminal lacks its CA key
    And the terminal shows "交易成功, 终端无此CA公钥"

  @cup-authentication-5
  Scenario: a chip under an authority of which the host has no key
    When the terminal downloads its "ca-keys"
    And the cardholder pays 105.00 yuan with a ca-unlisted card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since the terminal lacks its CA key

  @cup-authentication-6
  Scenario: a chip under an authority whose key has expired
    When the terminal downloads its "ca-keys"
    And the cardholder pays 106.00 yuan with a ca-expired card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since its CA key has expired
    And the terminal shows "交易成功, CA公钥已过期"

  @cup-authentication-7
  Scenario: the certificate of a chip's issuer has expired
    When the terminal downloads its "ca-keys"
    And the cardholder pays 107.00 yuan with a certificate-expired card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since its issuer's certificate has expired

  @cup-authentication-18
  Scenario: the certificate of a chip's issuer was revoked
    When the terminal downloads its "ca-keys"
    And the cardholder pays 107.10 yuan with a certificate-revoked card by chip
    Then the host approves
    And the terminal finds the chip authentic by DDA
    When the terminal downloads its "revoked-certificates"
    Then the host approves
    And the terminal has 1 entries of its "revoked-certificates"
    When the cardholder pays 107.20 yuan with a certificate-revoked card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since its issuer's certificate was revoked
    And the terminal shows "交易成功, 发卡行证书已回收"
    When the cardholder pays 107.30 yuan with a dda card by chip
    Then the host approves
    And the terminal finds the chip authentic by DDA

  @resume @cup-authentication-19
  Scenario: a list of revoked certificates outlives a power cut, and CA keys that are fetched once more
    When the terminal downloads its "revoked-certificates"
    And the terminal downloads its "ca-keys"
    And the power fails and comes back
    And the operator logs in
    And the terminal downloads its "ca-keys"
    And the cardholder pays 107.40 yuan with a certificate-revoked card by chip
    Then the terminal does not find the chip authentic, since its issuer's certificate was revoked

  @cup-authentication-8
  Scenario Outline: static data that were changed: <card>
    Given the next chip sends static data that were changed
    When the terminal downloads its "ca-keys"
    And the cardholder pays <amount> yuan with a <card> card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since <why>

    Examples:
      | card | amount | why                                 |
      | sda  | 108.00 | its static data are not those signed |
      | dda  | 109.00 | its own certificate is wrong        |

  @cup-authentication-10
  Scenario: a dynamic signature that was changed
    When the terminal downloads its "ca-keys"
    Given the next chip sends a dynamic signature that was changed
    When the cardholder pays 110.00 yuan with a dda card by chip
    Then the host approves
    And the terminal does not find the chip authentic, since its dynamic signature is wrong
    And the terminal shows "交易成功, 动态数据签名错"

  @cup-authentication-11
  Scenario: an answer that was changed after the chip had signed it is declined off line
    When the terminal downloads its "ca-keys"
    Given the next chip sends an answer that was changed after it had signed it
    When the cardholder pays 111.00 yuan with a cda card by chip
    Then the terminal refuses
    And the chip declines
    And the terminal does not find the chip authentic, since the cryptogram it signed is another
    And the terminal shows "脱机拒绝, 应用密文签名错"

  @cup-authentication-17
  Scenario: a second answer that was changed after the chip had signed it undoes the payment
    When the terminal downloads its "ca-keys"
    And the cardholder asks for the balance of a cda card
    Then the balance is known
    Given the next chip sends a second answer that was changed after it had signed it
    When the cardholder pays 111.50 yuan with a cda card by chip
    Then the chip approves
    And the terminal does not find the chip authentic, since the cryptogram it signed is another
    And the terminal shows "应答报文校验错, 应用密文签名错"
    And the terminal owes a reversal
    When the cardholder asks for the balance of a cda card
    Then the host acknowledges the reversal
    And the balance has not changed
    When the cardholder pays 111.60 yuan with a cda card by chip
    Then the host approves
    And the terminal shows "交易成功"

  @cup-authentication-12
  Scenario: an issuer that has its chips declined off line where they are not authentic
    Given the terminal has downloaded nothing
    When the cardholder pays 112.00 yuan with a strict card by chip
    Then the terminal refuses
    And the chip declines
    And the terminal shows "脱机拒绝, 终端无此CA公钥"
    When the terminal downloads its "ca-keys"
    And the cardholder pays 112.00 yuan with a strict card by chip
    Then the host approves
    And the terminal finds the chip authentic by DDA

  @offline @cup-authentication-13
  Scenario: a chip approves a tap by itself where it is authentic
    Given the policy says "offline-limit: at least 20.00"
    And the policy says "cash: at least 200.00"
    When the terminal downloads its "ca-keys"
    And the cardholder pays 11.30 yuan with a cash card by tap
    Then the chip approves the payment off line
    And the terminal finds the chip authentic by DDA
    When the cardholder pays 11.35 yuan with a good card
    Then the host approves
    And the terminal has 0 offline payments to upload

  @offline @cup-authentication-14
  Scenario: a terminal without CA keys lets no chip approve by itself
    Given the terminal has downloaded nothing
    When the cardholder pays 11.40 yuan with a cash card by tap
    Then the host approves
    And the terminal has 0 offline payments to upload

  @offline @cup-authentication-15
  Scenario: a tapped chip whose signature was changed is sent to the reader
    Given the policy says "offline-limit: at least 20.00"
    And the policy says "cash: at least 200.00"
    When the terminal downloads its "ca-keys"
    Given the next chip sends a dynamic signature that was changed
    When the cardholder pays 11.50 yuan with a cash card by tap
    Then the terminal refuses
    And the terminal shows "请插卡, 动态数据签名错"
    When the cardholder pays 11.50 yuan with a cash card by chip
    Then the host approves
    And the terminal finds the chip authentic by DDA

  @offline @cup-authentication-16
  Scenario: a tapped chip that has no key of its own goes to the host
    When the terminal downloads its "ca-keys"
    And the cardholder pays 11.60 yuan with a sda card by tap
    Then the host approves
    And the terminal has 0 offline payments to upload
