"""One small net with every kind of layer through every program that is here."""

import numpy as np
import pytest
from google.protobuf import text_format

from benchmarks.contenders import all_contenders
from benchmarks.files import BENCHMARKS
from benchmarks.graph import Graph
from benchmarks.measure import Worker, difference
from benchmarks.messages import caffe_pb2, write_net
from benchmarks.rows import INFERENCE, Row
from benchmarks.weights import StoredWeights, random_input, write_arrays, write_caffemodel

torch = pytest.importorskip("torch")

# Odd sizes, so that windows hang over the edge; a value that is read twice; layers in place and beside.
NET = """
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 20 dim: 20 } } }
layer { name: "c1" type: "Convolution" bottom: "data" top: "c1"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 1 } }
layer { name: "r1" type: "ReLU" bottom: "c1" top: "c1" }
layer { name: "n1" type: "LRN" bottom: "c1" top: "n1" lrn_param { local_size: 5 alpha: 0.1 beta: 0.75 } }
layer { name: "p1" type: "Pooling" bottom: "n1" top: "p1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "c2" type: "Convolution" bottom: "p1" top: "c2"
  convolution_param { num_output: 8 kernel_size: 3 pad: 2 dilation: 2 group: 2 bias_term: false } }
layer { name: "b2" type: "BatchNorm" bottom: "c2" top: "c2" batch_norm_param { use_global_stats: true } }
layer { name: "s2" type: "Scale" bottom: "c2" top: "c2" scale_param { bias_term: true } }
layer { name: "add" type: "Eltwise" bottom: "p1" bottom: "c2" top: "add" }
layer { name: "r2" type: "ReLU" bottom: "add" top: "add" }
layer { name: "p2" type: "Pooling" bottom: "add" top: "p2" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
layer { name: "p3" type: "Pooling" bottom: "p2" top: "p3" pooling_param { pool: MAX kernel_size: 3 stride: 1 pad: 1 } }
layer { name: "cat" type: "Concat" bottom: "p2" bottom: "p3" top: "cat" }
layer { name: "drop" type: "Dropout" bottom: "cat" top: "cat" }
layer { name: "f1" type: "InnerProduct" bottom: "cat" top: "f1" inner_product_param { num_output: 12 } }
layer { name: "r3" type: "ReLU" bottom: "f1" top: "f1" }
layer { name: "f2" type: "InnerProduct" bottom: "f1" top: "f2" inner_product_param { num_output: 7 } }
layer { name: "prob" type: "Softmax" bottom: "f2" top: "prob" }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The small net as `benchmarks.files` would lay out a row."""
    from benchmarks.weights import random_weights

    folder = tmp_path_factory.mktemp("small")
    net = text_format.Parse(NET, caffe_pb2.NetParameter())
    weights = random_weights(net)
    write_net(net, folder / "net.prototxt")
    write_arrays(weights, folder / "weights.npz")
    write_caffemodel(net, weights, folder / "deploy.caffemodel")
    random_input((2, 3, 20, 20)).tofile(folder / "input.f32")
    return folder


@pytest.fixture(scope="module")
def reference(folder):
    """What PyTorch makes of it, layer by layer."""
    from benchmarks.messages import read_net
    from benchmarks.torch_module import CaffeModule

    module = CaffeModule(Graph(read_net(folder / "net.prototxt"))).eval()
    module.load(StoredWeights(folder / "weights.npz"))
    with torch.no_grad():
        return module(torch.from_numpy(random_input((2, 3, 20, 20)))).numpy().ravel()


def graph_in(folder):
    from benchmarks.messages import read_net

    return Graph(read_net(folder / "net.prototxt"), with_dropout=False)


def run(name, folder, monkeypatch):
    monkeypatch.setattr("benchmarks.contenders.graph_of", lambda row: graph_in(folder))
    (contender,) = (contender for contender in all_contenders() if contender.name == name)
    worker = Worker(contender, Row(INFERENCE, "small", 2), folder, threads=1)
    try:
        assert worker.run(2)
        assert worker.peak_megabytes() > 1
        return worker.output()
    finally:
        worker.stop()


def test_a_caffemodel_reads_as_it_was_written(folder):
    net = caffe_pb2.NetParameter.FromString((folder / "deploy.caffemodel").read_bytes())
    weights = StoredWeights(folder / "weights.npz")
    assert [layer.name for layer in net.layer] == ["c1", "c2", "b2", "s2", "f1", "f2"]
    for layer in net.layer:
        for blob, array in zip(layer.blobs, weights[layer.name]):
            assert tuple(blob.shape.dim) == array.shape
            np.testing.assert_array_equal(np.array(blob.data, np.float32), array.ravel())


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_programs_that_read_onnx_agree(name, folder, reference, monkeypatch):
    pytest.importorskip(name)
    openvino = pytest.importorskip("openvino")
    from benchmarks.onnx_file import write_onnx

    write_onnx(graph_in(folder), StoredWeights(folder / "weights.npz"), folder / "net.onnx")
    openvino.save_model(
        openvino.convert_model(str(folder / "net.onnx")),
        str(folder / "openvino.xml"),
        compress_to_fp16=False,
    )
    assert difference(run(name, folder, monkeypatch), reference) < 1e-5


def test_ncnn_agrees(folder, reference, monkeypatch):
    pytest.importorskip("ncnn")
    from benchmarks.ncnn_files import write_ncnn

    write_ncnn(
        graph_in(folder),
        StoredWeights(folder / "weights.npz"),
        folder / "ncnn.param",
        folder / "ncnn.bin",
    )
    assert difference(run("ncnn", folder, monkeypatch), reference) < 1e-5


def test_we_agree(folder, reference, monkeypatch):
    if not (BENCHMARKS / ".build/release/benchmark-worker").exists():
        pytest.skip("Benchmarks is not built")
    assert difference(run("caffe", folder, monkeypatch), reference) < 1e-5
