import Testing

@Suite struct `convert_mnist_data` {
  @Test func `needs three operands`() throws {
    let run = try Run("images", "labels", as: "convert_mnist_data")
    #expect(run.status == 2)
    #expect(run.errors.contains("db_file"))
  }

  @Test func `refuses an unknown backend`() throws {
    let run = try Run("-backend", "sqlite", "images", "labels", "db", as: "convert_mnist_data")
    #expect(run.status == 2)
    #expect(run.errors.contains("Unknown database backend"))
  }
}
