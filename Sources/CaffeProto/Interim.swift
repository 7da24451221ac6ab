public import SwiftProtobuf

/// A place in a text file.
public struct SourceLocation: Hashable, Sendable {
  public var file: String
  public var line: Int
  public var column: Int
  public var text: String
  public init(file: String, line: Int, column: Int, text: String) {
    self.file = file
    self.line = line
    self.column = column
    self.text = text
  }
}

public enum EditDistance {
  public static func nearest(to name: String, among names: [String]) -> String? { nil }
}

public enum Prototxt {
  public static func print(_ message: some Message) -> String { message.textFormatString() }
}

public struct NetDefinition: Sendable {
  public var parameter: NetParameter
  public var locations: [SourceLocation?] = []
  public var file: String?
  public init(_ parameter: NetParameter) { self.parameter = parameter }
}
