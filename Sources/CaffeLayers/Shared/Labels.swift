internal import CaffeCore

/// Turns the label at `position` of a label blob into the number of a class, by cutting off its fraction.
///
/// - Returns: nil for the label that is to be ignored.
/// - Throws: `NetError` naming a label that is no class.
func classIndex(_ label: Float, at position: Int, classes: Int, ignoring ignored: Int?) throws(NetError) -> Int? {
  let index = Int32(exactly: label.rounded(.towardZero)).map(Int.init)
  if let index, index == ignored { return nil }
  guard let index, 0..<classes ~= index else {
    throw NetError(
      "label \(index.map { "\($0)" } ?? "\(label)") at index \(position) is out of range: there are \(classes) classes, "
        + "so labels are 0 to \(classes - 1)",
      remedy: "correct the labels or the number of outputs, or exclude one value from the loss with ignore_label")
  }
  return index
}

/// Refuses a number of labels that is not one for each prediction.
func checkLabelCount(_ labels: Blob, scores: Shape, axis: Int, axisName: String) throws(NetError) {
  guard labels.count == scores.count(..<axis) * scores.count((axis + 1)...) else {
    throw NetError(
      """
      Number of labels must match number of predictions; e.g., if \(axisName) axis == 1 and prediction shape is \
      (N, C, H, W), label count (number of labels) must be N*H*W, with integer values in {0, 1, ..., C-1}.
      """)
  }
}
