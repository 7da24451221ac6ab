import Foundation

/// The path of a file among the fixtures of the data tests.
func dataFixture(_ name: String) -> String {
  RunningTool.packageFolder.appending(path: "Tests/Fixtures/data").path + "/" + name
}
