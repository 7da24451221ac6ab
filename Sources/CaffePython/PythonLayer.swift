import Caffe

/// A layer written in Python: a class with the methods `setup`, `reshape`, `forward` and `backward`.
///
/// | parameter   | meaning                                                    |
/// |-------------|------------------------------------------------------------|
/// | `module`    | the module, found as `import` finds it                     |
/// | `layer`     | the class, derived from `caffe.Layer`                      |
/// | `param_str` | a text for the class, which reads it as `self.param_str`   |
///
/// `reshape` runs before every forward pass. Blobs that `setup` adds to `self.blobs` are learned.
final class PythonLayer: Layer {
  static let type = "Python"
  static let runsCodeOfNet = true
  static var bottomCount: BlobCount { .atLeast(0) }
  static var topCount: BlobCount { .atLeast(0) }
  static var reshapesEveryPass: Bool { true }
  static var isRepeatable: Bool { false }
  static var worksInPlace: Bool { true }

  /// What a call asks of the Python object; `_caffe.py` knows these numbers.
  private enum Method: CInt { case setup, reshape, forward, backward }

  /// Under which Python knows the object.
  private(set) var number = -1
  private(set) var parameters: [Blob] = []
  private let callbacks: PythonLayerCallbacks

  init(_ definition: LayerDefinition, in context: LayerContext) throws {
    guard let callbacks = Session.pythonLayers else {
      throw NetError("layers written in Python run only in Python", remedy: "run the net through `import caffe`")
    }
    self.callbacks = callbacks
    let parameter = definition.pythonParam
    // Python holds no reference to the layer, which owns the Python object: the handle is a loan.
    number = callbacks.make(
      Unmanaged.passUnretained(self).toOpaque(), parameter.module, parameter.layer, parameter.paramStr,
      CInt(context.phase.rawValue))
    guard number >= 0 else { throw RaisedInPython() }
  }

  deinit { if number >= 0 { callbacks.forget(number) } }

  func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let handles = (bottom + top).map { handle(BlobHandle($0, lock: nil)) }
    try call(.setup, bottom, top, handles: handles)
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) throws { try call(.reshape, bottom, top) }
  func forward(_ bottom: [Blob], _ top: [Blob]) throws { try call(.forward, bottom, top) }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    try call(.backward, bottom, top, propagate: propagate.bottoms)
  }

  /// Adds a learned blob.
  func addParameter(_ shape: Shape) -> Blob {
    let blob = Blob(shape)
    parameters.append(blob)
    return blob
  }

  /// Calls the method; handles, if given, are Python's from then on.
  private func call(
    _ method: Method, _ bottom: [Blob], _ top: [Blob], handles: [Handle]? = nil, propagate: [Bool]? = nil
  ) throws {
    let blobs = bottom + top + parameters
    for blob in blobs { blob.updateViews() }
    let status = callbacks.call(number, method.rawValue, handles, bottom.count, top.count, propagate)
    for blob in blobs { blob.acceptWritesThroughViews() }
    guard status == 0 else { throw RaisedInPython() }
  }
}

@_cdecl("caffe_set_python_layers")
public func setPythonLayers(
  _ make: @escaping PythonLayerMake, _ call: @escaping PythonLayerCall,
  _ forget: @escaping PythonLayerForget
) { Session.pythonLayers = PythonLayerCallbacks(make: make, call: call, forget: forget) }

/// Adds a learned blob to a layer that is being set up.
@_cdecl("caffe_python_layer_add_blob")
public func pythonLayerAddBlob(
  _ layer: Handle, _ extents: UnsafePointer<Int>, _ rank: Int, _ result: UnsafeMutablePointer<Handle?>
) -> CText? {
  attempt {
    let shape = try Shape(checking: UnsafeBufferPointer(start: extents, count: rank))
    result.pointee = handle(BlobHandle(object(layer, PythonLayer.self).addParameter(shape), lock: nil))
  }
}

/// The functions of Python's that make a layer, call it and forget it.
struct PythonLayerCallbacks {
  var make: PythonLayerMake
  var call: PythonLayerCall
  var forget: PythonLayerForget
}

/// Makes the object of a module's class for a layer, with its `param_str` and phase; the answer is its number, or -1.
public typealias PythonLayerMake = @convention(c) (Handle, CString, CString, CString, CInt) -> Int
/// Calls a method of the object; at set-up with handles of the bottoms and tops, whose numbers follow.
public typealias PythonLayerCall =
  @convention(c) (Int, CInt, UnsafePointer<Handle>?, Int, Int, UnsafePointer<Bool>?) -> CInt
public typealias PythonLayerForget = @convention(c) (Int) -> Void
