"""Nets: how they are built, run, looked into, loaded and saved."""

import gc
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from conftest import PYTHON

import caffe

CONV = """
name: 'small'
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'gaussian' std: 0.5 } bias_filler { value: 1 } } }
layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }
layer { name: 'ip' type: 'InnerProduct' bottom: 'conv' top: 'ip'
  inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } }
layer { name: 'prob' type: 'Softmax' bottom: 'ip' top: 'prob' }
"""

LOSS = """
force_backward: true
layer { name: 'data' type: 'Input' top: 'data' top: 'target'
  input_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 } } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'
  inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }
layer { name: 'loss' type: 'EuclideanLoss' bottom: 'ip' bottom: 'target' top: 'loss' }
"""


@pytest.fixture
def test_net_that_is_not_trusted(tmp_path):
    good = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }'
    path = tmp_path / "net.prototxt"
    path.write_text(good)
    assert caffe.Net(path, caffe.TEST, trusted=False).blobs["x"].shape == (2, 3)
    assert caffe.Net.from_text(good, caffe.TEST, trusted=False).blobs["x"].shape == (2, 3)
    with pytest.raises(RuntimeError, match="layer 'x'.*but the limit is 16"):
        caffe.Net(path, caffe.TEST, trusted=False, memory_limit=16)
    path.write_text('layer { name: "p" type: "Python" top: "x" python_param { module: "os" layer: "L" } }')
    with pytest.raises(RuntimeError, match="layer 'p'.*runs code that comes with the net"):
        caffe.Net(path, caffe.TEST, trusted=False)
    path.write_text('layer { name: "d" type: "Data" top: "x" data_param { source: "/etc" } }')
    with pytest.raises(RuntimeError, match="leads out of the folder"):
        caffe.Net(path, caffe.TEST, trusted=False)
    weights = tmp_path / "w.caffemodel"
    caffe.Net.from_text(good, caffe.TEST).save(str(weights))
    with pytest.raises(RuntimeError, match="leads out of the folder"), pytest.warns(DeprecationWarning):
        caffe.Net(path, str(weights), caffe.TEST, trusted=False)
    for limit in (0, -1, 2**63):
        with pytest.raises(ValueError, match="memory_limit is"):
            caffe.Net(path, caffe.TEST, trusted=False, memory_limit=limit)
    for limit in (1.5, "1", [1]):
        with pytest.raises(TypeError, match="memory_limit is a whole number"):
            caffe.Net(path, caffe.TEST, trusted=False, memory_limit=limit)
    for trusted in ("false", 0, None):
        with pytest.raises(TypeError, match="trusted is True or False"):
            caffe.Net(path, caffe.TEST, trusted=trusted)
    with pytest.raises(ValueError, match="for nets with trusted=False"):
        caffe.Net(path, caffe.TEST, memory_limit=5)


