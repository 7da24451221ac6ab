// swift-tools-version: 6.2
import PackageDescription

// Every target is held to the Swift 6 language mode, and a warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let numerics: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")

/// Kernels in vector instructions that not every processor of a kind has; who calls them asks the processor first. Such a
/// target must not define what the linker may prefer over the same definition elsewhere: `Scripts/check-kernels` looks.
#if arch(x86_64) && os(Linux)
  let vectorKernels: [Target] = [
    .target(
      name: "CaffeKernelsAVX512", dependencies: ["CaffeKernels", "CInstructions"],
      swiftSettings: strict + [
        .unsafeFlags([
          "-Ounchecked", "-Xcc", "-march=skylake-avx512", "-Xcc", "-mavx512bf16", "-Xcc", "-mprefer-vector-width=512",
        ])
      ])
  ]
#else
  let vectorKernels: [Target] = []
#endif

/// The program of Scripts/fuzz. It needs libFuzzer, with which only that script builds.
let fuzzer: [Target] =
  Context.environment["CAFFE_FUZZER"] == nil
  ? []
  : [
    .systemLibrary(name: "CFuzzer", path: "Sources/CFuzzer"),
    .executableTarget(
      name: "CaffeFuzzer", dependencies: ["CFuzzer", "CaffeCore", "CaffeFuzzing"], swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
  ]

/// The whole library. `import Caffe` brings all of it, but a build must know each module, or it would not notice changes in one.
let library: [Target.Dependency] = [
  "Caffe", "CaffeProto", "CaffeCore", "CaffeLayers", "CaffeHDF5", "CaffeSolvers", "CaffeData", "CaffeOneDNN",
]

let package = Package(
  name: "swift-caffe",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Caffe", targets: ["Caffe"]),
    .library(name: "CaffeTesting", targets: ["CaffeTesting"]),
    .library(name: "CaffePython", type: .dynamic, targets: ["CaffePython"]),
    .executable(name: "caffe", targets: ["CaffeTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
    // Without its traits, swift-protobuf does without Foundation, whose tables of all languages are 40 MB.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    // C libraries: a module map and a shim header each.
    .systemLibrary(
      name: "COneDNN", path: "Sources/COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
    .systemLibrary(name: "CLMDB", path: "Sources/CLMDB", providers: [.apt(["liblmdb-dev"]), .brew(["lmdb"])]),
    .systemLibrary(
      name: "CLevelDB", path: "Sources/CLevelDB", providers: [.apt(["libleveldb-dev"]), .brew(["leveldb"])]),
    .systemLibrary(
      name: "CHDF5", path: "Sources/CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CTurboJPEG", path: "Sources/CTurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),

    // No library, but instructions that Swift has no names for.
    .systemLibrary(name: "CInstructions", path: "Sources/CInstructions"),

    // The library, from the bottom up.
    .target(
      name: "CaffeProto", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["caffe.proto"], swiftSettings: strict),
    .target(name: "CaffeCore", dependencies: ["CaffeProto", logging, numerics], swiftSettings: strict),
    .target(name: "CaffeLayers", dependencies: ["CaffeProto", "CaffeCore", numerics], swiftSettings: strict),
    .target(name: "CaffeHDF5", dependencies: ["CaffeProto", "CaffeCore", "CHDF5"], swiftSettings: strict),
    .target(
      name: "CaffeSolvers", dependencies: ["CaffeProto", "CaffeCore", "CaffeHDF5", logging, numerics],
      swiftSettings: strict),
    .target(
      name: "CaffeData",
      dependencies: [
        "CaffeProto", "CaffeCore", "CaffeHDF5", "CLMDB", "CLevelDB", "CTurboJPEG", "CPNG", "CZlib", logging,
      ],
      swiftSettings: strict),
    .target(name: "CaffeKernels", swiftSettings: strict),
    .target(
      name: "CaffeOneDNN",
      dependencies: ["CaffeCore", "CaffeKernels", "COneDNN"] + vectorKernels.map { .target(name: $0.name) },
      swiftSettings: strict),
    .target(name: "Caffe", dependencies: Array(library.dropFirst()) + [logging], swiftSettings: strict),
    // What the command line and Python share: log lines and pictures.
    .target(name: "CaffeLog", dependencies: ["CaffeProto", logging], swiftSettings: strict),
    .target(name: "CaffeDrawing", dependencies: library + [logging], swiftSettings: strict),
    // The C interface under `import caffe`.
    .target(
      name: "CaffePython", dependencies: library + ["CaffeLog", "CaffeDrawing", logging], swiftSettings: strict),
    .target(name: "CaffeTesting", dependencies: library + [logging], swiftSettings: strict),
    // Readers under attack: for the tests and for libFuzzer.
    .target(
      name: "CaffeFuzzing",
      dependencies: [
        "CaffeProto", "CaffeCore", "CaffeLayers", "CaffeHDF5", "CaffeSolvers", "CaffeData", "CaffeLog", logging,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "CaffeTool",
      dependencies: library + [
        "CaffeLog", "CaffeDrawing", .product(name: "ArgumentParser", package: "swift-argument-parser"), logging,
      ],
      swiftSettings: strict),

    // Searching tests that run for longer than the test command may: Scripts/random-nets.
    .executableTarget(
      name: "random-nets", dependencies: library + ["CaffeTesting", logging], path: "Sources/RandomNets",
      swiftSettings: strict),

    // Examples: what a user's own program may look like.
    .executableTarget(
      name: "show-digits", dependencies: library + [logging], path: "Examples/mnist/ShowDigits", swiftSettings: strict),
  ]
    + vectorKernels
    + fuzzer
    // Tests mirror the sources, file by file.
    + ["Proto", "Core", "Layers", "HDF5", "Solvers", "Data", "OneDNN", "Tool", "Fuzzing"].map { name in
      .testTarget(
        name: "Caffe\(name)Tests",
        dependencies: library + ["CaffeKernels", "CaffeTesting", "CaffeTool", "CaffeLog", "CaffeDrawing", logging]
          + (name == "Fuzzing" ? ["CaffeFuzzing"] : []),
        swiftSettings: strict
      )
    },
  swiftLanguageModes: [.v6]
)
