internal import CaffeCore
internal import CaffeData
internal import CaffeHDF5
internal import CaffeLayers
internal import CaffeProto
internal import FoundationEssentials

/// Image files, archives of them, and the texts that list them.
extension FuzzTarget {
  static let images = [
    FuzzTarget("image", endings: [".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".pbm", ".pnm"]) { bytes, _ in
      for color in [ColorMode.asStored, .color, .gray] {
        let bitmap = try Bitmap(decoding: Data(bytes), DecodingOptions(color: color, obeysOrientation: true))
        guard bitmap.pixels.count < 1 << 16 else { continue }
        try require(Bitmap(decoding: bitmap.png()).pixels == bitmap.pixels, "written as PNG, the image is another one")
      }
    },

    FuzzTarget(
      "archive", endings: [".zip", ".tar", ".tar.gz"], made: { [tar, zip, packedTar] },
      read: { bytes, folder in
        let isTar = bytes.count >= 512 && bytes[257..<262].elementsEqual("ustar".utf8)
        let path = try folder.write(isTar ? withTrueSums(tar: bytes) : bytes, as: "made.archive")
        let list = try ImageList(path)
        // Members may lie over one another, so all of them may be much more than the file.
        for index in 0..<min(list.count, 100) {
          guard let file = try? list[index].read(), file.count < 1 << 20 else { continue }
          _ = try? Bitmap(decoding: file)
        }
      }),

    FuzzTarget(
      "image-list", endings: ["same.txt", "mixed.txt", "png.txt"],
      made: { [Array("a.png 1\nb.jpg 2\n".utf8), Array("a.png\r\nb.jpg 7".utf8)] },
      read: { bytes, folder in
        try writePictures(to: folder)
        let path = try folder.write(text: bytes, as: "list.txt")
        _ = try? ImageList(path, root: folder.path + "/", labelCount: 2)
        try run(
          """
          type: "ImageData" image_data_param { source: "\(path)" root_folder: "\(folder.path)/" batch_size: 2 }
          """)
      }),

    FuzzTarget(
      "hdf5-list", endings: ["hdf5_list.txt"], made: { [Array("$/a.h5\n$/b.h5\n".utf8)] },
      read: { bytes, folder in
        let file = try arrayFile.get()
        for name in ["a.h5", "b.h5"] { _ = try folder.write(file, as: name) }
        let path = try folder.write(text: bytes, as: "list.txt")
        try run(#"type: "HDF5Data" hdf5_data_param { source: "\#(path)" batch_size: 3 }"#)
      }),

    FuzzTarget(
      "windows", endings: ["win_warp.txt", "win_square_context.txt"],
      made: { [Array("# 0\na.png\n3 4 5\n2\n1 0.9 0 0 3 2\n2 0.2 1 1 4 3\n# 1\nb.jpg\n3 4 5\n0\n".utf8)] },
      read: { bytes, folder in
        try writePictures(to: folder)
        let path = try folder.write(bytes, as: "windows.txt")
        for mode in ["warp", "square"] {
          try run(
            """
            type: "WindowData"
            window_data_param {
              source: "\(path)" root_folder: "\(folder.path)/" batch_size: 4 context_pad: 1 crop_mode: "\(mode)"
            }
            transform_param { crop_size: 4 }
            """)
        }
      }),
  ]

  /// Builds a net of one data layer and runs it twice.
  private static func run(_ layer: String) throws {
    let text = #"layer { name: "data" top: "data" top: "label" \#(layer) }"#
    var environment = SmallTraining.environment
    environment.registry = LayerRegistry(DataLayerTypes.all)
    let net = try Net(
      NetDefinition(text: text, file: "net"), state: .with { $0.phase = .train }, in: environment)
    for _ in 0..<2 { try net.forward() }
  }

  private static func writePictures(to folder: FuzzFolder) throws {
    _ = try folder.write(pictures.png, as: "a.png")
    _ = try folder.write(pictures.jpeg, as: "b.jpg")
  }

  private static let pictures: (png: Data, jpeg: Data) = {
    let bitmap = Bitmap(height: 4, width: 5, channels: 3, pixels: (0..<60).map { UInt8($0 * 4) })
    return ((try? bitmap.png()) ?? Data(), (try? bitmap.jpeg()) ?? Data())
  }()

  /// An HDF5 file of data and labels.
  private static let arrayFile = Result {
    let folder = FuzzFolder()
    defer { folder.remove() }
    let file = try HDF5File(creating: folder.path + "/a.h5")
    try file.root.write((0..<12).map(Float.init), shape: [4, 3], to: "data")
    try file.root.write([0, 1, 2, 3] as [Float], shape: [4], to: "label")
    try file.flush()
    return try folder.bytes(of: "a.h5")
  }

  /// A tar file of two classes with a picture each.
  private static var tar: [UInt8] {
    let members = [("cats/a.png", pictures.png), ("dogs/b.jpg", pictures.jpeg)].map { name, content -> [UInt8] in
      var header = Array(name.utf8) + [UInt8](repeating: 0, count: 512 - name.utf8.count)
      let size = String(content.count, radix: 8)
      header.replaceSubrange(124..<135, with: (String(repeating: "0", count: 11 - size.count) + size).utf8)
      header[156] = UInt8(ascii: "0")
      header.replaceSubrange(257..<263, with: "ustar\0".utf8)
      return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
    return withTrueSums(tar: members.flatMap { $0 } + [UInt8](repeating: 0, count: 1024))
  }

  /// A zip file of two classes with a picture each, one deflated and one stored.
  private static let zip = [UInt8](
    Data(
      base64Encoded: """
        UEsDBBQAAAAIAAAAIQD8wRTGUQAAAFUAAAAHAAAAYS9iLnBuZ+sM8HPn5ZLiYmBg4PX0cAkC0sxAzMTBBCSFxD76AikZTxfHkIpbyQkXOFZEFDxq\
        bmFu7vD1Oj/NWsdKkcElgu2rd4G8MFAdg6ern8s6p4QmAFBLAwQUAAAAAAAAACEA/MEUxlUAAABVAAAABwAAAGMvZC5wbmeJUE5HDQoaCgAAAA1J\
        SERSAAAAAwAAAAIIAgAAABIW8U0AAAAcSURBVHjaY2DQCKhYcOKDhAODiE1Kz5Y7LDohAERYBvVLcB8TAAAAAElFTkSuQmCCUEsBAhQDFAAAAAgA\
        AAAhAPzBFMZRAAAAVQAAAAcAAAAAAAAAAAAAAIABAAAAAGEvYi5wbmdQSwECFAMUAAAAAAAAACEA/MEUxlUAAABVAAAABwAAAAAAAAAAAAAAgAF2\
        AAAAYy9kLnBuZ1BLBQYAAAAAAgACAGoAAADwAAAAAAA=
        """)!)

  /// A tar file in gzip with a long name in the form of pax.
  private static let packedTar = [UInt8](
    Data(
      base64Encoded: """
        H4sIAAAAAAAC/9PT19N3CEis8EhNTEktYqAJMIAAXLSBsYkhnA0WNzQwMjRmUKhgoAMoLS5JLAJazzAygZGRqUJBYkmGbQXNgP7hlQMD9Qry0rkY\
        RgE+QMNot4cBUKY2MzHBmf8NjUxR8z+wQDAH5n+D0fxPc9AZ4OfOyyUFyia8nh4uQUCaGYiZOJiApJDYR18gJePp4hhScSs54QLHioiCR80tzM0d\
        vl7np1nrWCkyuESwffUukBcGGebp6ueyzimhaTRbjYJRMApGwSgYBaNgFIyCUTAKRsEoGAWjYBSMglEwCkbBKBgFo2AUjIJRMApGwSgYBaNgFNAN\
        AACCOKLLACgAAA==
        """)!)
}
