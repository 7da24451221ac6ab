import Caffe
import Logging

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Draws some test digits in the terminal, with what LeNet takes them for.
///
///     show-digits lenet.prototxt lenet_iter_10000.caffemodel folder-of-the-mnist-files
@main
enum ShowDigits {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 4 else {
      complain("usage: show-digits NET WEIGHTS MNIST_FOLDER")
      exit(2)
    }
    do { try show(net: arguments[1], weights: arguments[2], folder: arguments[3]) } catch {
      complain("\(error)")
      exit(1)
    }
  }

  static func complain(_ message: String) {
    let line = Array((message + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }

  static func show(net path: String, weights: String, folder: String) throws {
    // A net takes its weights by layer name, whatever else the file holds.
    var quiet = Logger(label: "show-digits")
    quiet.logLevel = .error
    let net = try Net(NetDefinition(contentsOf: path), phase: .test, in: .standard(logger: quiet))
    try net.copyWeights(fromFile: weights)

    // Pixels are scaled to 0 ..< 1, as in training.
    let imageFile = try IDXFile(path: "\(folder)/t10k-images-idx3-ubyte.gz", axes: 3)
    let labelFile = try IDXFile(path: "\(folder)/t10k-labels-idx1-ubyte.gz", axes: 1)
    let input = net.blob("data")!
    let size = input.shape.count(1...)
    let pixels = input.data.mutableValues
    var images: [[UInt8]] = []
    var labels: [UInt8] = []
    while images.count < input.shape[0], let image = try imageFile.next(), let label = try labelFile.next() {
      for (i, pixel) in image.enumerated() { pixels[images.count * size + i] = Float(pixel) / 256 }
      images.append(image)
      labels += label
    }
    try net.forward()

    let probabilities = net.blob("prob")!.data.values
    for first in stride(from: 0, to: 20, by: 5) {
      let row = first..<first + 5
      for y in stride(from: 2, to: 26, by: 2) {
        print(
          row.map { image in (4..<24).map { character(images[image], y * 28 + $0) }.joined() }.joined(separator: "  "))
      }
      let verdicts = row.map { image in
        let scores = probabilities[image * 10..<image * 10 + 10]
        let best = scores.indices.max { scores[$0] < scores[$1] }!
        let digit = best - image * 10
        let truth = digit == Int(labels[image]) ? "" : ", is \(labels[image])"
        return "  \(digit): \(Int(100 * scores[best] + 0.5)) %\(truth)"
      }
      print(verdicts.map { $0 + String(repeating: " ", count: max(0, 20 - $0.count)) }.joined(separator: "  ") + "\n")
    }
  }

  /// Two pixels, one above the other, as one character.
  static func character(_ image: [UInt8], _ upper: Int) -> String {
    switch (image[upper] > 96, image[upper + 28] > 96) {
    case (false, false): " "
    case (true, false): "▀"
    case (false, true): "▄"
    case (true, true): "█"
    }
  }
}