@pytest.fixture
def net_file(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(CONV)
    return path


@pytest.fixture
def net(net_file):
    caffe.set_random_seed(1)
    return caffe.Net(str(net_file), caffe.TEST)


@pytest.fixture
def images():
    return np.random.default_rng(0).standard_normal((2, 3, 8, 8)).astype(np.float32)


# Building.


def test_a_net_is_built_from_a_string_or_a_path_with_the_phase_by_place_or_name(net_file):
    for net in (caffe.Net(str(net_file), caffe.TEST), caffe.Net(net_file, phase=caffe.TEST)):
        assert net._layer_names == ["data", "conv", "relu", "ip", "prob"]
        assert (net.name, net.phase) == ("small", caffe.TEST)


def test_weights_come_with_the_net_in_the_new_and_the_old_form(net, net_file, tmp_path):
    weights = str(tmp_path / "w.caffemodel")
    net.save(weights)
    new = caffe.Net(str(net_file), caffe.TEST, weights=weights)
    with pytest.warns(DeprecationWarning):
        old = caffe.Net(str(net_file), weights, caffe.TEST)
    for other in (new, old):
        assert np.array_equal(other.params["conv"][0].data, net.params["conv"][0].data)


def test_level_and_stages_choose_among_the_layers(tmp_path):
    rules = CONV + (
        "layer { name: 'a' type: 'Silence' bottom: 'prob' include { stage: 'show' } }"
        "layer { name: 'b' type: 'Silence' bottom: 'prob' include { min_level: 2 } }"
    )
    path = tmp_path / "rules.prototxt"
    path.write_text(rules)
    assert "a" not in caffe.Net(str(path), caffe.TEST)._layer_names
    assert "a" in caffe.Net(str(path), caffe.TEST, stages=["show"])._layer_names
    assert "b" in caffe.Net(str(path), caffe.TEST, 2)._layer_names


def test_a_missing_file_is_a_runtime_error_in_the_originals_words(tmp_path, net_file):
    missing = str(tmp_path / "no.prototxt")
    with pytest.raises(RuntimeError, match=f"Could not open file {missing}"):
        caffe.Net(missing, caffe.TEST)
    with pytest.raises(RuntimeError, match="Could not open file"):
        caffe.Net(str(net_file), caffe.TEST, weights=missing)


def test_a_mistake_in_a_net_names_file_line_and_layer(tmp_path):
    path = tmp_path / "wrong.prototxt"
    path.write_text(CONV.replace("'Convolution'", "'Convolutoin'"))
    with pytest.raises(RuntimeError, match=r"wrong\.prototxt:4.*Convolutoin") as error:
        caffe.Net(str(path), caffe.TEST)
    assert "Convolution" in str(error.value)
    path.write_text("layer {")
    with pytest.raises(RuntimeError, match=r"wrong\.prototxt"):
        caffe.Net(str(path), caffe.TEST)


def test_a_damaged_weight_file_is_an_exception(net, tmp_path):
    for content in (b"", b"\x00\x01\x02", b"\x89HDF\r\n\x1a\nxxxx", os.urandom(4000)):
        path = tmp_path / "damaged.caffemodel"
        path.write_bytes(content)
        before = net.params["conv"][0].data.copy()
        if content:
            with pytest.raises(RuntimeError, match="damaged"):
                net.copy_from(str(path))
        assert np.array_equal(before, net.params["conv"][0].data)


def test_weights_of_another_shape_are_refused_with_both_shapes(net, net_file, tmp_path):
    net.save(str(tmp_path / "w.caffemodel"))
    net_file.write_text(CONV.replace("num_output: 5", "num_output: 6"))
    with pytest.raises(RuntimeError, match="rename the layer"):
        caffe.Net(str(net_file), caffe.TEST, weights=str(tmp_path / "w.caffemodel"))


def test_weights_that_match_no_layer_are_no_secret(net, net_file, tmp_path):
    net.save(str(tmp_path / "w.caffemodel"))
    net.save_hdf5(str(tmp_path / "w.h5"))
    net_file.write_text(CONV.replace("'conv' type", "'first' type").replace("'ip' type", "'second' type"))
    with pytest.warns(RuntimeWarning, match="none of the 2 layers with weights in .*w.caffemodel.*all 2 layers"):
        other = caffe.Net(str(net_file), caffe.TEST, weights=str(tmp_path / "w.caffemodel"))
    with pytest.warns(RuntimeWarning, match="w.h5"):
        other.load_hdf5(str(tmp_path / "w.h5"))
    with pytest.warns(RuntimeWarning, match="caffemodel"):
        other.copy_from_bytes((tmp_path / "w.caffemodel").read_bytes())
    with pytest.warns(RuntimeWarning, match="the other net"):
        other.share_with(net)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.copy_from(str(tmp_path / "w.caffemodel"))
        net.share_with(caffe.Net.from_text(CONV, caffe.TEST))


# The forms of 2014.


def test_the_form_without_a_phase_builds_a_net_of_the_phase_that_was_set(net, net_file, tmp_path):
    weights = str(tmp_path / "w.caffemodel")
    net.save(weights)
    with pytest.warns(DeprecationWarning, match=r"caffe\.TEST, weights="):
        assert caffe.Net(str(net_file), weights).phase == caffe.TEST
    with pytest.warns(DeprecationWarning, match="from the beginning"):
        caffe.set_phase_train()
    try:
        with pytest.warns(DeprecationWarning, match=r"caffe\.TRAIN"):
            assert caffe.Net(str(net_file), weights).phase == caffe.TRAIN
    finally:
        with pytest.warns(DeprecationWarning):
            caffe.set_phase_test()
    with pytest.raises(TypeError, match="the phase is missing.*caffe.TEST"):
        caffe.Net(str(net_file))
    with pytest.raises(TypeError, match="takes no level"):
        caffe.Net(str(net_file), weights, level=1)


def test_methods_of_2014_work_or_say_what_to_use(net):
    with pytest.warns(DeprecationWarning, match="has that phase"):
        net.set_phase_test()
    net.set_mode_cpu()
    for name, advice in (
        ("set_phase_train", "caffe.TRAIN"), ("set_mean", "Transformer"), ("set_channel_swap", "Transformer"),
        ("preprocess", "Transformer"),
    ):  # fmt: skip
        with pytest.raises(AttributeError, match=advice):
            getattr(net, name)
    assert not hasattr(net, "anything_else")


# What there is.


def test_blobs_params_and_layers_are_in_the_nets_order(net):
    assert list(net.blobs) == ["data", "conv", "ip", "prob"]
    assert list(net.params) == ["conv", "ip"]
    assert [layer.type for layer in net.layers] == [
        "Input", "Convolution", "ReLU", "InnerProduct", "Softmax"
    ]  # fmt: skip
    assert net.layer_dict["ip"] is net.layers[3]
    assert net.layers[-1].type == "Softmax" and len(net.layers[1:3]) == 2
    assert net.inputs == ["data"] and net.outputs == ["prob"]
    assert net.top_names["relu"] == ["conv"] and net.bottom_names["relu"] == ["conv"]
    assert net.params["conv"][0].data.shape == (4, 3, 3, 3)
    assert net.layers[1].blobs[1].data.shape == (4,)


def test_loss_weights_and_splits_are_shown():
    net = caffe.Net.from_text(
        LOSS + "layer { name: 's' type: 'Silence' bottom: 'ip' }", caffe.TRAIN
    )
    assert net.blob_loss_weights["loss"] == 1 and net.blob_loss_weights["ip"] == 0
    assert "ip_ip_0_split" in net._layer_names


def test_the_net_shows_itself_as_a_table(net):
    assert "conv   Convolution" in repr(net) and "2 x 4 x 6 x 6" in repr(net)
    assert net._repr_html_().count("<tr>") == 6
    assert net.multiply_counts["conv"] == 4 * 27 * 36


# Passes.


def test_forward_computes_what_numpy_computes(net, images):
    net.blobs["data"].data[...] = images
    out = net.forward()
    assert list(out) == ["prob"]
    conv = net.blobs["conv"].data.reshape(2, -1)
    ip = conv @ net.params["ip"][0].data.T + net.params["ip"][1].data
    prob = np.exp(ip) / np.exp(ip).sum(1, keepdims=True)
    assert np.allclose(out["prob"], prob, atol=1e-5)


def test_forward_takes_inputs_by_name_and_returns_blobs_by_name(net, images):
    out = net.forward(blobs=["conv"], data=images.astype(np.float64))
    assert set(out) == {"prob", "conv"}
    assert np.array_equal(net.blobs["data"].data, images)
    with pytest.raises(Exception, match="do not match net inputs"):
        net.forward(date=images)
    with pytest.raises(Exception, match="not batch sized"):
        net.forward(data=images[:1])
    with pytest.raises(ValueError, match="did you mean 'conv'"):
        net.forward(end="conf")


def test_forward_can_start_and_end_in_the_middle(net, images):
    out = net.forward(end="relu", data=images)
    assert list(out) == ["conv"]
    net.blobs["conv"].data[...] = 0
    net.forward(start="ip")
    assert np.allclose(net.blobs["ip"].data, net.params["ip"][1].data)


def test_backward_gives_the_gradients_of_the_inputs(images):
    net = caffe.Net.from_text(LOSS, caffe.TRAIN)
    x = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    net.forward(data=x, target=np.zeros((4, 2)))
    diffs = net.backward(diffs=["ip"])
    error = net.blobs["ip"].data / 4
    assert np.allclose(diffs["ip"], error, atol=1e-6)
    assert np.allclose(diffs["data"], error @ net.params["ip"][0].data, atol=1e-6)
    assert np.allclose(net.params["ip"][0].diff, error.T @ x, atol=1e-6)
    held = net.params["ip"][0].diff
    net.clear_param_diffs()
    assert not held.any()


def test_backward_starts_from_given_gradients(net, images):
    text = "force_backward: true\n" + CONV
    net = caffe.Net.from_text(text, caffe.TRAIN)
    net.forward(data=images)
    with pytest.raises(Exception, match="do not match net outputs"):
        net.backward(ip=np.zeros((2, 5)))
    net.backward(prob=np.zeros((2, 5)))
    assert not net.blobs["data"].diff.any()
    net.blobs["ip"].diff[...] = 1
    gradients = net.backward(start="ip", end="conv")
    assert gradients["data"].any()


def test_forward_all_cuts_items_into_batches(net):
    items = np.random.default_rng(0).standard_normal((5, 3, 8, 8)).astype(np.float32)
    everything = net.forward_all(data=items, blobs=["conv"])
    assert everything["prob"].shape == (5, 5) and everything["conv"].shape == (5, 4, 6, 6)
    net.forward(data=items[2:4])
    assert np.allclose(everything["prob"][2:4], net.blobs["prob"].data, atol=1e-6)


def test_forward_backward_all_returns_values_and_gradients():
    net = caffe.Net.from_text("force_backward: true\n" + CONV, caffe.TRAIN)
    items = np.ones((3, 3, 8, 8), np.float32)
    values, gradients = net.forward_backward_all(
        blobs=["ip"], data=items, prob=np.ones((3, 5), np.float32)
    )
    assert values["ip"].shape == (3, 5) and gradients["data"].shape == items.shape


def test_a_reshaped_input_reshapes_the_net(net):
    net.blobs["data"].reshape(1, 3, 8, 8)
    net.reshape()
    assert net.blobs["prob"].shape == (1, 5)
    net.blobs["data"].reshape(7, 3, 8, 8)
    assert net.forward()["prob"].shape == (7, 5)


@pytest.mark.parametrize("name", ["data", "conv", "ip", "prob"])
@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (5, 3, 8, 8), (2, 5), (), (0,)])
def test_a_look_at_any_blob_after_a_change_of_shape_shows_what_the_last_pass_left(net, images, name, shape):
    net.forward(data=images)
    expected = {each: blob.data.copy() for each, blob in net.blobs.items()}
    planned = caffe.Net.from_text(CONV, caffe.TEST)
    planned.share_with(net)
    planned.forward(data=images)
    planned.blobs[name].reshape(*shape)
    for each, blob in planned.blobs.items():
        assert blob.data.shape == blob.shape
        # A blob that outgrows its memory starts at zero.
        if each != name and shape[:1] != (5,):
            assert np.allclose(blob.data, expected[each], atol=1e-5), each
    planned.blobs["data"].reshape(1, 3, 8, 8)
    assert planned.forward(data=images[:1])["prob"].shape == (1, 5)


