import Caffe
import Testing

@Suite struct `A buffer` {
  @Test func `starts at zero and knows it`() {
    let buffer = Buffer(count: 3)
    #expect(buffer.isZero)
    #expect(Array(buffer.values) == [0, 0, 0])
  }

  @Test(arguments: [1, 7, 1000]) func `is aligned to 64 bytes`(count: Int) throws {
    let address = try #require(Buffer(count: count).values.baseAddress)
    #expect(UInt(bitPattern: address) % 64 == 0)
  }

  @Test func `may be empty`() {
    let buffer = Buffer()
    #expect(buffer.values.isEmpty)
    #expect(buffer.mutableValues.isEmpty)
  }

  @Test func `forgets its values when set to zero`() {
    let buffer = buffer([1, 2, 3])
    #expect(!buffer.isZero)
    buffer.setZero()
    #expect(buffer.isZero)
    #expect(Array(buffer.values) == [0, 0, 0])
  }

  @Test func `is overwritten at once after being set to zero`() {
    let buffer = buffer([1, 2, 3])
    buffer.setZero()
    buffer.mutableValues[1] = 5
    #expect(!buffer.isZero)
    #expect(Array(buffer.values) == [0, 5, 0])
  }

  // MARK: Values to come

  @Test func `makes its values when somebody looks, and once`() {
    let buffer = buffer([7, 7, 7])
    var calls = 0
    buffer.setLater { values in
      calls += 1
      for i in values.indices { values[i] = Float(i) }
    }
    #expect(calls == 0)
    #expect(!buffer.isZero)
    #expect(Array(buffer.values) == [0, 1, 2])
    #expect(Array(buffer.mutableValues) == [0, 1, 2])
    #expect(calls == 1)
  }

  @Test func `makes its values before it shrinks, is copied or is swapped`() {
    func later(_ value: Float) -> Buffer {
      let buffer = Buffer(count: 2)
      buffer.setLater { $0.update(repeating: value) }
      return buffer
    }
    let shrunk = later(1)
    shrunk.resize(to: 1)
    #expect(Array(shrunk.values) == [1])
    let copy = Buffer(count: 2)
    copy.copy(from: later(2))
    #expect(Array(copy.values) == [2, 2])
    let swapped = Buffer(count: 2)
    swapped.takeValues(of: later(3))
    #expect(Array(swapped.values) == [3, 3])
  }

  @Test func `never makes values that are overwritten before anybody looks`() {
    let buffer = Buffer(count: 2)
    buffer.setLater { _ in Issue.record("nobody looked") }
    buffer.uninitializedValues.update(repeating: 4)
    #expect(Array(buffer.values) == [4, 4])
    buffer.setLater { _ in Issue.record("nobody looked") }
    buffer.setZero()
    #expect(Array(buffer.values) == [0, 0])
  }

  // MARK: Size

  @Test func `keeps its values in flat order when it shrinks and grows back`() {
    let buffer = buffer([1, 2, 3, 4])
    buffer.resize(to: 2)
    #expect(Array(buffer.values) == [1, 2])
    buffer.resize(to: 4)
    #expect(Array(buffer.values) == [1, 2, 3, 4])
  }

  @Test func `starts at zero again when it outgrows its memory`() {
    let buffer = buffer([1, 2])
    buffer.resize(to: 3)
    #expect(buffer.isZero)
    #expect(Array(buffer.values) == [0, 0, 0])
    #expect(buffer.capacity == 3)
  }

  @Test func `keeps its address as long as it does not outgrow its memory`() {
    let buffer = buffer([1, 2, 3])
    let address = buffer.values.baseAddress
    buffer.setZero()
    buffer.resize(to: 1)
    buffer.mutableValues[0] = 4
    buffer.resize(to: 3)
    #expect(buffer.values.baseAddress == address)
  }

  @Test func `set to zero stays so beyond a smaller size`() {
    let buffer = buffer([1, 2, 3])
    buffer.setZero()
    buffer.resize(to: 1)
    buffer.uninitializedValues[0] = 4
    buffer.resize(to: 3)
    #expect(Array(buffer.values) == [4, 0, 0])
  }

  // MARK: Two buffers

  @Test func `copies values, and zero without touching memory`() {
    let target = buffer([9, 9, 9])
    target.copy(from: buffer([1, 2, 3]))
    #expect(Array(target.values) == [1, 2, 3])
    target.copy(from: Buffer(count: 3))
    #expect(target.isZero)
    target.copy(from: target)
    #expect(Array(target.values) == [0, 0, 0])
  }

  @Test func `takes another's values by exchanging memory`() {
    let target = buffer([1, 2])
    let source = buffer([3, 4])
    let address = source.values.baseAddress
    target.takeValues(of: source)
    #expect(Array(target.values) == [3, 4])
    #expect(target.values.baseAddress == address)
    #expect(source.values.baseAddress != address)
  }

  @Test func `keeps its address while pinned, whatever it takes`() {
    let target = buffer([1, 2])
    target.pin()
    let address = target.values.baseAddress
    target.takeValues(of: buffer([3, 4]))
    #expect(Array(target.values) == [3, 4])
    #expect(target.values.baseAddress == address)
    target.unpin()
  }

  @Test func `keeps its address while pinned, whoever takes its values`() {
    let source = buffer([3, 4])
    source.pin()
    let address = source.values.baseAddress
    buffer([1, 2]).takeValues(of: source)
    #expect(source.values.baseAddress == address)
    source.unpin()
  }

