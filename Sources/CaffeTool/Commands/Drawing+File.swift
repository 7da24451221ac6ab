import Caffe
import CaffeDrawing

extension Drawing {
  /// Saves the picture in the format that the name's ending asks for.
  func write(to path: String) throws {
    guard let format = Format.allCases.first(where: { path.hasSuffix("." + $0.rawValue) }) else {
      throw ToolError("\(path): give a name that ends in .svg or .png")
    }
    try AtomicFile.write(encoded(as: format), to: path)
  }
}
