/// A layer as prototxt.
func layer(
  _ name: String, _ type: String, _ bottoms: [String], _ top: String?, _ parameter: String = ""
) -> String {
  let bottoms = bottoms.map { "bottom: \"\($0)\" " }.joined()
  let top = top.map { "top: \"\($0)\"" } ?? ""
  return "layer { name: \"\(name)\" type: \"\(type)\" \(bottoms)\(top) \(parameter) }\n"
}
