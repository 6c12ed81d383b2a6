# language: zh-CN
功能: 下载

  @holds
  场景: 主机要求终端更新{text}
    假如 终端已签到
    当 主机要求终端更新"rates"
    并且 终端做回响测试
    那么 终端已下载"rates"3条

  @fails
  场景: 主机要求终端更新{text}
    假如 终端已签到
    当 主机要求终端更新"hair"

  @holds
  场景: 终端下载{text}
    假如 终端已签到
    当 终端下载"ca-keys"
    那么 交易成功

  @fails
  场景: 终端下载{text}
    假如 终端未在主机登记
    当 终端下载"ca-keys"
    那么 交易成功

  @holds
  场景: 终端下载{text}{n}条后断电
    假如 终端已签到
    当 终端下载"ca-keys"1条后断电
    那么 终端已下载"ca-keys"0条

  @fails
  场景: 终端下载{text}{n}条后断电
    假如 终端已签到
    当 终端下载"hair"1条后断电

  @holds
  场景: 终端已下载{text}{n}条
    假如 终端已签到
    当 终端下载"rates"
    那么 终端已下载"rates"3条

  @fails
  场景: 终端已下载{text}{n}条
    假如 终端已签到
    当 终端下载"rates"
    那么 终端已下载"rates"2条

  @holds
  场景: 收银员用{role}卡做积分签到
    假如 终端已签到
    当 收银员用正常卡做积分签到
    那么 交易成功

  @fails
  场景: 收银员用{role}卡做积分签到
    假如 终端已签到
    当 收银员用被盗卡做积分签到
    那么 交易成功

  @holds
  场景: 终端未下载任何数据
    假如 终端已签到
    当 终端下载"parameters"
    并且 终端未下载任何数据
    那么 终端已下载"parameters"0条

  @fails
  场景: 终端未下载任何数据
    假如 终端已签到
    当 终端下载"parameters"
    并且 终端未下载任何数据
    那么 终端已下载"parameters"1条

  @holds
  场景: 银行撤销CA公钥
    假如 终端已签到
    当 终端下载“ca-keys”
    假如 银行撤销CA公钥
    当 终端下载“ca-keys”
    那么 终端已下载“ca-keys”0条

  @fails
  场景: 银行撤销CA公钥
    假如 终端已签到
    假如 银行撤销CA公钥
    当 终端下载“ca-keys”
    那么 终端已下载“ca-keys”3条