def test_hooks_see_and_change_what_flows_between_layers(net, images):
    seen = []
    net.before_forward(lambda layer: seen.append(("before", layer)))
    net.after_forward(lambda layer: seen.append(("after", layer)))
    held = net.blobs["conv"].data

    def silence(layer):
        if net._layer_names[layer] == "relu":
            assert net.blobs["conv"].data.min() >= 0 and held.min() >= 0
            net.blobs["conv"].data[...] = 0

    net.after_forward(silence)
    net.forward(data=images)
    assert seen[:4] == [("before", 0), ("after", 0), ("before", 1), ("after", 1)]
    assert np.allclose(net.blobs["ip"].data, net.params["ip"][1].data)


def test_an_exception_in_a_hook_reaches_the_caller_and_the_net_goes_on(net, images):
    fail = [True]

    def hook(layer):
        if fail[0]:
            raise KeyError("mine")

    net.before_forward(hook)
    with pytest.raises(KeyError, match="mine"):
        net.forward(data=images)
    fail[0] = False
    assert net.forward(data=images)["prob"].shape == (2, 5)


# Weights.


@pytest.mark.parametrize("form", ["caffemodel", "h5"])
def test_saved_weights_come_back(net, net_file, tmp_path, form):
    path = str(tmp_path / f"w.{form}")
    net.save(path) if form == "caffemodel" else net.save_hdf5(path)
    other = caffe.Net(str(net_file), caffe.TEST)
    assert not np.array_equal(other.params["ip"][0].data, net.params["ip"][0].data)
    other.copy_from(path) if form == "caffemodel" else other.load_hdf5(path)
    for name in net.params:
        for mine, theirs in zip(net.params[name], other.params[name]):
            assert np.array_equal(mine.data, theirs.data)


