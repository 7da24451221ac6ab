import CaffeProto
import Testing

@Suite struct `Invisible characters` {
  @Test func `are written out in messages`() {
    #expect("data\u{A0}".showingInvisibles == "data<U+00A0, no-break space>")
    #expect("a\u{200B}b".showingInvisibles == "a<U+200B, zero width space>b")
    #expect("\u{FEFF}#".showingInvisibles == "<U+FEFF, byte order mark>#")
    #expect("a\r".showingInvisibles == "a<U+000D, carriage return>")
  }

  @Test func `and the middle of endless lines are not shown in messages`() {
    #expect("short\u{A0}".readable == "short<U+00A0, no-break space>")
    let long = String(repeating: "a", count: 5_000_000) + "z"
    let shown = "line 1\n\(long)\nline 3".readable
    #expect(shown.hasPrefix("line 1\naaa") && shown.hasSuffix("aaz\nline 3"))
    #expect(shown.contains("… (4999601 characters) …") && shown.utf8.count < 500)
  }

  @Test func `are no letters, signs, blanks or ends of lines`() {
    let text = "größe 图\n\t“x” é"
    #expect(text.showingInvisibles == text)
  }
}
