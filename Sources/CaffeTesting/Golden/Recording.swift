import CaffeCore
import CaffeHDF5

/// An array in a golden file.
public struct Recording: Sendable {
  /// The path below the group it was found in: `data`, or `conv1/0`.
  public var name: String
  public var shape: Shape
  public var values: [Float]
}

extension HDF5Group {
  /// Every dataset at any depth below a member; none if there is no such member.
  func recordings(in member: String) throws -> [Recording] {
    guard try contains(member) else { return [] }
    var found: [Recording] = []
    try group(member).gather(into: &found, prefix: "")
    return found
  }

  private func gather(into found: inout [Recording], prefix: String) throws {
    for name in try names() {
      switch try kind(of: name) {
      case .group: try group(name).gather(into: &found, prefix: "\(prefix)\(name)/")
      case .dataset:
        let dataset = try dataset(name)
        found.append(
          Recording(name: prefix + name, shape: try Shape(checking: dataset.shape), values: try dataset.floats()))
      case .other: continue
      }
    }
  }
}

extension HDF5Object {
  /// The single integer of an attribute.
  func integer(attribute name: String) throws -> Int { try integers(attribute: name).first ?? 0 }

  /// The single number of an attribute.
  func float(attribute name: String) throws -> Float { try floats(attribute: name).first ?? 0 }

  /// The lines of a text attribute.
  func lines(attribute name: String) throws -> [String] {
    try string(attribute: name).split(separator: "\n").map(String.init)
  }
}

extension Recording {
  /// The layer and the index that the name of a recorded parameter consists of.
  var parameter: (layer: String, index: Int)? {
    guard let slash = name.lastIndex(of: "/"), let index = Int(name[name.index(after: slash)...]) else { return nil }
    return (String(name[..<slash]), index)
  }
}

extension Net {
  /// Learned blob `index` of a layer; nil if there is none.
  func parameter(of layer: String, _ index: Int) -> Blob? {
    guard let parameters = self.layer(layer)?.layer.parameters, parameters.indices.contains(index) else { return nil }
    return parameters[index]
  }

  /// Puts recorded values into the parameters.
  func set(_ recordings: [Recording], in comparison: inout Comparison, at place: String) {
    for recording in recordings {
      guard let (layer, index) = recording.parameter, let blob = parameter(of: layer, index) else {
        comparison.note("\(place)/\(recording.name)", expected: "a parameter", actual: "none")
        continue
      }
      guard blob.shape == recording.shape else {
        comparison.compareExactly(blob.shape, recording.shape, at: "\(place)/\(recording.name) shape")
        continue
      }
      _ = blob.data.uninitializedValues.update(from: recording.values)
    }
  }

  /// Compares blobs with recordings, by name.
  func compare(
    _ recordings: [Recording], _ buffer: KeyPath<Blob, Buffer>, in comparison: inout Comparison, at place: String
  ) {
    for recording in recordings {
      let place = "\(place)/\(recording.name)"
      guard let blob = blob(recording.name) else {
        comparison.note(place, expected: "a blob", actual: "none")
        continue
      }
      comparison.compareExactly(blob.shape, recording.shape, at: "\(place) shape")
      comparison.compare(blob[keyPath: buffer].values, recording.values, at: place)
    }
  }

  /// Compares parameters with recordings, by layer and index.
  func compareParameters(
    _ recordings: [Recording], _ buffer: KeyPath<Blob, Buffer>, in comparison: inout Comparison, at place: String
  ) {
    for recording in recordings {
      let place = "\(place)/\(recording.name)"
      guard let (layer, index) = recording.parameter, let blob = parameter(of: layer, index) else {
        comparison.note(place, expected: "a parameter", actual: "none")
        continue
      }
      comparison.compareExactly(blob.shape, recording.shape, at: "\(place) shape")
      comparison.compare(blob[keyPath: buffer].values, recording.values, at: place)
    }
  }
}
