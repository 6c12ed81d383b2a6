@keys
Feature: Master keys by line, under RSA
  A terminal asks for its master key with a public key of its own, and the bank gives
  it once: to the key that asked first, until it lets the terminal ask again.

  Background:
    Given a terminal that has signed in

  @shop-masterkey-1
  Scenario: a terminal gets its master key under its own RSA key, once
    Given the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    Then the host approves
    And the terminal shows "主密钥下载成功, 请签到"
    When the terminal signs in
    And the cardholder pays 46.10 yuan with a good card
    Then the host approves
    When the terminal downloads its master key
    Then the host does not approve
    And the terminal shows "主密钥已下载, 请联系银行"
    Given the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    Then the host approves

  @shop-masterkey-2
  Scenario: who has another RSA key gets no master key
    Given the bank lets the terminal download its master key under RSA
    When the terminal downloads its master key
    Then the host approves
    When somebody asks for the terminal's master key with another public key
    Then the host does not approve

  @shop-masterkey-3
  Scenario: a master key is not given under an RSA key that is too short
    Given the bank lets the terminal download its master key under RSA
    When the terminal asks for its master key with a public key of 1024 bits
    Then the host does not approve
    When the terminal downloads its master key
    Then the host approves
