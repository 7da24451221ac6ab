"""Layers written in Python."""

import gc
import sys
import traceback
import types

import numpy as np
import pytest

import caffe


class Scale(caffe.Layer):
    def setup(self, bottom, top):
        self.factor = eval(self.param_str or "{'factor': 10}")["factor"]
        self.calls = ["setup"]

    def reshape(self, bottom, top):
        self.calls.append("reshape")
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        self.calls.append("forward")
        top[0].data[...] = self.factor * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        self.calls.append("backward")
        assert propagate_down == [True]
        bottom[0].diff[...] = self.factor * top[0].diff


class Weights(caffe.Layer):
    def setup(self, bottom, top):
        self.blobs.add_blob(3)
        self.blobs[0].data[...] = [1, 2, 3]

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].shape)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data * self.blobs[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[...] += (top[0].diff * bottom[0].data).sum(0)
        bottom[0].diff[...] = top[0].diff * self.blobs[0].data


class Counter(caffe.Layer):
    def setup(self, bottom, top):
        self.count = 0

    def reshape(self, bottom, top):
        top[0].reshape(2, 3)
        top[1].reshape(1)

    def forward(self, bottom, top):
        self.count += 1
        top[0].data[...] = self.count
        top[1].data[...] = self.phase


class Broken(caffe.Layer):
    where = "forward"

    def setup(self, bottom, top):
        if self.where == "setup":
            raise LookupError("in setup")

    def reshape(self, bottom, top):
        top[0].reshape(1)

    def forward(self, bottom, top):
        if self.where == "forward":
            self.deeper()

    def deeper(self):
        raise LookupError("in forward")


@pytest.fixture(autouse=True)
def module(monkeypatch):
    found = types.ModuleType("my_layers")
    for cls in (Scale, Weights, Counter, Broken):
        setattr(found, cls.__name__, cls)
    monkeypatch.setitem(sys.modules, "my_layers", found)


def python_layer(name, cls, bottoms=("x",), tops=("y",), more="", param_str=""):
    words = " ".join([f"bottom: '{b}'" for b in bottoms] + [f"top: '{t}'" for t in tops])
    settings = f"module: 'my_layers' layer: '{cls}'" + (
        f' param_str: "{param_str}"' if param_str else ""
    )
    return (
        f"layer {{ name: '{name}' type: 'Python' {words} {more} python_param {{ {settings} }} }}\n"
    )


INPUT = "force_backward: true layer { name: 'd' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }\n"


def net_of(*layers, phase=caffe.TRAIN):
    return caffe.Net.from_text(INPUT + "".join(layers), phase)


def test_values_flow_forward_and_gradients_backward():
    net = net_of(
        python_layer("a", "Scale"),
        python_layer("b", "Scale", ["y"], ["z"], param_str="{'factor': 3}"),
    )
    net.blobs["x"].data[...] = 2
    assert (net.forward()["z"] == 60).all()
    net.blobs["z"].diff[...] = 1
    assert (net.backward()["x"] == 30).all()
    assert net.layers[1].calls[-2:] == ["forward", "backward"]


def test_reshape_runs_before_every_forward():
    net = net_of(python_layer("a", "Scale"))
    layer = net.layer_dict["a"]
    del layer.calls[:]
    net.forward()
    net.forward()
    assert layer.calls == ["reshape", "forward"] * 2
    net.blobs["x"].reshape(5, 1)
    assert net.forward()["y"].shape == (5, 1)


def test_the_layer_of_the_net_is_the_users_object():
    net = net_of(python_layer("a", "Scale"))
    layer = net.layers[1]
    assert type(layer) is Scale and layer.type == "Python"
    assert layer.factor == 10 and layer.param_str == "" and layer.param_str_ == ""
    layer.factor = 7
    net.blobs["x"].data[...] = 1
    assert (net.forward()["y"] == 7).all()


@pytest.mark.parametrize("phase", [caffe.TRAIN, caffe.TEST])
def test_a_data_layer_without_bottoms_knows_its_phase(phase):
    net = caffe.Net.from_text(python_layer("a", "Counter", [], ["n", "phase"]), phase)
    net.forward()
    assert (net.forward()["n"] == 2).all() and net.blobs["phase"].data[0] == phase


def test_blobs_of_a_python_layer_are_learned_saved_and_loaded(tmp_path):
    net = net_of(python_layer("w", "Weights"))
    assert np.array_equal(net.params["w"][0].data, [1, 2, 3])
    net.blobs["x"].data[...] = 1
    assert np.array_equal(net.forward()["y"], [[1, 2, 3]] * 2)
    net.blobs["y"].diff[...] = 1
    net.backward()
    assert np.array_equal(net.params["w"][0].diff, [2, 2, 2])
    net.params["w"][0].data[...] = 9
    net.save(str(tmp_path / "w.caffemodel"))
    other = net_of(python_layer("w", "Weights"))
    other.copy_from(str(tmp_path / "w.caffemodel"))
    assert np.array_equal(other.params["w"][0].data, [9, 9, 9])

    (tmp_path / "net.prototxt").write_text(
        python_layer("n", "Counter", [], ["x", "phase"])
        + python_layer("w", "Weights", more="loss_weight: 1")
    )
    (tmp_path / "solver.prototxt").write_text(
        f"net: '{tmp_path}/net.prototxt' base_lr: 0.5 lr_policy: 'fixed' max_iter: 9 snapshot_after_train: false"
    )
    solver = caffe.SGDSolver(str(tmp_path / "solver.prototxt"))
    solver.step(1)
    assert np.array_equal(solver.net.params["w"][0].data, [0, 1, 2])


def test_an_exception_in_setup_reaches_the_builder_of_the_net(monkeypatch):
    monkeypatch.setattr(Broken, "where", "setup")
    with pytest.raises(LookupError, match="in setup"):
        net_of(python_layer("a", "Broken"))


def test_an_exception_in_forward_has_its_own_traceback_and_the_net_goes_on(monkeypatch):
    net = net_of(python_layer("a", "Broken"))
    with pytest.raises(LookupError, match="in forward") as error:
        net.forward()
    assert any(frame.name == "deeper" for frame in traceback.extract_tb(error.value.__traceback__))
    monkeypatch.setattr(Broken, "where", "nowhere")
    assert net.forward()["y"].shape == (1,)


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (python_layer("a", "Nothing"), AttributeError, "Nothing"),
        (
            python_layer("a", "Scale").replace("my_layers", "no_such_module"),
            ImportError,
            "no_such_module",
        ),
        (python_layer("a", "types"), TypeError, "no class derived from caffe.Layer"),
    ],
)
def test_a_class_that_cannot_be_found_is_named(layer, error, message):
    sys.modules["my_layers"].types = types
    with pytest.raises(error, match=message):
        net_of(layer)


