import CaffeData
import Foundation
import Testing

@Suite struct `IDX file` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func items(_ path: String, axes: Int) throws -> [[UInt8]] {
    let file = try IDXFile(path: path, axes: axes)
    var items: [[UInt8]] = []
    while let item = try file.next() { items.append(item) }
    return items
  }

  @Test func `reads plain labels and packed images`() throws {
    #expect(try items(fixture("tiny-labels-idx1-ubyte"), axes: 1) == [[7], [2], [1], [0], [4]])
    let images = try items(fixture("tiny-images-idx3-ubyte.gz"), axes: 3)
    #expect(images.map(\.count) == [12, 12, 12, 12, 12])
    #expect(try IDXFile(path: fixture("tiny-images-idx3-ubyte.gz"), axes: 3).shape == [5, 3, 4])
  }

  @Test func `says that the file is missing`() {
    #expect(message { _ = try items("/absent/images", axes: 3) }.contains("No such file or directory"))
  }

  @Test func `says that the magic number is wrong`() {
    let text = message { _ = try items(fixture("tiny-labels-idx1-ubyte"), axes: 3) }
    #expect(
      text.contains("Incorrect file magic: it starts with 0x00000801, but an IDX file of 3 axes starts with 0x00000803")
    )
  }

  @Test func `says that a plain file was cut short`() throws {
    let path = try folder.write("x", [0, 0, 8, 1, 0, 0, 0, 5, 1, 2])
    #expect(message { _ = try items(path, axes: 1) }.contains("ends 1 bytes too early"))
  }

  @Test func `says that a packed file was cut short or damaged`() throws {
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: fixture("tiny-images-idx3-ubyte.gz"))))
    let cut = try folder.write("cut", bytes.prefix(60))
    #expect(message { _ = try items(cut, axes: 3) }.contains("damaged or cut short"))
    var damaged = bytes
    damaged[bytes.count - 6] ^= 0xFF
    let path = try folder.write("damaged", damaged)
    #expect(message { _ = try items(path, axes: 3) }.contains("cannot unpack"))
  }

  @Test func `says that there is more than the head says`() throws {
    let path = try folder.write("x", [0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3])
    #expect(message { _ = try items(path, axes: 1) }.contains("more bytes than 2 items take"))
  }

  @Test func `does not believe a size that cannot be`() throws {
    let huge = try folder.write("x", [0, 0, 8, 3, 0, 0, 0, 1] + Array(repeating: 0xFF, count: 8))
    #expect(message { _ = try items(huge, axes: 3) }.contains("the file is damaged"))
    let many = try folder.write("y", [0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF, 1])
    #expect(message { _ = try items(many, axes: 1) }.contains("too early"))
  }
}
