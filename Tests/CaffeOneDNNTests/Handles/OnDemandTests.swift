import CaffeOneDNN
import Testing

@Suite struct `A value that is made on demand` {
  @Test func `is made once`() {
    var made = 0
    let value = OnDemand<Int> {
      made += 1
      return made
    }
    #expect(made == 0)
    #expect(value() == 1)
    #expect(value() == 1)
    #expect(made == 1)
  }

  @Test func `is tried again after it could not be made`() {
    var trials = 0
    let value = OnDemand<Int> {
      trials += 1
      return trials < 3 ? nil : trials
    }
    #expect(value() == nil)
    #expect(value() == nil)
    #expect(value() == 3)
    #expect(value() == 3)
  }
}
