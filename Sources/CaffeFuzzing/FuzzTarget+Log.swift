internal import CaffeLog

extension FuzzTarget {
  static let trainingLog = FuzzTarget("log", endings: [".log.txt", ".log"]) { bytes, folder in
    let log = try TrainingLog(contentsOf: folder.write(bytes, as: "train.log"))
    for phase in TrainingLog.Phase.allCases {
      _ = TrainingTable(log, phase).csv(delimiter: ",")
      _ = log.columns(phase)
    }
    for time in log.iterationTimes { _ = TrainingLog.seconds(time) }
  }
}
