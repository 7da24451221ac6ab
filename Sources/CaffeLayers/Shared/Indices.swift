/// The whole number that a value stands for, by cutting off its fraction; nil for NaN and what no array could be long enough
/// for.
func wholeNumber(_ value: Float) -> Int? { Int32(exactly: value.rounded(.towardZero)).map(Int.init) }
