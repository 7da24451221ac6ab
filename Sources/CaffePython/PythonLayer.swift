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
final class PythonLayer: Layer, Handled {
  static let noun = "layer written in Python"
  static let type = "Python"
  static let runsCodeOfNet = true
  static var bottomCount: BlobCount { .atLeast(0) }
  static var topCount: BlobCount { .atLeast(0) }
  static var reshapesEveryPass: Bool { true }
  var isRepeatable: Bool { false }
  static var worksInPlace: Bool { true }

  /// What a call asks of the Python object; `_caffe.py` knows these numbers.
  private enum Method: CInt { case setup, reshape, forward, backward }

  /// Under which Python knows the object.
  private(set) var number = -1
  private(set) var parameters: [Blob] = []
  /// The bottoms and tops that Python has handles of.
  private var blobs: [Blob] = []
  /// What Python has of the learned blobs while it sets the layer up, and may change their shapes.
  private var handles: [BlobHandle] = []
  private var isSetUp = false
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
    blobs = bottom + top
    let handles = blobs.map { handle(BlobHandle($0, lock: nil)) }
    try call(.setup, bottom, top, handles: handles)
    isSetUp = true
    for handle in self.handles { handle.hasFixedSize = true }
    self.handles = []
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) throws { try call(.reshape, bottom, top) }
  func forward(_ bottom: [Blob], _ top: [Blob]) throws { try call(.forward, bottom, top) }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    // Python knows the blobs of set-up. Values that were overwritten since come back for the time of the call.
    let replaced = zip(bottom + top, blobs).filter { $0 !== $1 }.map { given, own in (given, own, copy: Buffer()) }
    for (given, own, copy) in replaced {
      copy.resize(to: own.count)
      copy.copy(from: own.data)
      own.data.copy(from: given.data)
    }
    defer { for (_, own, copy) in replaced { own.data.copy(from: copy) } }
    try call(.backward, bottom, top, propagate: propagate.bottoms)
  }

  /// Adds a learned blob.
  func addParameter(_ shape: Shape) throws(NetError) -> BlobHandle {
    guard !isSetUp else { throw NetError("a layer can add blobs in its method setup only") }
    let handle = BlobHandle(Blob(shape), lock: nil)
    parameters.append(handle.blob)
    handles.append(handle)
    return handle
  }

  /// Calls the method; handles, if given, are Python's from then on.
  private func call(
    _ method: Method, _ bottom: [Blob], _ top: [Blob], handles: [Handle]? = nil, propagate: [Bool]? = nil
  ) throws {
    let viewed = blobs + parameters
    for blob in viewed { blob.updateViews() }
    // Other layers count on these shapes.
    let (bottoms, tops) = (blobs.prefix(bottom.count), blobs.dropFirst(bottom.count))
    let settled = method == .backward ? blobs : bottoms.filter { blob in !tops.contains { $0 === blob } }
    let shapes = settled.map(\.shape)
    let status = callbacks.call(number, method.rawValue, handles, bottom.count, top.count, propagate)
    for blob in viewed { blob.acceptWritesThroughViews() }
    for (blob, shape) in zip(settled, shapes) where blob.shape != shape {
      let changed = blob.shape
      blob.reshape(to: shape)
      guard status == 0 else { break }
      throw NetError(
        "its method \(method) has changed the shape of a \(method == .backward ? "blob" : "bottom") from \(shape) to \(changed)",
        remedy: "A layer gives shapes to its tops, in the method reshape.")
    }
    guard status == 0 else { throw RaisedInPython() }
  }
}

@_cdecl("caffe_set_python_layers")
public func setPythonLayers(_ make: PythonLayerMake?, _ call: PythonLayerCall?, _ forget: PythonLayerForget?) {
  guard let make, let call, let forget else { return }
  Session.pythonLayers = PythonLayerCallbacks(make: make, call: call, forget: forget)
}

/// Adds a learned blob to a layer that is being set up.
@_cdecl("caffe_python_layer_add_blob")
public func pythonLayerAddBlob(
  _ layer: Handle?, _ extents: UnsafePointer<Int>?, _ rank: Int, _ result: Place?
) -> CText? {
  attempt {
    let shape = try Shape(checking: values(extents, rank, "extents"))
    let result = try required(result, "the blob")
    result.pointee = handle(try object(layer, PythonLayer.self).addParameter(shape))
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
