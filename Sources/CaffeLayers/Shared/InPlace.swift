internal import CaffeCore

/// Refuses tops that are bottoms, for a layer that cannot write over what it reads.
func refuseInPlace(_ bottom: [Blob], _ top: [Blob]) throws(NetError) {
  guard zip(bottom, top).contains(where: { $0 === $1 }) else { return }
  throw NetError("Layer does not allow in-place computation.", remedy: "give the top a name of its own")
}
