package dialect

import (
	"strings"
	"testing"
)

// FuzzImport holds that what a packager says is a dialect, or refused for what it
// says.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`<isopackager headerLength="5"><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="1" length="16" name="b" class="org.jpos.iso.IFA_BITMAP"/>
<isofield id="3" length="6" name="processing: code" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="4" length="12" name="amount" class="org.jpos.iso.IFB_NUMERIC"/>
<isofield id="11" length="6" name="trace" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="39" length="2" name="code" class="org.jpos.iso.IF_CHAR"/>
<isofield id="70" length="3" name="management" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="90" length="40" name="#original" class="org.jpos.iso.IFB_NUMERIC"/>
<isofieldpackager id="48" length="99" name="x" class="org.jpos.iso.IFA_LLCHAR" packager="org.jpos.iso.packager.EuroSubFieldPackager"><isofield id="7" length="6" name="p" class="org.jpos.iso.IFMC_LLCHAR"/></isofieldpackager></isopackager>`))
	for _, c := range composedFields {
		f.Add([]byte(`<isopackager><isofield id="0" length="4" name="mti" class="org.jpos.iso.IFB_NUMERIC"/><isofield id="1" length="16" name="b" class="org.jpos.iso.IFA_BITMAP"/><isofieldpackager id="48" length="255" name="x" ` +
			c.attributes + `><isofield id="1" length="8" name="p" class="org.jpos.iso.IFB_BITMAP"/><isofield id="2" length="6" name="p" class="org.jpos.iso.IFB_LLNUM"/></isofieldpackager></isopackager>`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, _, err := Import("f.xml", data, "jpos")
		if err != nil && strings.Contains(err.Error(), "is none") {
			t.Errorf("%v\n%s", err, data)
		}
		if err == nil {
			if _, err := Parse("f.yaml", text, nil); err != nil {
				t.Error(err)
			}
		}
	})
}
