package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posfleet/posfleet/sim/capture"
	"github.com/posfleet/posfleet/sim/dialect"
	"github.com/posfleet/posfleet/sim/wire"
)

func decodeCommand() *cobra.Command {
	var f networkFlags
	var port int
	var request, keyFile string
	cmd := &cobra.Command{
		Use:   "decode [hex | file | -]",
		Short: "messages, field by field, masked",
		Long: "Explains messages given as an argument, in a file or on standard input, with or without their length\n" +
			"prefix: in any of the forms that tools and languages write (hexadecimal digits, dumps, lists of numbers,\n" +
			"strings with escapes: docs/decode.md), as they are, or as a capture of a line (pcap, pcapng), of which\n" +
			"answers are paired with their requests and timed.\n\n" +
			"What cannot be read is told with field, offset and cause after the fields before it, the octets left in\n" +
			"hexadecimal. With a --profile MACs are checked, as soon as a sign-in's answer has brought the keys, with\n" +
			"--keys those of its terminals.\n" +
			"Cards are masked; PIN blocks, tracks and keys not shown.\n\n" + exitHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.load(0)
			if err != nil {
				return err
			}
			if f.profile == "" {
				p.Dialect.Secrets = nil // of posfleet's own cards: these messages are of others
			}
			if port < 0 || port > 65535 {
				return usage(fmt.Errorf("--port %d: want 1 to 65535, or 0 for all", port))
			}
			if request == "" && cmd.Flags().Changed("answer-to") {
				return usage(errors.New(`--answer-to "": want the hexadecimal digits of the request`))
			}
			checked, err := newMACs(p, f.profile != "", keyFile)
			if err != nil {
				return usage(err)
			}
			if request != "" && checked.derived() {
				if q, err := oneMessage(p.Dialect, request); err == nil {
					_, _ = checked.derive(q) // what is wrong with it is told at the end
				}
			}
			in, name, done, err := decodeInput(cmd.InOrStdin(), args, &p.Dialect.Format)
			if err != nil {
				return usage(err)
			}
			defer done()
			out := bufio.NewWriter(cmd.OutOrStdout())
			defer out.Flush()
			x := explainer{out: out, dialect: p.Dialect, port: port, macs: checked}
			if err := x.input(in, name); err != nil {
				return err
			}
			if err := x.verdict(); err != nil || request == "" {
				if request != "" && x.last != nil && x.last.Err != nil {
					fmt.Fprintf(out, "\nas an answer:\n  ANS-READ        must    %s\n", p.Dialect.Scrubbed(x.last.Err.Error()))
				}
				return err
			}
			return answerTo(out, p, checked, request, x.last)
		},
	}
	cmd.Flags().StringVar(&request, "answer-to", "", "hexadecimal digits of the request that this answers, of several messages the last: which rules it breaks")
	cmd.Flags().StringVar(&f.profile, "profile", "", "profile file whose dialect is meant, and whose master keys check MACs")
	cmd.Flags().StringVar(&f.dialect, "dialect", "", "dialect: a name that posfleet dialect list has, or a file (default: cup)")
	cmd.Flags().StringVar(&keyFile, "keys", "", "file of MAC keys, lines of terminal id (or *) and key; only its owner may read it")
	cmd.Flags().IntVar(&port, "port", 0, "of a capture, only connections with this TCP port (default: all)")
	return cmd
}

// decodeInput is what the argument means: messages of format f, else a file, else
// octets that are none. No argument and - are standard input.
func decodeInput(stdin io.Reader, args []string, f *wire.Format) (in io.Reader, name string, done func(), err error) {
	done = func() {}
	if len(args) == 0 || args[0] == "-" {
		return stdin, "standard input", done, nil
	}
	text := args[0]
	blocks, wrong := capture.Text(text, f)
	path := strings.ContainsAny(text, "./\\") // base64 has them too
	if text != "" && (path || wrong != nil || !readable(f, blocks)) {
		switch info, err := os.Stat(text); {
		case err == nil && info.IsDir():
			return nil, "", done, fmt.Errorf("%s is a folder: give a file of it", text)
		case err == nil:
			file, err := os.Open(text)
			if err != nil {
				return nil, "", done, err
			}
			return file, text, func() { file.Close() }, nil
		case errors.Is(err, os.ErrNotExist) && path && wrong != nil:
			return nil, "", done, fmt.Errorf("there is no file %s, and as a message: %w", text, wrong)
		}
	}
	return strings.NewReader(text), "the argument", done, nil
}

// readable reports whether all octets are messages of format f.
func readable(f *wire.Format, blocks []capture.Block) bool {
	return !slices.ContainsFunc(blocks, func(b capture.Block) bool {
		return slices.ContainsFunc(capture.Read(f, b.Octets), func(fr capture.Frame) bool { return fr.Err != nil })
	})
}

