import SwiftProtobuf

extension BinaryProto {
  /// The message as bytes.
  ///
  /// - Throws: when it is larger than the format allows, which is 2 GB.
  public static func bytes<M: Message>(of message: M) throws(BinaryProtoError) -> [UInt8] {
    do { return try message.serializedBytes(partial: true) } catch {
      throw BinaryProtoError(file: "a copy", message: Schema.caffe.message(for: M.self).name, problem: .tooLarge)
    }
  }
}