  @Test func `tells from its values whether somebody has written through a view between two passes`() {
    let buffer = buffer([1, .nan, -0.0])
    buffer.pin()
    let view = buffer.lastingMemory.pointer
    buffer.acceptWritesThroughViews()
    buffer.updateViews()
    let version = buffer.version
    let form = form(of: buffer)
    buffer.markCurrent(form)
    for _ in 0..<2 {
      buffer.acceptWritesThroughViews()
      #expect(buffer.version == version && buffer.currentForm(of: ReversedForm.self) === form)
      buffer.updateViews()
    }
    for value: Float in [2, 1, 0] {
      view[2] = value
      let version = buffer.version
      buffer.acceptWritesThroughViews()
      #expect(buffer.version > version && buffer.currentForm(of: ReversedForm.self) == nil)
      buffer.updateViews()
    }
    buffer.unpin()
  }

  @Test func `shows what is written while pinned, and then takes writes through views from there`() {
    let buffer = buffer([1, 2])
    buffer.pin()
    let view = buffer.lastingMemory.pointer
    buffer.updateViews()
    let form = form(of: buffer)
    form.values = [4, 3]
    buffer.markNewest(form)
    buffer.updateViews()
    #expect([view[0], view[1]] == [3, 4])
    view[0] = 1
    buffer.acceptWritesThroughViews()
    #expect(Array(buffer.values) == [1, 4] && buffer.currentForm(of: ReversedForm.self) == nil)
    buffer.unpin()
  }

  @Test func `takes any view of many values for one that was written through`() {
    let buffer = Buffer(count: Buffer.mostToCompare + 1)
    buffer.pin()
    _ = buffer.lastingMemory
    buffer.updateViews()
    let version = buffer.version
    buffer.acceptWritesThroughViews()
    #expect(buffer.version > version)
    buffer.unpin()
  }

  // MARK: Forms of engines

  @Test func `makes a form once and finds it again`() {
    let buffer = Buffer(count: 3)
    let made = form(of: buffer)
    #expect(form(of: buffer) === made)
    #expect(buffer.currentForm(of: ReversedForm.self) == nil)
  }

  @Test func `converts from the newest form when the host form is asked for`() {
    let buffer = buffer([1, 2, 3])
    let form = form(of: buffer)
    form.values = [6, 5, 4]
    buffer.markNewest(form)
    #expect(!buffer.hostIsCurrent)
    #expect(Array(buffer.values) == [4, 5, 6])
    #expect(buffer.hostIsCurrent)
    #expect(buffer.currentForm(of: ReversedForm.self) === form)
    #expect(Array(buffer.values) == [4, 5, 6])
    #expect(form.conversions == 1)
  }

  @Test func `makes the host form the only current one when it is written`() {
    let buffer = Buffer(count: 3)
    let form = form(of: buffer)
    form.values = [3, 2, 1]
    buffer.markNewest(form)
    buffer.mutableValues[0] = 7
    #expect(Array(buffer.values) == [7, 2, 3])
    #expect(buffer.currentForm(of: ReversedForm.self) == nil)
  }

  @Test func `does not convert what is about to be overwritten`() {
    let buffer = Buffer(count: 2)
    let form = form(of: buffer)
    buffer.markNewest(form)
    _ = buffer.uninitializedValues.update(from: [1, 2])
    #expect(form.conversions == 0)
    #expect(Array(buffer.values) == [1, 2])
  }

  @Test func `keeps both forms current after a conversion to the engine's`() {
    let buffer = buffer([1, 2])
    let form = form(of: buffer)
    buffer.values.baseAddress.map(form.read(fromHost:))
    buffer.markCurrent(form)
    #expect(buffer.currentForm(of: ReversedForm.self)?.values == [2, 1])
    #expect(buffer.hostIsCurrent)
  }

  @Test func `leaves no form current when set to zero`() {
    let buffer = Buffer(count: 2)
    let form = form(of: buffer)
    form.values = [1, 1]
    buffer.markNewest(form)
    buffer.setZero()
    #expect(buffer.currentForm(of: ReversedForm.self) == nil)
    #expect(Array(buffer.values) == [0, 0])
  }

  @Test func `saves the newest values before a resize drops the forms`() {
    let buffer = Buffer(count: 3)
    let form = form(of: buffer)
    form.values = [3, 2, 1]
    buffer.markNewest(form)
    buffer.resize(to: 2)
    #expect(buffer.currentForm(of: ReversedForm.self) == nil)
    #expect(Array(buffer.values) == [1, 2])
  }

  @Test func `copies from a form of another buffer`() {
    let source = Buffer(count: 2)
    let form = form(of: source)
    form.values = [2, 1]
    source.markNewest(form)
    let target = Buffer(count: 2)
    target.copy(from: source)
    #expect(Array(target.values) == [1, 2])
  }

  private func buffer(_ values: [Float]) -> Buffer {
    let buffer = Buffer(count: values.count)
    _ = buffer.uninitializedValues.update(from: values)
    return buffer
  }

  private func form(of buffer: Buffer) -> ReversedForm {
    buffer.form(
      where: { (form: ReversedForm) in form.values.count == buffer.count },
      orMake: { ReversedForm(count: buffer.count) })
  }
}
