/// What went wrong, in a sentence for the user: the program prints it and exits with status 1.
package struct ToolError: Error, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
