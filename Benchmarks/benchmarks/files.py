"""The files that the programs load: the same net, weights and batch for each, in its own format."""

import hashlib
import os
import pathlib

from .graph import INPUTS, Graph, flops
from .messages import read_net, write_net
from .rows import INFERENCE
from .weights import (
    StoredWeights,
    random_input,
    random_labels,
    random_weights,
    write_arrays,
    write_caffemodel,
)

HERE = pathlib.Path(__file__).resolve().parent
BENCHMARKS = HERE.parent
FILES = BENCHMARKS / ".build/files"
RATE, MOMENTUM, DECAY = 0.001, 0.9, 0.0005

SOLVER = """net: "{net}"
base_lr: {rate} lr_policy: "fixed" momentum: {momentum} weight_decay: {decay}
max_iter: 1000000 snapshot_after_train: false random_seed: 1
"""


def net_path(net, kind):
    return (
        BENCHMARKS / "nets" / (f"{net}.prototxt" if kind == INFERENCE else f"{net}_train.prototxt")
    )


def net_of(row):
    """The row's net, with its batch."""
    net = read_net(net_path(row.net, row.kind))
    for layer in net.layer:
        if layer.type in INPUTS:
            param = layer.input_param if layer.type == "Input" else layer.dummy_data_param
            for shape in param.shape:
                shape.dim[0] = row.batch
    return net


def graph_of(row):
    return Graph(net_of(row), with_dropout=row.kind != INFERENCE)


def flops_of(row):
    return flops(graph_of(row), training=row.kind != INFERENCE)


def _prepare(folder, sources, make):
    """Calls `make` unless the folder is there already and was made from the same sources."""
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(pathlib.Path(source).read_bytes())
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    make()
    stamp.write_text(digest.hexdigest())


def _link(path, target):
    path.unlink(missing_ok=True)
    os.link(target, path)


def weights_folder(net):
    """The weights of a net, as arrays and as caffemodels for its train and deploy forms."""
    folder = FILES / net
    train, deploy = net_path(net, "training"), net_path(net, INFERENCE)

    def make():
        weights = random_weights(read_net(train))
        write_arrays(weights, folder / "weights.npz")
        write_caffemodel(read_net(train), weights, folder / "train.caffemodel")
        names = {layer.name for layer in read_net(deploy).layer}
        if set(weights) <= names:
            _link(folder / "deploy.caffemodel", folder / "train.caffemodel")
        else:
            write_caffemodel(read_net(deploy), weights, folder / "deploy.caffemodel")

    _prepare(
        folder,
        [train, deploy, *(HERE / f"{name}.py" for name in ("weights", "graph", "torch_module"))],
        make,
    )
    return folder


def row_folder(row):
    """Everything that the workers of a row load."""
    weights = weights_folder(row.net)
    folder = FILES / str(row).replace("/", "-")
    sources = [
        net_path(row.net, row.kind),
        weights / "stamp",
        *HERE.glob("*_files.py"),
        HERE / "onnx_file.py",
        HERE / "files.py",
    ]
    _prepare(
        folder,
        sources,
        lambda: (_make_inference if row.kind == INFERENCE else _make_training)(
            row, weights, folder
        ),
    )
    return folder


def _make_inference(row, weights, folder):
    import openvino

    from .ncnn_files import write_ncnn
    from .onnx_file import write_onnx

    graph = graph_of(row)
    write_net(net_of(row), folder / "net.prototxt")
    random_input(graph.inputs["data"]).tofile(folder / "input.f32")
    for name in ("weights.npz", "deploy.caffemodel"):
        _link(folder / name, weights / name)
    arrays = StoredWeights(weights / "weights.npz")
    write_onnx(graph, arrays, folder / "net.onnx")
    model = openvino.convert_model(str(folder / "net.onnx"))
    openvino.save_model(model, str(folder / "openvino.xml"), compress_to_fp16=False)
    write_ncnn(graph, arrays, folder / "ncnn.param", folder / "ncnn.bin")


def _make_training(row, weights, folder):
    net = net_of(row)
    shape = Graph(net).inputs["data"]
    random_input(shape).tofile(folder / "input.f32")
    classes = Graph(net).steps[-1].input_shapes[0][1]
    random_labels(row.batch, classes).astype("f4").tofile(folder / "labels.f32")
    for name in ("weights.npz", "train.caffemodel"):
        _link(folder / name, weights / name)
    for form in ("net", "check"):
        if form == "check":  # what chance leaves out cannot be compared
            layers = [layer for layer in net.layer if layer.type != "Dropout"]
            del net.layer[:]
            net.layer.extend(layers)
        write_net(net, folder / f"{form}.prototxt")
        (folder / f"{form}_solver.prototxt").write_text(
            SOLVER.format(
                net=folder / f"{form}.prototxt", rate=RATE, momentum=MOMENTUM, decay=DECAY
            )
        )