// explainer writes what messages are.
type explainer struct {
	out     *bufio.Writer
	dialect *dialect.Dialect
	port    int   // of a capture, 0 for all
	macs    *macs // nil without a profile and keys

	told   int // messages
	fitted int // of them, those that were tried with other fields
	last   *capture.Frame
	first  error // the first that could not be read
	bad    int
	hint   string
	half   error // half an octet is missing somewhere
	unread error // what of a capture was not read, though no message is bad
}

// input explains all of an input.
func (x *explainer) input(in io.Reader, name string) error {
	data, err := readAll(in)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", name, err))
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return usage(fmt.Errorf("%s is a ZIP archive: take the file out of it", name))
	}
	if capture.IsPackets(data) {
		return x.packets(data, name)
	}
	text, isText := asText(data)
	switch {
	case !isText:
		x.messages([]capture.Block{{Octets: data}})
		return nil
	}
	if blocks := x.isText(data); blocks != nil {
		x.messages(blocks)
		return nil
	}
	blocks, err := capture.Text(text, &x.dialect.Format)
	if err != nil && len(blocks) == 0 {
		return usage(err)
	}
	x.half = err
	if x.partlyText(data, blocks[0].Octets) {
		x.half = nil
		x.messages([]capture.Block{{Octets: bytes.TrimRight(data, "\r\n")}})
		return nil
	}
	if streams, are := capture.Unwrapped(blocks, x.port); are {
		x.streams(streams)
		return nil
	}
	x.messages(blocks)
	return nil
}

// messages explains the messages of blocks of octets.
func (x *explainer) messages(blocks []capture.Block) {
	var frames []capture.Frame
	other := map[int]bool{} // frames that went the other way
	for _, b := range blocks {
		for _, octets := range x.lines(b) {
			for _, fr := range capture.Read(&x.dialect.Format, octets) {
				other[len(frames)] = b.Other
				frames = append(frames, fr)
			}
		}
	}
	for i := range frames {
		x.between()
		if len(frames) > 1 {
			way := ""
			if other[i] {
				way = ", the other way"
			}
			fmt.Fprintf(x.out, "message %d, %d octets%s\n", i+1, len(frames[i].Octets), way)
		}
		x.frame(&frames[i])
	}
}

// lines are the messages that stand on lines of their own: those of the block, if
// each of its lines read alone begins with a message. Else all of it is one
// stretch of octets, broken into lines.
func (x *explainer) lines(b capture.Block) [][]byte {
	var lines [][]byte
	from := 0
	for _, to := range append(slices.Clone(b.Starts), len(b.Octets)) {
		frames := capture.Cut(&x.dialect.Format, b.Octets[from:to])
		if len(frames) == 0 || !frames[0].Likely() {
			return [][]byte{b.Octets}
		}
		lines, from = append(lines, b.Octets[from:to]), to
	}
	return lines
}

func (x *explainer) between() {
	if x.told > 0 {
		fmt.Fprintln(x.out)
	}
}

// frame explains one message.
func (x *explainer) frame(fr *capture.Frame) {
	x.told++
	x.last = fr
	if fr.Note != "" {
		fmt.Fprintf(x.out, "note: %s\n", fr.Note)
	}
	var looks string
	var fits []dialect.Fit
	if fr.Err != nil {
		looks = capture.Looks(whole(fr))
		if x.bad < mostFitted {
			fits = capture.Fits(&x.dialect.Format, whole(fr))
		}
	}
	shown := fr.Message
	if fr.Err != nil || !fr.Likely() {
		shown = x.careful(fr)
	} else if fr.Note != "" { // what stands around it may be of it
		c := *fr
		c.Message = fr.Message.Clone()
		x.outOfStep(&c)
		shown = c.Message
	}
	if fr.Err == nil || fr.Likely() || looks == "" && len(fits) == 0 && fr.Read > x.dialect.Header.Len() {
		x.dialect.Describe(x.out, shown)
	}
	if fr.Err == nil {
		if x.macs != nil {
			x.macs.tell(x.out, fr.Message)
		}
		return
	}
	fmt.Fprintf(x.out, "not read: %v\n", fr.Err)
	fit := x.fit(fr)
	if fit != nil && x.astray(fr, fit) != "" {
		fit = nil // it would show as something else what is hidden
	}
	switch {
	case fit != nil:
		x.left(fr, fit)
		x.goesOn(fr, fit)
	case len(fits) > 0:
		x.left(fr, &fits[0])
		fmt.Fprintf(x.out, "with %s it reads:\n", fits[0].Words)
		other := *fits[0].Dialect
		other.Secrets = x.dialect.Secrets
		other.Describe(x.out, fits[0].Message)
	default:
		x.left(fr, nil)
	}
	if x.bad++; x.first != nil {
		return
	}
	x.hint, x.first = x.why(fr, looks, fits)
	if fit != nil {
		x.hint = "it can be read if " + fit.Words + ": say so in a dialect of your own, docs/dialects.md"
	}
}