def test_shared_weights_are_one_memory(net, net_file):
    other = caffe.Net(str(net_file), caffe.TEST)
    view = other.params["ip"][0].data
    other.share_with(net)
    net.params["ip"][0].data[...] = 3
    assert (other.params["ip"][0].data == 3).all()
    assert not (view == 3).any()


def test_changed_weights_count_in_the_next_pass(net, images):
    before = net.forward(data=images)["prob"].copy()
    weights = net.params["ip"][0].data
    weights[...] = 0
    net.params["ip"][1].data.flat = 0
    after = net.forward(data=images)["prob"].copy()
    assert not np.allclose(before, after) and np.allclose(after, 0.2)
    weights[0] = 1
    assert not np.allclose(net.forward()["prob"], 0.2)


def test_a_net_can_be_built_from_text_and_bytes(net, tmp_path):
    net.save(str(tmp_path / "w"))
    other = caffe.Net.from_text(CONV, caffe.TEST, weights=(tmp_path / "w").read_bytes())
    assert np.array_equal(other.params["ip"][0].data, net.params["ip"][0].data)


def test_a_zero_byte_does_not_cut_a_text_short():
    with pytest.raises(ValueError, match="zero byte"):
        caffe.Net.from_text(CONV + "\0 layer { }", caffe.TEST)


