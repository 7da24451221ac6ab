import Caffe
import Testing

@Suite struct `The Softmax layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Softmax" top: "y" softmax_param { \#(parameter) }"#
  }

  @Test func `refuses an axis that does not exist`() {
    let text = refusal { _ = try SmallNet(["x": [2]], layer("")) }
    #expect(text.contains("axis 1 out of range for 1-D Blob with shape 2 (2)"), "\(text)")
  }
}
