// swift-tools-version: 6.2
import PackageDescription

// Our side of the comparisons. A package of its own, so that nobody who builds the library builds this.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "swift-caffe", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
  ],
  targets: [
    .executableTarget(
      name: "benchmark-worker",
      dependencies: [
        .product(name: "Caffe", package: "swift-caffe"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Sources/BenchmarkWorker",
      swiftSettings: [
        .treatAllWarnings(as: .error),
        // The multiply units are measured with the widest vectors that this processor has.
        .unsafeFlags(["-Xcc", "-march=native"]),
      ])
  ],
  swiftLanguageModes: [.v6]
)