# MemoryData.

MEMORY = """
layer { name: 'data' type: 'MemoryData' top: 'data' top: 'label'
  memory_data_param { batch_size: 2 channels: 1 height: 2 width: 3 } }
"""


def test_input_arrays_are_read_where_they_are():
    net = caffe.Net.from_text(MEMORY, caffe.TRAIN)
    data = np.arange(24, dtype=np.float32).reshape(4, 1, 2, 3)
    net.set_input_arrays(data, np.arange(4, dtype=np.float32))
    net.forward()
    assert np.array_equal(net.blobs["data"].data, data[:2])
    data[2:] = 7
    net.forward()
    assert (net.blobs["data"].data == 7).all()
    assert list(net.blobs["label"].data.flat) == [2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.astype(np.float64), "must be float32"),
        (lambda d: d[:, :, ::-1], "must be C contiguous"),
        (lambda d: d.reshape(4, 6), "must be 4-d"),
        (lambda d: d.reshape(4, 1, 3, 2), "wrong height"),
        (lambda d: d[:3], "same first dimension"),
    ],
)
def test_input_arrays_of_another_form_are_refused(change, message):
    net = caffe.Net.from_text(MEMORY, caffe.TRAIN)
    data = np.zeros((4, 1, 2, 3), np.float32)
    with pytest.raises(RuntimeError, match=message):
        net.set_input_arrays(change(data), np.zeros(4, np.float32))


