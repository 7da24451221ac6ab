extension String {
  /// The text with spaces behind it, to a width.
  package func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