def test_a_missing_method_says_what_it_must_look_like():
    class Half(caffe.Layer):
        def reshape(self, bottom, top):
            top[0].reshape(1)

    sys.modules["my_layers"].Half = Half
    with pytest.raises(
        NotImplementedError, match=r"Half has no method forward\(self, bottom, top\)"
    ):
        net_of(python_layer("a", "Half")).forward()


def test_a_python_layer_works_between_layers_with_layouts_of_their_own():
    text = (
        "layer { name: 'd' type: 'Input' top: 'in' input_param { shape { dim: 1 dim: 16 dim: 20 dim: 20 } } }"
        "layer { name: 'a' type: 'Convolution' bottom: 'in' top: 'x'"
        "  convolution_param { num_output: 32 kernel_size: 3 weight_filler { type: 'constant' value: 1 } } }"
        + python_layer("p", "Scale")
        + "layer { name: 'b' type: 'Convolution' bottom: 'y' top: 'z'"
        "  convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: 'constant' value: 1 } } }"
    )
    net = caffe.Net.from_text(text, caffe.TEST)
    for value in (1, 2):
        net.blobs["in"].data[...] = value
        assert (net.forward()["z"] == value * 144 * 10 * 288).all()


def test_a_layer_may_run_a_net_of_its_own():
    class Nested(Scale):
        def setup(self, bottom, top):
            super().setup(bottom, top)
            self.inner = net_of(python_layer("a", "Scale"))

        def forward(self, bottom, top):
            top[0].data[...] = self.inner.forward(x=bottom[0].data)["y"]

    sys.modules["my_layers"].Nested = Nested
    net = net_of(python_layer("a", "Nested"))
    net.blobs["x"].data[...] = 4
    assert (net.forward()["y"] == 40).all()


def test_layers_go_with_their_net():
    alive = []

    class Tracked(Scale):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            alive.append(1)

        def __del__(self):
            alive.pop()

    sys.modules["my_layers"].Tracked = Tracked
    net = net_of(python_layer("a", "Tracked"))
    net.forward()
    assert alive
    del net
    gc.collect()
    assert not alive


def test_python_is_among_the_layer_types():
    assert "Python" in caffe.layer_type_list() and "Convolution" in caffe.layer_type_list()
