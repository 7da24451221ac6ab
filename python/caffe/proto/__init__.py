"""The messages of caffe.proto, in `caffe.proto.caffe_pb2`."""
