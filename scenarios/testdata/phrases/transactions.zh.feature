# language: zh-CN
功能: 其他交易

  @holds
  场景: 持卡人用{role}卡做{transaction}{amount}元
    假如 终端已签到
    当 持卡人用正常卡做积分消费1.00元
    那么 交易成功

  @fails
  场景: 持卡人用{role}卡做{transaction}{amount}元
    假如 终端已签到
    当 持卡人用正常卡做消费撤销1.00元

  @holds
  场景: 持卡人用{role}卡做{transaction}{amount}元，{how}
    假如 终端已签到
    当 持卡人用正常卡做订购消费1.00元，手输卡号
    那么 交易成功

  @fails
  场景: 持卡人用{role}卡做{transaction}{amount}元，{how}
    假如 终端已签到
    当 持卡人用被盗卡做订购消费1.00元，手输卡号
    那么 交易成功

  @holds
  场景: 持卡人用{role}卡分{n}期付款{amount}元
    假如 终端已签到
    当 持卡人用正常卡分12期付款12.00元
    那么 交易成功

  @fails
  场景: 持卡人用{role}卡分{n}期付款{amount}元
    假如 终端已签到
    当 持卡人用正常卡分1期付款12.00元

  @holds
  场景: 操作员对上一笔交易做{transaction}
    假如 终端已签到
    当 持卡人用正常卡做预约消费1.00元
    并且 操作员对上一笔交易做预约消费撤销
    那么 交易成功

  @fails
  场景: 操作员对上一笔交易做{transaction}
    假如 终端已签到
    当 操作员对上一笔交易做消费
