import Foundation

/// A command line that makes sense, from which others are made that do not.
struct Example: Sendable {
  var command: String
  var arguments: [String]
  /// The exit code: data that would satisfy some commands are too large for a test.
  var status: Int32 = 0

  init(_ line: String, status: Int32 = 0) {
    let words = line.split(separator: " ").map(String.init)
    command = words[0]
    arguments = Array(words.dropFirst())
    self.status = status
  }

  /// Each command at least once, in the folder that `prepare` fills.
  static let all = [
    Example("train -solver solver.prototxt"),
    Example("train -solver solver.prototxt -weights run_iter_4.caffemodel -sigint_effect none -level 1"),
    Example("train -solver solver.prototxt -snapshot run_iter_2.solverstate"),
    Example("train -solver solver.prototxt -snapshot run_iter_2.solverstate.h5 -engine reference"),
    Example("test -model net.prototxt -weights run_iter_4.caffemodel -iterations 2"),
    Example("test -model net.prototxt -weights run_iter_4.caffemodel.h5 -iterations 1 -untrusted -memory_limit 100"),
    Example(
      "test -model net.prototxt -weights run_iter_2.caffemodel -iterations 1 -ensemble run_iter_4.caffemodel "
        + "-sheet out.png -class_names names.txt"),
    Example("time -model net.prototxt -iterations 1 -phase TEST"),
    Example("time -model net.prototxt -iterations 1 -weights run_iter_2.caffemodel -profile out.json"),
    Example("device_query -gpu 0"),
    Example("data inspect digits_lmdb -sheet out.png -samples 4"),
    Example("data inspect features.h5"),
    Example("data inspect list.txt -root_folder pictures/"),
    Example("convert_imageset pictures/ list.txt out -resize_width 3 -resize_height 4 -backend leveldb"),
    Example("convert_imageset -gray -shuffle -seed 3 -encode_type png pictures/ list.txt out"),
    Example("convert_imageset pictures/ classes out"),
    Example("convert_mnist_data -backend leveldb images labels out"),
    Example("convert_cifar_data cifar out lmdb", status: 1),
    Example("compute_image_mean -backend lmdb digits_lmdb out"),
    Example("extract_features run_iter_4.caffemodel net.prototxt ip,data out,out2 2 lmdb"),
    Example("extract_features run_iter_4.caffemodel net.prototxt ip out 1 hdf5 GPU DEVICE_ID=0"),
    Example("resize_and_crop_images -input_folder pictures -output_folder out -output_side_length 4 -num_clients 2"),
    Example(
      "resize_and_crop_images -input_folder pictures -output_folder out -output_side_length 4 -input names.txt",
      status: 1),
    Example("parse_log year.log . -delimiter ; -verbose"),
    Example("extract_seconds year.log out"),
    Example("plot_training_log 6 out.svg year.log"),
    Example("draw_net net.prototxt out.svg -rankdir TB -phase TEST -display_lrm"),
    Example("upgrade_net_proto_text old.prototxt out"),
    Example("upgrade_net_proto_binary run_iter_4.caffemodel out"),
    Example("upgrade_solver_proto_text solver.prototxt out"),
  ]

  /// Files of each kind that commands read. Data are small enough for runs of milliseconds.
  static func prepare(_ folder: URL, caffe: URL) throws {
    func run(_ lines: String) throws {
      let run = try ShellRun("set -e\n" + lines, in: folder, caffe: caffe)
      guard run.status == 0 else { throw PreparationError(description: run.errors) }
    }
    let fixtures = RunningTool.packageFolder.appending(path: "Tests/Fixtures").path
    try Scenario.training.files(folder)
    for arguments in Scenario.training.preparation { try run("\"$caffe\" " + arguments.joined(separator: " ")) }
    try run(
      """
      mkdir -p pictures cifar classes/cat nothing
      cp \(fixtures)/data/images/{s0.png,s1.png,c.jpg} pictures
      cp pictures/s0.png classes/cat
      cp \(fixtures)/upgrade/net_v0_full.in.prototxt old.prototxt
      cp \(fixtures)/tool/year.log .
      printf 's0.png 0\\ns1.png 3\\nc.jpg 1\\n' > list.txt
      printf 'cat\\ndog\\n' > names.txt
      printf -- '-iterations 1\\n# a comment\\n-level=0\\n' > flags.txt
      printf '\\0\\1\\377\\33%s' {1..99} > junk
      touch empty
      for number in 1 2 3 4 5; do head -c 3073 /dev/zero > cifar/data_batch_$number.bin; done
      "$caffe" train -solver solver.prototxt
      "$caffe" train -solver solver_hdf5.prototxt
      "$caffe" extract_features run_iter_4.caffemodel net.prototxt ip features.h5 1 hdf5
      """)
  }

  private struct PreparationError: Error, CustomStringConvertible {
    let description: String
  }
}
