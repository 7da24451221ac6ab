internal import RealModule

/// σ(x) = 1 / (1 + e⁻ˣ), by way of the hyperbolic tangent, which does not overflow.
@inline(__always)
func logistic(_ x: Float) -> Float { 0.5 * .tanh(0.5 * x) + 0.5 }
