package dialect

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Card numbers, tracks and PINs in texts of an answer, where none belong.
func TestTextsAreScrubbed(t *testing.T) {
	for text, want := range map[string]string{
		"card 6225880000005678 blocked":                      "card 622588******5678 blocked",
		"6225880000005678":                                   "622588******5678",
		"4111111111111":                                      "4111111111111", // fails the check
		"4222222222222":                                      "*********2222",
		"4111111111111111 4111111111111112":                  "411111******1111 4111111111111112",
		"4111 1111 1111 1111":                                "4111 11** **** 1111",
		"6225 8800 0000 5678":                                "6225 88** **** 5678",
		"6225-8800-0000-5678 ok":                             "6225-88**-****-5678 ok",
		"12 6225 8800 0000 5678":                             "12 6225 88** **** 5678",
		"0000000001006225880000005678":                       "000000000100622588******5678",
		"ref 00000000000000000000":                           "ref 00000000000000000000",
		"6225880000005678=25121010000012345":                 "622588******5678=*****************",
		"6225880000005678D2512101":                           "622588******5678D*******",
		";6225880000005678=2512101?":                         ";622588******5678=*******?",
		"%B6225880000005678^WANG/MR^2512101000?":             "%B622588******5678^******************?",
		"240210687000000010606000069070" + "8D3903F390808V0": "2402106870000000106060000690708D3903F390808V0", // of a terminal's serial number
		"1234567890123=2512101":                              "*********0123=*******",
		"PIN 123456":                                         "PIN ******",
		"Pin-Code: 1234":                                     "Pin-Code: ****",
		"PIN was 1234":                                       "PIN was ****",
		"pass 123456":                                        "pass ******",
		"CVC=321":                                            "CVC=***",
		"CSC 321":                                            "CSC ***",
		"security code is 321":                               "security code is ***",
		"安全码 789":                                            "安全码 ***",
		"\xB0\xB2\xC8\xAB\xC2\xEB 789":                       "安全码 ***",
		"6212:2612:3456:7898":                                "6212:26**:****:7898",
		"6212|2612|3456|7898":                                "6212|26**|****|7898",
		"6212~2612~3456~7898":                                "6212~26**~****~7898",
		"6212\t2612\t3456\t7898":                             `6212\x0926**\x09****\x097898`,
		"6212\r\n2612\r\n3456\r\n7898":                       `6212\x0D\x0A26**\x0D\x0A****\x0D\x0A7898`,
		"6212\xA8\x432612\xA8\x433456\xA8\x437898":           "6212–26**–****–7898",
		"PIN\r\n1234":                                        `PIN\x0D\x0A****`,
		"PIN\x001234":                                        `PIN\x00****`,
		"KEY\n1234567890123456":                              `KEY\x0A****************`,
		"pb 8C,DC,50,75,1B,FF,F3,97":                         "pb ***********************",
		"pb 8CDC5075/1BFFF397":                               "pb *****************",
		"6212,2612,3456,7898 x":                              "6212,26**,****,7898 x",
		"6212\u00a02612\u00a03456\u00a07898 国":               `6212\xC2\xA026**\xC2\xA0****\xC2\xA07898 国`,
		"pb 8CDC 5075 1BFF F397":                             "pb *******************",
		"pb 8C:DC:50:75:1B:FF:F3:97, ok":                     "pb ***********************, ok",
		"8C5D3B92-A17F-46E0-D4B6-835A1F0C729E":               strings.Repeat("*", 36),
		"8C5D3B92 A17F46E0 D4B6835A 1F0C729E":                strings.Repeat("*", 35),
		"key jF07kqF/RuDUtoNaHwxyng== ok":                    "key **********************== ok",
		"block jNxQdRv/85c= ok":                              "block ***********= ok",
		"OTP 123456":                                         "OTP ******",
		"EXP 12/2049":                                        "EXP **/****",
		"pin=1234;":                                          "pin=****;",
		"PIN tries 3":                                        "PIN tries 3",
		"密码: 123456":                                         "密码: ******",
		"\xC3\xDC\xC2\xEB\xA3\xBA123456":                     "密码：******",
		"密码为123456":                                          "密码为******",
		"PW=123456":                                          "PW=******",
		"password 123456":                                    "password ******",
		"CVV2=123":                                           "CVV2=***",
		"622588******5678 EXP 4912":                          "622588******5678 EXP ****",
		"exp:12/49":                                          "exp:**/**",
		"有效期4912":                                            "有效期****",
		"TMK=01234567890123456789012345678901":               "TMK=********************************",
		"ZMK: 1122334455667788 99AABBCCDDEEFF00":             "ZMK: *********************************",
		"622588.0000005678":                                  "622588.******5678",
		"6225.8800.0000.5678":                                "6225.88**.****.5678",
		"6225/8800/0000/5678":                                "6225/88**/****/5678",
		"6225_8800_0000_5678":                                "6225_88**_****_5678",
		"6225  8800  0000  5678":                             "6225  88**  ****  5678",
		"6225 8800 0000 5678=2512 1010 0000 12345":           "6225 88** **** 5678=********************",
		"6225-8800-0000-5678=2512-1010-0000":                 "6225-88**-****-5678=**************",
		"6225.8800.0000.5678 = 2512.1010":                    "6225.88**.****.5678 =**********",
		"6225/8800/0000/5678=2512/1010":                      "6225/88**/****/5678=*********",
		"6225_8800_0000_5678D2512_1010":                      "6225_88**_****_5678D*********",
		"6225 8800 0000 5678^WANG/MR^2512 1010?":             "6225 88** **** 5678^*****************?",
		"6225880000005678=2512 1010":                         "622588******5678=*********",
		"６２２５８８００００００５６７８＝２５１２１０１": "６２２５８８" + strings.Repeat("*", 18) + "５６７８＝" + strings.Repeat("*", 21),
		"PIN 1234 56":             "PIN **** **",
		"PIN 1 2 3 4 5 6.":        "PIN * * * * * *.",
		"PIN: 12-34-56, ok":       "PIN: **-**-**, ok",
		"密码 1234 56":              "密码 **** **",
		"PIN 123456 104859000007": "PIN ****** 104859000007",
		"⑥②②⑤⑧⑧⓪⓪⓪⓪⓪⓪⑤⑥⑦⑧":                                                                 "⑥②②⑤⑧⑧" + strings.Repeat("*", 18) + "⑤⑥⑦⑧",
		"六二二五八八〇〇〇〇〇〇五六七八":                                                                 "六二二五八八" + strings.Repeat("*", 18) + "五六七八",
		"&#54;&#50;&#50;&#53;&#56;&#56;&#48;&#48;&#48;&#48;&#48;&#48;&#53;&#54;&#55;&#56;": "&#54;&#50;&#50;&#53;&#56;&#56;" + strings.Repeat("*", 30) + "&#53;&#54;&#55;&#56;",
		"%36%32%32%35%38%38%30%30%30%30%30%30%35%36%37%38":                                 "%36%32%32%35%38%38" + strings.Repeat("*", 18) + "%35%36%37%38",
		"CUPNjIyNTg4MDAwMDAwNTY3OA==":                                                      "CUP" + strings.Repeat("*", 22) + "==",
		"6 225880 00000 5678":                                                              "6 22588* ***** 5678",
		"６２２５８８００００００５６７８":                                                                 "６２２５８８" + strings.Repeat("*", 18) + "５６７８",
		"36323235303030303030303030303134":                                                 "363232353030************30303134",
		"pan NjIyNTg4MDAwMDAwNTY3OA==":                                                     "pan " + strings.Repeat("*", 22) + "==",
		"1234567890ABCDEF":                                                                 "****************",
		"03080000   48025800   ":                                                           "03080000   48025800   ",
		"20251126084554":                                                                   "20251126084554",
		"\xA3\xB6\xA3\xB2\xA3\xB2\xA3\xB5\xA3\xB8\xA3\xB8\xA3\xB0\xA3\xB0\xA3\xB0\xA3\xB0\xA3\xB0\xA3\xB0\xA3\xB5\xA3\xB6\xA3\xB7\xA3\xB8": "６２２５８８************５６７８",
		"\xBF\xA8\xBA\xC56225880000005678\xD2\xD1\xB9\xD2\xCA\xA7":                                                                         "卡号622588******5678已挂失",
	} {
		if got := readable(scrub([]byte(text))); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// What is no secret stays: references, amounts, totals, batches, times, telephone
// numbers, and words that only begin or end as those of secrets.
func TestWhatIsNoSecretStays(t *testing.T) {
	for _, text := range []string{
		"RRN 104859000007 AMT 000000001100", "BATCH 000001 TRACE 000501", "20261126101112", "2026/11/26 10:11:12 000501", "2026-11-26 10:11:12",
		"00000000001100000000000011", "TOTAL 1,234.56 / 12", "411,111.11 522,333.44 12", "TEL 0086-021-58881234", "10.0.0.1 10.0.0.2 10.0.0.3",
		"MID 999581059120004 TID 10000004", "PINPAD 123456", "PWR 123456", "KEY INDEX 01", "KEY 1", "kcv 82E136", "EXPORT 4912", "EXP 20261126",
		"22000001 0000 5", "03080000   48020000   ", "156000000001100", "000000123456000012", "MONKEY 1234567890123456", "AUTHORISED",
		"0000000000000000000000000000000000000000", "RESPCODE 00 APPROVED", "MDAwMDAwMDAwMDAwMDAwMDAw", "CARD TYPE 01 BIN 622588", "BYPASS 123456", "DESCRIPTION=1234", "10:11:12 2026|11|27", "00:1A:2B:3C:4D:5E", "4123,45 4123,45", "PASSED 123456", "COMPASS 1234",
		"2026\n1126\n1011\n1213", "1.2.3\n4567\n890123\n45678", "AUTH 123456\n000501\nOK", "00/1A/2B/3C/4D/5E",
	} {
		if got := readable(scrub([]byte(text))); got != strings.ReplaceAll(text, "\n", `\x0A`) {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}

func TestScrubbedFieldsAndTheirParts(t *testing.T) {
	for _, d := range Dialects() {
		m := d.NewMessage()
		m.SetMTI("0210")
		m.SetFieldString(43, "6225880000005678")
		m.SetFieldString(44, "6225880000005678=2512")
		m.SetFieldString(54, "1002156C0000009999991001156C000000999999")
		m.SetFieldString(63, "6225880000005678   PIN 123456")
		if d.Name == "cup" {
			for _, secret := range []string{"CVV2 123", "CVN2:456", "passwd 987654", "EXP 49/12", "8C:DC:50:75:1B:FF:F3:97", "8CDC 5075 1BFF F397"} {
				of63 := d.NewMessage()
				of63.SetMTI("0210")
				of63.SetFieldString(63, "CUP"+secret)
				if got := described(d, of63); strings.Contains(got, secret[len(secret)-3:]) {
					t.Errorf("%s behind the first part of 63:\n%s", secret, got)
				}
			}
		}
		m.SetFieldString(42, "622588000000003") // a merchant's number may pass the check
		if d.Name == "cup" {
			m.SetFieldString(60, "2200000100060")
		}
		got := described(d, m)
		for _, bad := range []string{"880000", "0005678", "123456"} {
			if strings.Contains(strings.ReplaceAll(got, "622588000000003", ""), bad) {
				t.Errorf("%s shows %s:\n%s", d.Name, bad, got)
			}
		}
		for _, want := range []string{"622588******5678", "1002156C0000009999991001156C000000999999", "622588000000003"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %s:\n%s", d.Name, want, got)
			}
		}
	}
}

// What a message that cannot be read leaves is shown in hexadecimal.
func TestPackedCardNumbersAreScrubbed(t *testing.T) {
	for digits, want := range map[string]string{
		"166225880000005678000000":                "16622588******5678000000",
		"00426225880000005678D25121010000F0":      "0042622588******5678D***********F0",
		"36323235303030303030303030303134":        "363232353030************30303134",
		"5A08" + "6225880000005678" + "FF":        "5A08622588******5678FF",
		"A0000003330101" + "000000000000000000AB": "A0000003330101" + "000000000000000000AB",
		"0042004750493034":                        "0042004750493034",
	} {
		octets, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		if got := shownHex(octets); got != want {
			t.Errorf("%s\n is shown as %s\n       want %s", digits, got, want)
		}
	}
}

func TestMerchantNamesAreReadable(t *testing.T) {
	for text, want := range map[string]string{
		"\xBA\xD3\xC4\xCF\xCA\xA1\xD2\xF8  ": "河南省银  ",
		"河南省":                                "河南省",        // UTF-8
		"河南省"[:8]:                            `河南\xE7\x9C`, // cut off
		"\xA1\xA1\xB9\xFA":                   "\u3000国",
		"\xC1\xAA\xCD\xA8":                   "联通",
		"\xBA":                               `\xBA`,
		"\xBA\x1B[2J":                        `\xBA\x1B[2J`,
		"a\u202Eb\u2066\u200B":               `a\xE2\x80\xAEb\xE2\x81\xA6\xE2\x80\x8B`,
		"\u0085\u009B国":                      `\xC2\x85\xC2\x9B国`,
		"\x81\x30\x81\x35":                   `\x81\x30\x81\x35`, // U+0085 in GB 18030
		"\xAA\xA1":                           `\xAA\xA1`,         // private use
		"\x00\x07\x7F\\":                     `\x00\x07\x7F\x5C`,
	} {
		if got := readable([]byte(text)); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestCodesInWords(t *testing.T) {
	d := CUP()
	m := d.NewMessage()
	m.SetMTI("0210")
	m.SetField(39, []byte("A0"))
	got := described(d, m)
	for _, want := range []string{"A0: the host finds the MAC wrong (MAC校验错, 请重新签到)\n", "       profile keys to look at: mac, sign-in, "} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	m.SetField(39, []byte("Z9"))
	if got := described(d, m); !strings.Contains(got, "response code                Z9\n") {
		t.Error(got)
	}
	m.SetMTI("0400")
	m.SetField(39, []byte("98"))
	if got := described(d, m); !strings.Contains(got, "98: no answer came in time\n") {
		t.Error(got)
	}
	for _, c := range d.Codes {
		if c.Words == "" || c.Display == "" {
			t.Errorf("code %s has no words", c.Code)
		}
	}
}

func scrub(v []byte) []byte { return none.scrub(v, freeText) }

func shownHex(v []byte) string { return string(scrubbedHex(v)) }

func FuzzScrub(f *testing.F) {
	f.Add([]byte("6225 8800 0000 5678=25121010000 PIN 1234"))
	f.Add([]byte("%B6225880000005678^A^2512"))
	f.Add([]byte("\x915\x816225880000005678^A^;")) // its first digit is the last octet of a character in GB 18030
	known := knowing(CUP()).Secrets
	f.Fuzz(func(t *testing.T, v []byte) {
		before := string(v)
		for of := freeText; of <= octets; of++ {
			if got := known.scrub(v, of); len(got) != len(v) || string(v) != before {
				t.Fatalf("%q became %q, and what was read %q", before, got, v)
			}
		}
		apart := append([]byte(nil), v...)
		apart = append(apart, " (622500)x(9931872649) "...)
		if strings.Contains(string(known.scrub(apart, freeText)), "9931872649") {
			t.Fatalf("a card that is known is shown in %q", known.scrub(apart, freeText))
		}
		if got := scrub(v); len(got) != len(v) {
			t.Fatalf("%d octets became %d", len(v), len(got))
		}
		if got := shownHex(v); len(got) != 2*len(v) {
			t.Fatalf("%d octets became %d characters", len(v), len(got))
		}
		readable(v)
		// A card number is found whatever stands around it.
		framed := append(append([]byte(nil), v...), " 6225880000005678 "...)
		if strings.Contains(string(scrub(framed)), "6225880000005678") {
			t.Fatalf("a card number is shown in %q", scrub(framed))
		}
	})
}

// A host of EBCDIC may put a track where octets are shown.
func TestTracksInEBCDICAreScrubbed(t *testing.T) {
	const track = "6225000000000014=49121010000000000000"
	octets, err := ebcdic.Encode([]byte("card " + track + " end"))
	if err != nil {
		t.Fatal(err)
	}
	shown := shownHex(octets)
	for _, secret := range []string{"F0F0F0F0F0F0F0F1F4", "F4F9F1F2", "F1F0F1F0"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%s shows %s", shown, secret)
		}
	}
	if !strings.HasPrefix(shown, "838199844") {
		t.Errorf("%s hides the word before it", shown)
	}
}
