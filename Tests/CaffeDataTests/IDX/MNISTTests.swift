import CaffeData
import CaffeProto
import Testing

@Suite struct `Conversion of MNIST` {
  private let folder: TemporaryFolder
  private let images = fixture("tiny-images-idx3-ubyte.gz")
  private let labels = fixture("tiny-labels-idx1-ubyte")

  init() throws { folder = try TemporaryFolder() }

  @Test func `stores each digit with its label`() throws {
    var reported: [Int] = []
    try convertMNIST(images: images, labels: labels, database: folder.file("db")) { count, _ in reported.append(count) }
    #expect(reported == [5])
    let database = try openDatabase(folder.file("db"))
    let cursor = database.makeCursor()
    let file = try IDXFile(path: images, axes: 3)
    for (index, label) in [7, 2, 1, 0, 4].enumerated() {
      let record = try cursor.next()
      #expect(record.name == "0000000\(index)")
      let datum = try Datum(serializedBytes: record.value)
      #expect([datum.channels, datum.height, datum.width, datum.label] == [1, 3, 4, Int32(label)])
      #expect(try Array(datum.data) == file.next())
      #expect(!datum.encoded)
    }
  }

  @Test func `needs a label for each image`() throws {
    let other = try folder.write("labels", [0, 0, 8, 1, 0, 0, 0, 1, 3])
    let text = message { try convertMNIST(images: images, labels: other, database: folder.file("db")) }
    #expect(text.contains("there are 1 labels for 5 images"))
  }

  @Test func `says when images and labels are exchanged`() {
    #expect(message { try convertMNIST(images: labels, labels: images, database: "x") }.contains("images first"))
  }
}
