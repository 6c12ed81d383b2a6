Feature: Becoming a merchant
  A shop applies with its papers, the acquirer reviews them by its rules, and only then
  is there a contract, a number and a terminal.

  @merchant @guide-1.1 @guide-8.1 @shop-merchant-1
  Scenario: a company applies, is approved, signs and takes its first payment
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved
    When the shop signs the contract
    And the acquirer issues a terminal to the merchant
    Then the terminal is "issued"
    When the terminal signs in with its activation code
    Then the host approves
    And the terminal is "active"
    When the cardholder pays 88.00 yuan with a good card
    Then the host approves
    And the statement adds up

  @merchant @guide-8.1 @shop-merchant-2
  Scenario: a merchant without a licence is known by the number of the person in charge
    Given a shop without a licence that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved

  @merchant @guide-8.1 @shop-merchant-3
  Scenario Outline: an application is refused, and the reason is told
    Given a shop that wants to become a merchant
    And the application says "<says>"
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "<reason>"

    Examples:
      | says                            | reason                                                            |
      | without: shop-front             | papers are missing                                                |
      | without: licence                | a company or individual business needs its licence                |
      | licence.name: Another Shop Ltd. | the name is not the licence's                                     |
      | licence.owner: Somebody Else    | the legal person is not the licence's                             |
      | mcc: 5411                       | the MCC is not of the trade that the licence is for               |
      | licence.until: 2020-01-31       | the licence is valid for less than 3 months                       |
      | person.until: 2020-01-31        | the identity card is valid for less than 3 months                 |
      | account.kind: 58                | a company is paid to its own account, not to a person's           |
      | account.holder: Somebody Else   | the account's holder is neither the merchant nor its legal person |
      | mcc: 7995                       | this trade is not taken                                           |
      | short_name: UnionPay Noodles    | the short name has a word that is somebody else's                 |
      | provider: ISO-9999              | the agency is not registered with the acquirer                    |
      | region: 440106                  | the shop is not in the licence's region                           |

  @merchant @guide-8.4 @shop-merchant-4
  Scenario: an unclear photo is refused, and the corrected application keeps its number
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application and finds "a photo unclear"
    Then the application is refused for "papers-unclear"
    When the shop corrects its application: "with: shop-front"
    And the acquirer reviews the application
    Then the application is approved
    And the audit log says "application corrected"

  @merchant @shop-merchant-5
  Scenario: a phone that nobody answers is a reason
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application and finds "the phone unanswered"
    Then the application is refused for "phone-unanswered"

  @merchant @shop-merchant-6
  Scenario: whoever is on the risk list is refused
    Given a shop that wants to become a merchant
    And the shop is on the risk list
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "blacklisted"

  @merchant @guide-8.0 @shop-merchant-7
  Scenario: a shop that is a merchant already is refused
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the shop applies
    And the acquirer reviews the application
    Then the application is refused for "duplicate"

  @merchant @guide-8.1 @shop-merchant-8
  Scenario: an approval that nobody signs for a month lapses
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And nobody signs for 31 days
    And the shop signs the contract
    Then the host refuses: "is lapsed, it cannot be signed"
    And the audit log says "application-lapsed"

  @merchant @shop-merchant-9
  Scenario: 29 days are still in time
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And nobody signs for 29 days
    And the shop signs the contract
    Then the audit log says "contract signed"

  @merchant @shop-merchant-10
  Scenario: a refused application cannot be signed
    Given a shop that wants to become a merchant
    And the application says "mcc: 7995"
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    Then the host refuses: "is refused, it cannot be signed"

  @merchant @shop-merchant-11
  Scenario: a signed application cannot be corrected
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the shop signs the contract
    And the shop corrects its application: "mcc: 5411"
    Then the host refuses: "it cannot be corrected"

  @merchant @shop-merchant-12
  Scenario: an application that has been decided is not decided again
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    And the acquirer reviews the application
    Then the host refuses: "it cannot be reviewed"

  @merchant @shop-merchant-13
  Scenario: a merchant without a licence carries its owner's name
    Given a shop without a licence that wants to become a merchant
    And the application says "name: Moon Palace"
    When the shop applies
    And the acquirer reviews the application
    Then the application is refused for "micro-name"

  @merchant @clock @shop-merchant-14
  Scenario: a month after the approval it is too late to sign, though nobody has looked
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Then the application is approved
    Given 31 days pass at the host
    When the shop signs the contract
    Then the host refuses: "is lapsed, it cannot be signed"

  @merchant @clock @shop-merchant-15
  Scenario: on the 29th day it is not
    Given a shop that wants to become a merchant
    When the shop applies
    And the acquirer reviews the application
    Given 29 days pass at the host
    When the shop signs the contract
    Then the audit log says "contract signed"

  @merchant @clock @shop-merchant-16
  Scenario Outline: <paper> was valid for 120 days, and the review comes <days> days later
    Given a shop that wants to become a merchant
    And the application says "<says>: 120 days"
    When the shop applies
    And <days> days pass at the host
    And the acquirer reviews the application
    Then the application is refused for "<reason>"

    Examples:
      | paper             | says          | days | reason          |
      | the licence       | licence.until | 40   | licence-expires |
      | the licence       | licence.until | 121  | licence-expires |
      | the identity card | person.until  | 40   | id-expires      |

  @merchant @clock @shop-merchant-17
  Scenario: papers that are valid for three months more will do
    Given a shop that wants to become a merchant
    And the application says "licence.until: 120 days"
    When the shop applies
    And 20 days pass at the host
    And the acquirer reviews the application
    Then the application is approved