def test_only_a_net_that_begins_with_memory_data_takes_arrays(net):
    with pytest.raises(RuntimeError, match="first layer is a MemoryDataLayer"):
        net.set_input_arrays(np.zeros((2, 3, 8, 8), np.float32), np.zeros(2, np.float32))


def test_a_look_at_values_that_a_pass_left_out_calls_no_hooks(net, images):
    net.forward(data=images)
    called = []
    net.before_forward(called.append)
    assert net.blobs["conv"].data.any() and not called
    net.forward()
    assert called == [0, 1, 2, 3, 4]


def test_a_net_that_runs_itself_without_end_is_an_exception(net, images):
    net.before_forward(lambda layer: net.forward())
    failed = []

    def run(_):
        try:
            net.forward(data=images)
        except RuntimeError as error:
            failed.append(str(error))

    run_in_threads(run, [0])
    run(0)
    assert len(failed) == 2 and all("without end" in message for message in failed)


# Life and threads.


def test_views_and_blobs_survive_their_net():
    net = caffe.Net.from_text(CONV, caffe.TEST)
    view, blob = net.blobs["data"].data, net.params["conv"][0]
    view[...] = 5
    del net
    gc.collect()
    assert (view == 5).all() and blob.data.shape == (4, 3, 3, 3)
    blob.data[...] = 1


def test_an_old_view_of_a_blob_that_grew_can_still_be_read_and_written(net):
    old = net.blobs["data"].data
    old[...] = 4
    net.blobs["data"].reshape(500, 3, 8, 8)
    net.forward()
    old[...] = 6
    assert (old == 6).all() and net.blobs["data"].data.shape == (500, 3, 8, 8)


def resident_kilobytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's figures")
def test_nets_that_come_and_go_leave_no_memory_behind(images):
    def cycle(count):
        for _ in range(count):
            net = caffe.Net.from_text(CONV, caffe.TEST)
            net.blobs["data"].data[...] = images
            net.forward()
            net.params["ip"][0].diff[...] = 1
        gc.collect()

    cycle(300)
    before = resident_kilobytes()
    cycle(300)
    assert resident_kilobytes() - before < 2000


def test_other_threads_run_while_a_net_does():
    text = """
    layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 64 dim: 256 dim: 256 } } }
    layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
      convolution_param { num_output: 64 kernel_size: 5 pad: 2 } }
    """
    net = caffe.Net.from_text(text, caffe.TEST)
    net.forward()
    ticks = []
    running = threading.Event()
    running.set()

    def tick():
        while running.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    for _ in range(5):
        net.forward()
    end = time.perf_counter()
    running.clear()
    thread.join()
    assert sum(begin < t < end for t in ticks) > 3


