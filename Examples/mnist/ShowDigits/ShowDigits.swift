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
      fputs("usage: show-digits NET WEIGHTS MNIST_FOLDER\n", stderr)
      exit(2)
    }
    do { try show(net: arguments[1], weights: arguments[2], folder: arguments[3]) } catch {
      fputs("\(error)\n", stderr)
      exit(1)
    }
  }

  static func show(net path: String, weights: String, folder: String) throws {
    let images = try IDXFile(path: "\(folder)/t10k-images-idx3-ubyte.gz")
    let labels = try IDXFile(path: "\(folder)/t10k-labels-idx1-ubyte.gz")
    let size = 28 * 28

    // A net takes its weights by layer name, whatever else the file holds.
    var quiet = Logger(label: "show-digits")
    quiet.logLevel = .error
    let net = try Net(NetDefinition(contentsOf: path), phase: .test, in: .standard(logger: quiet))
    try net.copyWeights(fromFile: weights)

    // Pixels are scaled to 0 ..< 1, as in training.
    let input = net.blob("data")!
    let batch = input.shape[0]
    let pixels = input.data.mutableValues
    for i in 0..<batch * size { pixels[i] = Float(images.bytes[i]) / 256 }
    try net.forward()

    let probabilities = net.blob("prob")!.data.values
    for first in stride(from: 0, to: 20, by: 5) {
      let row = first..<first + 5
      for y in stride(from: 2, to: 26, by: 2) {
        print(row.map { image in (4..<24).map { character(images.bytes, image * size + y * 28 + $0) }.joined() }.joined(separator: "  "))
      }
      print(
        row.map { image in
          let scores = probabilities[image * 10..<image * 10 + 10]
          let best = scores.indices.max { scores[$0] < scores[$1] }!
          let verdict = best - image * 10 == Int(labels.bytes[image]) ? "" : " (is \(labels.bytes[image]))"
          let text = "  \(best - image * 10), \(Int(100 * scores[best] + 0.5)) % sure\(verdict)"
          return text + String(repeating: " ", count: max(0, 20 - text.count))
        }.joined(separator: "  ") + "\n")
    }
  }

  /// Two pixels, one above the other, as one character.
  static func character(_ bytes: [UInt8], _ upper: Int) -> String {
    switch (bytes[upper] > 96, bytes[upper + 28] > 96) {
    case (false, false): " "
    case (true, false): "▀"
    case (false, true): "▄"
    case (true, true): "█"
    }
  }
}
