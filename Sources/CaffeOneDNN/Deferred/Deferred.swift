/// Values that are known by a formula, and computed when somebody asks for them.
///
///     y = Σ scaleᵢ · gateᵢ(xᵢ) + offset,   or the rectifier of that
///
/// scale and offset are numbers for each channel; a gate lets those values through where others are positive. So layers that
/// do little at each value (normalisation, scale, rectifier, sum) hand formulas on instead of going over memory, and whoever
/// needs the values goes over it once, whatever the order of the layers was.
final class Deferred {
  struct Term {
    var source: Memory
    /// nil stands for 1.
    var scale: ChannelValues?
    /// Where these are not positive, the term is 0: the gradient of a rectifier.
    var gate: Deferred?
  }

  struct Formula {
    var terms: [Term]
    var offset: ChannelValues?
    var isRectified = false

    var isSourceItself: Bool {
      terms.count == 1 && terms[0].scale == nil && terms[0].gate == nil && offset == nil && !isRectified
    }
  }

  let layout: Layout
  let blocks: Blocks
  /// nil when there are only values, because what they were made of has been given up.
  private(set) var formula: Formula?
  private var computed: Memory?
  /// For a gradient, what is known of its sums over the places.
  var sums: GradientSums?

  init(_ formula: Formula, _ layout: Layout, _ blocks: Blocks) {
    self.layout = layout
    self.blocks = blocks
    if formula.isSourceItself { computed = formula.terms[0].source } else { self.formula = formula }
  }

  /// Values that are there.
  init(_ values: Memory, _ blocks: Blocks) {
    layout = values.layout
    self.blocks = blocks
    computed = values
  }

  var isComputed: Bool { computed != nil }

  /// The formula, or the values as one.
  var formulaOrValues: Formula {
    if let formula { return formula }
    guard let computed else { preconditionFailure("neither values nor a formula") }
    return Formula(terms: [Term(source: computed)])
  }

  /// x, a and b, if the values, or what the rectifier is applied to, are a · x + b.
  var affine: (x: Memory, a: ChannelValues?, b: ChannelValues)? {
    guard let formula, formula.terms.count == 1, formula.terms[0].gate == nil, let offset = formula.offset else {
      return nil
    }
    return (formula.terms[0].source, formula.terms[0].scale, offset)
  }

  /// The values as a · x + b, with the x that they were made of if that is known.
  func affineOrValues(on runtime: Runtime) -> (x: Memory, a: ChannelValues?, b: ChannelValues?) {
    if let affine, formula?.isRectified == false { return affine }
    return (memory(on: runtime), nil, nil)
  }

  /// The values.
  func memory(on runtime: Runtime) -> Memory {
    if let computed { return computed }
    let target = target(on: runtime)
    let evaluation = Evaluation(formulaOrValues, blocks)
    let y = target.values
    blocks.forEachChunk(on: runtime) { evaluation.run($0, into: y + $0.start) }
    finish(target)
    return target
  }

  /// Memory for the values: that of the first source if nobody else refers to it.
  func target(on runtime: Runtime) -> Memory {
    if formula != nil, isKnownUniquelyReferenced(&formula!.terms[0].source) { return formula!.terms[0].source }
    return Memory(layout, from: runtime.pool)
  }

  /// Takes the values that were computed.
  ///
  /// The formula is kept only where gradients need it, and else given up with the memory that it refers to.
  func finish(_ values: Memory) {
    computed = values
    if affine == nil || affine?.x === values { formula = nil }
  }
}

extension Deferred.Formula {
  /// The same values times a number for each channel, and plus another one.
  func scaled(by factor: ChannelValues, plus addend: ChannelValues? = nil) -> Self {
    precondition(!isRectified, "a rectified sum cannot be scaled term by term")
    var formula = self
    for index in terms.indices { formula.terms[index].scale = terms[index].scale.map { $0 * factor } ?? factor }
    let offset = offset.map { $0 * factor }
    formula.offset = if let offset, let addend { offset + addend } else { offset ?? addend }
    return formula
  }

  /// These values where the others are positive, and else 0; nil if there is no such formula.
  func gated(by gate: Deferred) -> Self? {
    guard !isRectified, offset == nil, terms.allSatisfy({ $0.gate == nil }) else { return nil }
    var formula = self
    for index in terms.indices { formula.terms[index].gate = gate }
    return formula
  }
}