def run_in_threads(function, arguments):
    threads = [threading.Thread(target=function, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_nets_run_in_threads_of_their_own_also_when_they_share_weights(net, images):
    sharing = caffe.Net.from_text(CONV, caffe.TEST)
    sharing.share_with(net)
    alone = caffe.Net.from_text(CONV, caffe.TEST)
    expected = {n: n.forward(data=images)["prob"].copy() for n in (net, sharing, alone)}
    equal = []

    def run(which):
        for _ in range(50):
            equal.append(np.array_equal(which.forward()["prob"], expected[which]))

    run_in_threads(run, (net, sharing, alone))
    assert len(equal) == 150 and all(equal)


def test_threads_take_turns_with_one_net(net, images):
    losses = []

    def run(_):
        for _ in range(50):
            losses.append(net._forward(0, len(net.layers) - 1))
            assert net.blobs["conv"].data.shape == (2, 4, 6, 6)

    run_in_threads(run, range(3))
    assert len(losses) == 150


def test_each_thread_gets_the_results_of_its_own_call(net):
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((2, 3, 8, 8)).astype(np.float32) for _ in range(4)]
    expected = [net.forward(blobs=["conv"], data=x) for x in inputs]
    wrong = []

    def run(which):
        for _ in range(40):
            found = net.forward(blobs=["conv"], data=inputs[which])
            everything = net.forward_all(data=inputs[which])
            for name, values in expected[which].items():
                if not np.array_equal(found[name], values) or not np.array_equal(everything["prob"], expected[which]["prob"]):
                    wrong.append((which, name))

    run_in_threads(run, range(4))
    assert not wrong


def test_blobs_are_named_by_any_list(net, images):
    for names in (["conv"], ("conv",), np.array(["conv", "ip"]), iter(["conv"]), {"conv": 1}):
        assert "conv" in net.forward(data=images, blobs=names)


@pytest.mark.skipif(sys.platform != "linux", reason="limits differ")
def test_a_shape_for_which_there_is_no_memory_is_an_exception():
    program = f"""
import resource
import caffe
net = caffe.Net.from_text({LARGE!r}, caffe.TEST)
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
net.blobs["x"].reshape(100, 3, 1000, 1000)
try:
    net.reshape()
except RuntimeError as error:
    print(error)
net.blobs["x"].reshape(1, 3, 24, 24)
print(net.forward()["p"].shape)
"""
    environment = {**os.environ, "PYTHONPATH": str(PYTHON)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "would take 3187212800" in run.stdout and "the system has not that much memory" in run.stdout
    assert run.stdout.endswith("(1, 8, 1, 1)\n")


@pytest.fixture
def hasty_threads():
    """Python changes threads as often as it can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_a_pass_that_is_interrupted_leaves_the_net_to_other_threads(net, images):
    class Interruption(Exception):
        pass

    def interrupt(*_):
        raise Interruption

    before = signal.signal(signal.SIGALRM, interrupt)
    interruptions = 0
    try:
        for delay in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-5 + delay * 1e-6)
                for _ in range(50):
                    net.forward(data=images)
            except Interruption:
                interruptions += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            other = threading.Thread(target=net.forward, kwargs={"data": images}, daemon=True)
            other.start()
            other.join(30)
            assert not other.is_alive()
    except Interruption:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interruptions > 30


LARGE = """
layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 dim: 24 dim: 24 } } }
layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'
  convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: 'xavier' } } }
layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }
layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' pooling_param { pool: AVE global_pooling: true } }
"""


def run_for_a_second(*functions):
    end = time.monotonic() + 1
    problems = []

    def run(function):
        try:
            while time.monotonic() < end:
                function()
        except Exception as problem:
            problems.append(problem)

    run_in_threads(run, functions)
    assert not problems


def test_arrays_are_taken_while_other_threads_change_their_shapes(hasty_threads):
    net = caffe.Net.from_text(LARGE, caffe.TEST)

    def reshape():
        for batch in (1, 2, 5, 3, 8):
            net.blobs["x"].reshape(batch, 3, 24, 24)
            net.reshape()

    def read():
        for name, channels in (("x", 3), ("c", 8)):
            assert net.blobs[name].shape[1] == channels and net.blobs[name].data.shape[1] == channels
            net.blobs[name].data.sum()

    run_for_a_second(reshape, read, read, read, net.forward)


@pytest.mark.parametrize("phase", [caffe.TRAIN, caffe.TEST])
def test_a_call_gets_its_results_while_other_threads_look_at_everything(hasty_threads, phase):
    net = caffe.Net.from_text("force_backward: true" + LARGE, phase)
    x = np.random.default_rng(0).standard_normal((4, 3, 24, 24)).astype(np.float32)
    net.blobs["x"].reshape(4, 3, 24, 24)
    expected = net.forward(x=x, blobs=["c"])
    wrong = []

    def forward():
        found = net.forward(x=x, blobs=["c"])
        wrong.extend(name for name in found if not np.array_equal(found[name], expected[name]))

    def read():
        for blob in net.blobs.values():
            blob.data.sum(), blob.diff.sum()

    run_for_a_second(forward, net.clear_param_diffs, read, lambda: net.params["c"][0].data.sum())
    assert not wrong


def test_a_python_layers_net_can_be_fed_by_another_thread_meanwhile(net, images):
    # The hook feeds the net that runs it: one lock for both, or the threads would wait for each other.
    def hook(layer):
        if layer == 4 and depth[0] < 2:
            depth[0] += 1
            net.forward(data=images)
            depth[0] -= 1

    depth = [0]
    net.before_forward(hook)
    threads = [threading.Thread(target=lambda: [net.forward(data=images) for _ in range(20)], daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_the_seed_makes_fillers_repeatable():
    def weights():
        return caffe.Net.from_text(CONV, caffe.TEST).params["conv"][0].data.copy()

    caffe.set_random_seed(5)
    first, second = weights(), weights()
    caffe.set_random_seed(5)
    again = weights()
    assert np.array_equal(first, again) and not np.array_equal(first, second)


@pytest.fixture
def any_precision():
    yield
    caffe.set_precision(None)


def _has_bfloat16():
    try:
        cpu = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in cpu


@pytest.mark.skipif(not _has_bfloat16(), reason="this processor has no instructions for bfloat16")
def test_nets_compute_in_bfloat16_if_told_to(net_file, images, any_precision):
    results = []
    for precision in (None, "f32", "bf16"):
        caffe.set_precision(precision)
        caffe.set_random_seed(1)
        net = caffe.Net(str(net_file), caffe.TEST)
        net.blobs[net.inputs[0]].data[...] = images
        results.append(np.concatenate([v.ravel().copy() for v in net.forward().values()]))
    exact, told, narrow = results
    assert np.array_equal(exact, told)
    assert not np.array_equal(exact, narrow)
    assert np.abs(exact - narrow).max() < 2e-2 * np.abs(exact).max()


def test_training_in_bfloat16_is_refused(net_file, any_precision):
    caffe.set_precision("bfloat16")
    with pytest.raises(RuntimeError, match="float32 only"):
        caffe.Net(str(net_file), caffe.TRAIN)


def test_an_unknown_precision_is_refused():
    with pytest.raises(RuntimeError, match="no such precision: 'half'\n.*'f32' or 'bf16'"):
        caffe.set_precision("half")


def test_the_reference_engine_computes_if_told_to(net_file, images):
    results = []
    try:
        for engine in ("reference", "onednn", None):
            caffe.set_engine(engine)
            caffe.set_random_seed(1)
            net = caffe.Net(str(net_file), caffe.TEST)
            net.blobs[net.inputs[0]].data[...] = images
            results.append(np.concatenate([v.ravel().copy() for v in net.forward().values()]))
    finally:
        caffe.set_engine(None)
    reference, fast, best = results
    assert np.array_equal(fast, best)
    assert np.allclose(reference, fast, rtol=1e-4, atol=1e-5)


def test_an_unknown_engine_is_refused():
    with pytest.raises(RuntimeError, match="no such engine: 'cudnn'\n.*'reference' or 'oneDNN'"):
        caffe.set_engine("cudnn")


def test_asking_for_a_gpu_warns_and_computes_on_the_processor(net, images):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        caffe.set_mode_gpu()
        caffe.set_device(0)
    assert any("processor" in str(w.message) for w in caught)
    caffe.set_mode_cpu()
    assert net.forward(data=images)["prob"].shape == (2, 5)
