"""Tests of drawings."""

import importlib.util
import shutil

import pytest
from conftest import CLASSIFIER
from google.protobuf import text_format

import caffe
import caffe.draw
from caffe.proto import caffe_pb2


def read(text):
    return text_format.Parse(text, caffe_pb2.NetParameter())


@pytest.fixture
def net():
    return read(CLASSIFIER)


def test_boxes_say_what_a_layer_does(net):
    convolution = net.layer[1]
    assert caffe.draw.get_layer_label(convolution, "TB") == (
        '"conv (Convolution) kernel size: 3 stride: 1 pad: 0"'
    )
    assert caffe.draw.get_layer_label(convolution, "LR", display_lrm=True) == (
        r'"conv\n(Convolution)\nkernel size: 3\nstride: 1\npad: 0\nlr mult: 1.0, 1.0"'
    )
    pooling = caffe_pb2.LayerParameter(
        name="p", type="Pooling", pooling_param=dict(pool=1, kernel_size=2)
    )
    assert caffe.draw.get_layer_label(pooling, "TB").startswith('"p (Pooling AVE) kernel size: 2')
    odd = caffe_pb2.LayerParameter(name='a"{b}|', type="ReLU")
    assert caffe.draw.get_layer_label(odd, "TB") == r'"a\"\{b\}\| (ReLU)"'


def test_learning_rates_are_those_of_weights_and_biases():
    layer = caffe_pb2.LayerParameter(type="InnerProduct")
    assert caffe.draw.get_layer_lr_mult(layer) == (1, 1)
    layer.param.add(lr_mult=2)
    assert caffe.draw.get_layer_lr_mult(layer) == (2, 1)
    layer.param.add(lr_mult=0)
    assert caffe.draw.get_layer_lr_mult(layer) == (2, 0)
    with pytest.raises(ValueError):
        caffe.draw.get_layer_lr_mult(caffe_pb2.LayerParameter(type="ReLU"))


def test_edges_and_colors_depend_on_the_type():
    label = caffe.draw.get_edge_label
    assert (
        label(caffe_pb2.LayerParameter(type="Data", data_param=dict(batch_size=64))) == "Batch 64"
    )
    assert (
        label(caffe_pb2.LayerParameter(type="InnerProduct", inner_product_param=dict(num_output=5)))
        == "5"
    )
    assert label(caffe_pb2.LayerParameter(type="ReLU")) == '""'
    assert caffe.draw.choose_color_by_layertype("Pooling") == "#FF9900"
    assert caffe.draw.choose_color_by_layertype("ReLU") == "#6495ED"


def test_the_language_of_graphviz_has_all_layers_and_blobs(net, tmp_path):
    path = tmp_path / "net.raw"
    caffe.draw.draw_net_to_file(net, str(path), "BT")
    lines = path.read_text().splitlines()
    assert lines[:2] == ['digraph "small" {', "rankdir=BT;"] and lines[-1] == "}"
    assert '"conv_blob" -> "relu_ReLU" [label=""];' in lines
    assert '"conv_Convolution" -> "conv_blob" [label="2"];' in lines


def test_layers_of_the_other_phase_are_left_out():
    net = read(
        'layer { name: "a" type: "Data" include { phase: TRAIN } }'
        'layer { name: "b" type: "Data" exclude { phase: TRAIN } }'
        'layer { name: "c" type: "ReLU" }'
    )
    for phase, names in ((None, "abc"), (caffe.TRAIN, "ac"), (caffe.TEST, "bc")):
        dot = caffe.draw.draw_net(net, "LR", "raw", phase).decode()
        assert [name for name in "abc" if f'label="{name}\\n' in dot] == list(names)
    net.layer[0].exclude.add(phase=caffe.TEST)
    with pytest.raises(ValueError, match="both include and exclude"):
        caffe.draw.draw_net(net, "LR", "raw", caffe.TEST)


def test_a_direction_must_be_one_of_four(net):
    with pytest.raises(ValueError, match="rankdir"):
        caffe.draw.draw_net(net, "sideways")


@pytest.mark.skipif(importlib.util.find_spec("pydot") is None, reason="pydot is not installed")
def test_pydot_takes_the_graph(net):
    graph = caffe.draw.get_pydot_graph(net, "LR")
    assert len(graph.get_nodes()) == 5 + 4
    assert "conv_Convolution" in graph.to_string()


@pytest.mark.needs_library
@pytest.mark.parametrize("ext, start", [("svg", b"<"), ("png", b"\x89PNG")])
def test_pictures_need_neither_pydot_nor_graphviz(net, ext, start, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for settings in ({}, {"phase": caffe.TEST}, {"display_lrm": True}):
        assert caffe.draw.draw_net(net, "LR", ext, **settings).startswith(start)


def test_other_formats_need_graphviz(net, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="Drawing as .pdf needs Graphviz"):
        caffe.draw.draw_net(net, "LR", "pdf")
