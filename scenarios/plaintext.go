package scenarios

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// traditional are characters of phrases as Taiwan and Hong Kong write them, each followed
// by how the phrases do.
var traditional = strings.NewReplacer(strings.Split("費费終终簽签錄录機机單单銷销預预權权餘余額额應应無无電电開开關关報报認认證证憑凭條条據据帳账戶户號号碼码輸输錯错誤误發发銀银聯联網网絡络訊讯"+
	"絕绝說说話话時时間间筆笔對对結结總总數数請请確确壞坏閃闪隱隐廳厅顧顾員员櫃柜當当並并們们後后這这個个還还沒没將将從从於于與与為为過过進进線线"+
	"復复啟启動动閉闭連连斷断響响處处轉转換换變变張张紙纸簡简記记調调試试檢检測测讀读寫写輪轮隨随選选擇择項项類类別别級级經经營营業业務务賬账貨货"+
	"幣币圓圆價价買买賣卖現现場场車车輛辆門门頁页層层頭头長长遲迟達达運运遠远屬属該该監监視视獨独維维護护補补償偿滿满減减優优獲获積积點点賞赏紅红"+
	"藍蓝綠绿靜静態态掃扫識识圖图標标誌志組组織织構构導导驗验歡欢擊击鍵键鎖锁釋释載载傳传遞递貼贴揮挥觸触", "")...)

// plain is a sentence in the characters that phrases are written in: of half width and
// simplified, without blanks at its ends.
func plain(text string) string {
	runes := []rune(strings.TrimFunc(text, isBlank))
	digit := func(i int) bool { return i >= 0 && i < len(runes) && runes[i] >= '0' && runes[i] <= '9' }
	for i, r := range runes {
		switch {
		case r > 0xff00 && r < 0xff5f:
			runes[i] = r - 0xff00 + ' '
		case isBlank(r):
			runes[i] = ' '
		}
	}
	for i, r := range runes {
		if strings.ContainsRune("。．｡·・", r) && digit(i-1) && digit(i+1) {
			runes[i] = '.'
		}
	}
	return traditional.Replace(string(runes))
}

// otherwise says how a sentence is to be written that would be one in other characters,
// or in other blanks; empty for none.
func (l *Language) otherwise(text string) string {
	for _, is := range []string{plain(text), strings.ReplaceAll(plain(text), " ", "")} {
		if is != text && l.find(is) != nil {
			return fmt.Sprintf("; write it in half-width characters and simplified Chinese: %q", is)
		}
	}
	bare := strings.TrimRight(plain(text), stops+" ")
	for _, is := range []string{bare, strings.ReplaceAll(bare, " ", "")} {
		if l.find(is) != nil {
			return fmt.Sprintf("; a sentence has no %q at its end: %q", strings.TrimSpace(plain(text)[len(bare):]), is)
		}
	}
	return ""
}

// stops are what sentences elsewhere end with.
const stops = "。｡．.!！;；,，、"

// blankBefore names what cannot be seen.
func blankBefore(text string) string {
	if r, _ := utf8.DecodeRuneInString(text); r > unicode.MaxASCII && isBlank(r) {
		return fmt.Sprintf(", and without the blank U+%04X that it begins with", r)
	}
	return ""
}
