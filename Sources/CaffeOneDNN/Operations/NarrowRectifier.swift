internal import COneDNN
internal import CaffeCore

/// A rectifier on values in bfloat16, in the layout in which they lie.
final class NarrowRectifier {
  private let slope: Float
  private let runtime: Runtime
  private var primitives = PerLayout<Primitive>()

  init(slope: Float, on runtime: Runtime) {
    self.slope = slope
    self.runtime = runtime
  }

  func callAsFunction(_ source: Buffer, into destination: Buffer, in layout: Layout) {
    let primitive = primitives.entry(
      for: layout,
      orTry: {
        runtime.attempt { () throws(OneDNNError) in
          let descriptor = try PrimitiveDescriptor("a rectifier", on: runtime) {
            caffe_elementwise_forward(&$0, Device.processor.handle, dnnl_eltwise_relu, slope, layout.handle)
          }
          return try Primitive(descriptor, [.source, .destination], on: runtime)
        }
      })
    guard let primitive else { return }
    primitive.read(.source, from: source)
    primitive.write(.destination, to: destination)
    primitive.execute()
  }
}
