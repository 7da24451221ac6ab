import Caffe
import CaffeTesting
import Testing

@Suite struct `debug_info` {
  @Test func `logs the mean magnitude of everything computed`() throws {
    let log = KeptLog()
    let net = try makeNet(
      "debug_info: true\n" + inputText
        + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" inner_product_param { weight_filler { value: -2 } } }"#
        + #"layer { name: "l" type: "SumLoss" bottom: "y" top: "loss" }"#, log: log)
    net.blob("x")?.array = [1, -1, 1, -1, 1, 1]
    let start = log.lines.count
    try net.forward()
    try net.backward()
    #expect(
      Array(log.lines[start...]) == [
        "    [Forward] Layer in, top blob x data: 1",
        "    [Forward] Layer a, top blob y data: 2",
        "    [Forward] Layer a, param blob 0 data: 2",
        "    [Forward] Layer l, top blob loss data: 4",
        "    [Backward] Layer l, bottom blob y diff: 1",
        "    [Backward] Layer a, param blob 0 diff: 0.666667",
        "    [Backward] All net params (data, diff): L1 norm = (6, 2); L2 norm = (3.4641, 2)",
      ])
  }

  @Test func `is silent when off`() throws {
    let log = KeptLog()
    let net = try makeNet(inputText, log: log)
    let start = log.lines.count
    try net.forward()
    #expect(log.lines.count == start)
  }
}
