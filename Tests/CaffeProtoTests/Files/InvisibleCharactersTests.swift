import CaffeProto
import Testing

@Suite struct `Invisible characters` {
  @Test func `are written out in messages`() {
    #expect("data\u{A0}".showingInvisibles == "data<U+00A0, no-break space>")
    #expect("a\u{200B}b".showingInvisibles == "a<U+200B, zero width space>b")
    #expect("\u{FEFF}#".showingInvisibles == "<U+FEFF, byte order mark>#")
    #expect("a\r".showingInvisibles == "a<U+000D, carriage return>")
  }

  @Test func `are no letters, signs, blanks or ends of lines`() {
    let text = "größe 图\n\t“x” é"
    #expect(text.showingInvisibles == text)
  }
}
