import Caffe
import CaffeDrawing
import FoundationEssentials

/// The images that a classifying net was tested on, each with the right answer and the net's.
struct AnswerSheet {
  private struct Answer {
    let image: Bitmap
    let truth: Int
    let guess: Int
    /// The probability that the net gives to its guess.
    let confidence: Float
    var isRight: Bool { truth == guess }
  }

  private let images: Blob
  private let scores: Blob
  private let labels: Blob
  private let origin: TransformationParameter
  private let means: [Float]
  private let classNames: [String]
  /// Those that a sheet may show; all count.
  private var wrong: [Answer] = []
  private var right: [Answer] = []
  private var count = 0
  private var rightCount = 0

  /// How many images a sheet shows.
  private static let room = 240
  private static let cell = 96

  /// - Throws: `ToolError` for a net that does not classify images.
  init(of net: Net, classNames path: String?) throws {
    let judges = net.judges.map { net.layers[$0] }
    guard let judge = judges.first(where: { $0.type == "Accuracy" }) ?? judges.first
    else { throw ToolError("-sheet needs a net with an Accuracy or SoftmaxWithLoss layer, to know scores and labels") }
    guard
      let source = net.layers.first(where: { node in
        node.bottoms.isEmpty && node.tops.first.map { $0.shape.rank == 4 && [1, 3].contains($0.shape[1]) } == true
      })
    else { throw ToolError("-sheet needs a layer that puts out images of one or three channels") }
    (images, scores, labels) = (source.tops[0], judge.bottoms[0], judge.bottoms[1])
    guard labels.count == images.shape[0], scores.shape.rank >= 2, scores.shape.count(2...) == 1 else {
      throw ToolError("-sheet needs one label and one score for each class for each image")
    }
    origin = source.definition.transformParam
    means = try Self.means(of: origin, channels: images.shape[1])
    classNames =
      try path.map { path in
        let names: [String]
        do { names = try TextFile(path).lines.map(\.text) } catch {
          throw ToolError("\(path): the file with the names of the classes cannot be read: \(error)")
        }
        guard names.contains(where: { !$0.isEmpty }) else {
          throw ToolError("\(path): there are no names of classes in this file")
        }
        return names
      } ?? []
  }

  /// What was subtracted from each channel, by and large.
  private static func means(of origin: TransformationParameter, channels: Int) throws -> [Float] {
    if !origin.meanFile.isEmpty {
      let values = try readMean(origin.meanFile).values
      let size = values.count / max(channels, 1)
      return (0..<channels).map { channel in
        values[channel * size..<(channel + 1) * size].reduce(0, +) / Float(max(size, 1))
      }
    }
    return (0..<channels).map { origin.meanValue.isEmpty ? 0 : origin.meanValue[min($0, origin.meanValue.count - 1)] }
  }

  /// Takes the answers to the batch that the net has just computed.
  mutating func add() throws {
    let classes = scores.shape[1]
    let (scores, labels) = (scores.data.values, labels.data.values)
    for item in 0..<images.shape[0] {
      let own = probabilities(Array(scores[item * classes..<(item + 1) * classes]))
      guard let best = own.indices.max(by: { own[$0] < own[$1] }) else { continue }
      let truth = Int(exactly: labels[item].rounded()) ?? -1
      let answer = Answer(
        image: try thumbnail(of: image(item), size: Self.cell), truth: truth, guess: best, confidence: own[best])
      count += 1
      if answer.isRight {
        rightCount += 1
        right.append(answer)
      } else {
        wrong.append(answer)
      }
    }
    // A test of any length keeps no more pictures than it may show.
    if right.count + wrong.count > 8 * Self.room { keepWhatMatters() }
  }

  /// Wrong answers, the surest ahead, and right ones, the least sure ahead: as many of each as a sheet has room for.
  private mutating func keepWhatMatters() {
    wrong = Array(wrong.sorted { $0.confidence > $1.confidence }.prefix(Self.room))
    right = Array(right.sorted { $0.confidence < $1.confidence }.prefix(Self.room))
  }

  /// An image as it was before its mean was subtracted.
  private func image(_ item: Int) throws -> Image {
    let (channels, height, width) = (images.shape[1], images.shape[2], images.shape[3])
    let area = height * width
    let values = images.data.values
    let scale = origin.scale == 0 ? 1 : origin.scale
    let bytes = (0..<channels * area).map { index in
      let value = values[item * channels * area + index] / scale + means[index / area]
      return UInt8(clamping: Int(exactly: value.rounded()) ?? 0)
    }
    return try Image(ImageShape(channels, height, width), .bytes(Data(bytes)))
  }

  var verdict: String { "\(rightCount) of \(count) images are classified rightly" }

  /// Wrong answers first, the surest ahead; then right ones, the least sure ahead.
  mutating func picture() -> Bitmap {
    keepWhatMatters()
    // Both kinds are to be seen, whatever their numbers.
    let half = Self.room / 2
    let wrongRoom = min(wrong.count, max(half, Self.room - right.count))
    let shown = wrong.prefix(wrongRoom) + right.prefix(Self.room - min(wrong.count, wrongRoom))

    let (cell, frame, caption, gap) = (Self.cell, 3, 24, 6)
    let pitch = cell + 2 * frame + gap
    let columns = max(1, min(shown.count, 12))
    let rows = (shown.count + columns - 1) / columns
    let header = 20
    var sheet = Raster(width: columns * pitch + gap, height: header + rows * (pitch + caption) + gap)
    sheet.write(verdict, at: Drawing.Point(x: Double(gap), y: Double(header) / 2), scale: 1, .black)
    for (index, answer) in shown.enumerated() {
      let x = gap + index % columns * pitch
      let y = header + gap + index / columns * (pitch + caption)
      let color: Drawing.Color = answer.isRight ? .right : .wrong
      sheet.fill(x: x, y: y, width: cell + 2 * frame, height: cell + 2 * frame, color)
      sheet.fill(x: x + frame, y: y + frame, width: cell, height: cell, .white)
      let image = answer.image
      sheet.copy(image, x: x + frame + (cell - image.width) / 2, y: y + frame + (cell - image.height) / 2)
      let percent = Int((answer.confidence * 100).rounded())
      let lines = [
        "\(name(answer.guess)) \(percent)%", answer.isRight ? "" : "is \(name(answer.truth))",
      ]
      for (line, text) in lines.enumerated() {
        let point = Drawing.Point(x: Double(x), y: Double(y + cell + 2 * frame + 7 + 11 * line))
        sheet.write(String(text.prefix((cell + 2 * frame) / 6)), at: point, scale: 1, color)
      }
    }
    return sheet.bitmap
  }

  private func name(_ label: Int) -> String {
    classNames.indices.contains(label) && !classNames[label].isEmpty ? classNames[label] : "class \(label)"
  }
}

extension Drawing.Color {
  fileprivate static let right = Self(0x008028)
  fileprivate static let wrong = Self(0xC80000)
}