// why is a hint on a message that cannot be read, and the error of it.
func (x *explainer) why(fr *capture.Frame, looks string, fits []dialect.Fit) (hint string, err error) {
	d := x.dialect
	err = fmt.Errorf("not %s message: %w", withArticle(d.Name), fr.Err)
	likely := fr.Likely()
	var wrong *wire.FieldError
	announced, short := x.cutShort(fr)
	switch isField := errors.As(fr.Err, &wrong); {
	case short && fr.Typed():
		return fmt.Sprintf("the message is cut short: its length announces %d octets, of which %d are there", announced, len(fr.Octets)), err
	case len(fits) > 0:
		var words []string
		for _, fit := range fits {
			words = append(words, fit.Words)
		}
		return "it can be read with " + strings.Join(words, ", or with ") + " in a profile", err
	case looks == capture.LooksASCII && d.Name != inASCII && !fr.Typed():
		if other, ok := dialect.Named(inASCII); ok {
			as := capture.Cut(&other.Format, whole(fr))[0]
			return "--dialect " + inASCII + " shows it as far as it goes", fmt.Errorf("looks like %s, as dialect %s reads it, but for: %w", looks, inASCII, as.Err)
		}
		return x.another(), err
	case looks != "" && !likely && !(looks == capture.LooksASCII && fr.Typed()):
		return "--dialect and docs/dialects.md say what can be read", fmt.Errorf("looks like %s; not one of the dialects (%w)", looks, fr.Err)
	case isField && wrong.Field == -1 && likely:
		return "does the bitmap lack a field? " + x.another(), err
	case isField && wrong.Field > 1 && !d.HasField(wrong.Field):
		return fmt.Sprintf("the network has a field %d of its own? say so in a dialect of your own: docs/dialects.md", wrong.Field), err
	case isField && wrong.Field > 1 && strings.HasSuffix(wrong.Reason, "are left"):
		return "is the message cut short? " + x.another(), err
	case isField && wrong.Field > 1:
		return fmt.Sprintf("does the network send field %d in another form? a dialect of your own can say so: docs/dialects.md; %s", wrong.Field, x.another()), err
	}
	return x.another(), err
}

// inASCII is the dialect whose messages are text.
const inASCII = "iso87"

// another asks whether a message is of another dialect, and names one.
func (x *explainer) another() string {
	other := inASCII
	if x.dialect.Name == inASCII {
		other = "cup"
	}
	return "another dialect? try --dialect " + other + ", or --profile with its length, tpdu and header"
}

// cutShort reports whether the length before a message announces more than there is of it.
func (x *explainer) cutShort(fr *capture.Frame) (announced int, is bool) {
	announced = x.dialect.Says(fr.Prefix)
	return announced, len(fr.Prefix) > 0 && len(fr.Prefix) == x.dialect.Lead() && announced > len(fr.Octets)
}

// verdict is the end: exit 64 when a message could not be read.
func (x *explainer) verdict() error {
	switch {
	case x.half != nil:
		return usage(x.half)
	case x.first == nil && x.unread != nil:
		return usage(x.unread)
	case x.first != nil && x.unread != nil:
		return &exit{code: exitUsage, err: fmt.Errorf("%w; of %d messages %d could not be read; the first: %w", x.unread, x.told, x.bad, x.first)}
	case x.first == nil && x.told == 0:
		return usage(errors.New("there is no message in it"))
	case x.first == nil:
		return nil
	case x.told > 1:
		return &exit{code: exitUsage, err: fmt.Errorf("%d of %d messages could not be read; the first: %w", x.bad, x.told, x.first), hint: x.hint}
	}
	return &exit{code: exitUsage, err: x.first, hint: x.hint}
}

// inRows puts hexadecimal digits into rows of 32 octets, the first of which is
// number at of its message.
func inRows(digits string, at int) string {
	const row = 64
	if len(digits) <= row {
		return fmt.Sprintf("%d octets from %d on: %s", len(digits)/2, at, digits)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%d octets from %d on:", len(digits)/2, at)
	for ; len(digits) > 0; digits = digits[min(row, len(digits)):] {
		fmt.Fprintf(&s, "\n  %s", digits[:min(row, len(digits))])
	}
	return s.String()
}

// oneMessage reads hexadecimal digits that are one message.
func oneMessage(d *dialect.Dialect, text string) (*wire.Message, error) {
	blocks, err := capture.Text(text, &d.Format)
	if err != nil {
		return nil, err
	}
	var octets []byte
	for _, b := range blocks {
		octets = append(octets, b.Octets...)
	}
	frames := capture.Read(&d.Format, octets)
	if frames[0].Err != nil {
		return nil, fmt.Errorf("not %s message: %w", withArticle(d.Name), frames[0].Err)
	}
	if len(frames) > 1 {
		return nil, fmt.Errorf("there are %d messages, want one", len(frames))
	}
	return frames[0].Message, nil
}

// withArticle is a name with the article that it takes in English.
func withArticle(name string) string {
	if name != "" && strings.ContainsRune("aeioAEIO", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}
