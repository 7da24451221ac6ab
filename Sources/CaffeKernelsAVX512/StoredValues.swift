internal import CInstructions

/// How activations, and the weights of panels, are stored: in *lanes* of 32 bits.
///
/// Sums are float32 always.
protocol StoredValues {
  /// The lanes of 16 channels.
  static var blockLanes: Int { get }
  /// Adds, for each lane, the product of what it holds.
  static func addProduct(to sums: inout Vector, _ source: Vector, _ weights: Vector)
  /// Reads 16 channels.
  static func load(_ address: UnsafePointer<Float>) -> Vector
  /// Writes 16 channels.
  static func store(_ vector: Vector, at address: UnsafeMutablePointer<Float>)
}

/// A channel in each lane.
enum FloatLanes: StoredValues {
  @inline(__always)
  static var blockLanes: Int { 16 }

  @inline(__always)
  static func addProduct(to sums: inout Vector, _ source: Vector, _ weights: Vector) {
    sums.addProduct(source, weights)
  }

  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Vector { address.load(0) }

  @inline(__always)
  static func store(_ vector: Vector, at address: UnsafeMutablePointer<Float>) { address.store(vector, 0) }
}

/// Two channels in bfloat16 in each lane. Only for processors with the part BF16 of AVX-512.
enum BFloat16Lanes: StoredValues {
  @inline(__always)
  static var blockLanes: Int { 8 }

  @inline(__always)
  static func addProduct(to sums: inout Vector, _ source: Vector, _ weights: Vector) {
    sums = caffe_add_products_of_pairs(sums, source, weights)
  }

  @inline(__always)
  static func load(_ address: UnsafePointer<Float>) -> Vector {
    caffe_widen_bfloat16(UnsafeRawPointer(address).loadUnaligned(as: SIMD4<Int64>.self))
  }

  @inline(__always)
  static func store(_ vector: Vector, at address: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(address).storeBytes(of: caffe_round_to_bfloat16(vector), as: SIMD4<Int64>.self)
  }
}
