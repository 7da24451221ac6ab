import Caffe
import Testing

@Suite struct `A number in the log` {
  @Test(
    arguments: [
      (0, "0"), (1, "1"), (0.1, "0.1"), (1.0 / 3, "0.333333"), (123456, "123456"), (1_234_567, "1.23457e+06"),
      (1e-5, "1e-05"),
      (-2.5, "-2.5"), (0.0001, "0.0001"), (.infinity, "inf"), (1e30, "1e+30"),
    ] as [(Double, String)])
  func `has six digits, as C++ prints it`(number: Double, text: String) {
    #expect(FloatText.sixDigits(number) == text)
  }
}
