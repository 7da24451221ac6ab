final class ReferenceConvolution: ConvolutionOperation {
  let description: ConvolutionDescription
  init(_ d: ConvolutionDescription) { description = d }
  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {}
  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {}
  func backwardParameters(_ s: Buffer, _ d: Buffer, weights: Buffer, bias: Buffer?) {}
}
final class ReferenceInnerProduct: InnerProductOperation {
  let description: InnerProductDescription
  init(_ d: InnerProductDescription) { description = d }
  func forward(_ source: Buffer, weights: Buffer, bias: Buffer?, into destination: Buffer) {}
  func backwardData(_ destinationDiff: Buffer, weights: Buffer, into sourceDiff: Buffer) {}
  func backwardParameters(_ s: Buffer, _ d: Buffer, weights: Buffer, bias: Buffer?) {}
}
final class ReferencePooling: PoolingOperation {
  let description: PoolingDescription
  init(_ d: PoolingDescription) { description = d }
  func forward(_ source: Buffer, into destination: Buffer, mask: Buffer?) {}
  func backward(_ destinationDiff: Buffer, into sourceDiff: Buffer) {}
}
final class ReferenceSoftmax: SoftmaxOperation {
  let description: SoftmaxDescription
  init(_ d: SoftmaxDescription) { description = d }
  func forward(_ source: Buffer, into destination: Buffer) {}
  func backward(_ destinationDiff: Buffer, at destination: Buffer, into sourceDiff: Buffer) {}
}
final class ReferenceSum: SumOperation {
  let description: SumDescription
  init(_ d: SumDescription) { description = d }
  func forward(_ sources: [Buffer], into destination: Buffer) {}
}
