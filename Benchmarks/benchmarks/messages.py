"""The repository's caffe.proto as protobuf classes, without the library that `import caffe` loads."""

import importlib.util
import pathlib

from google.protobuf import text_format

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def _load():
    path = REPOSITORY / "python/caffe/proto/caffe_pb2.py"
    spec = importlib.util.spec_from_file_location("caffe_pb2", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


caffe_pb2 = _load()


def read_net(path):
    net = caffe_pb2.NetParameter()
    text_format.Parse(pathlib.Path(path).read_text(), net)
    return net


def write_net(net, path):
    pathlib.Path(path).write_text(text_format.MessageToString(net))
