"""Numbers, names and objects that cannot be are exceptions, and nothing happens."""

import ctypes

import numpy as np
import pytest

import caffe
from caffe import _library as lib

pytestmark = pytest.mark.needs_library

NET = """
force_backward: true
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 } } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'
  inner_product_param { num_output: 4 weight_filler { type: 'xavier' } } }
layer { name: 'prob' type: 'Softmax' bottom: 'ip' top: 'prob' }
"""

HUGE = [2**63, 2**64 + 3, -(2**63) - 1]
NO_NUMBERS = [None, "1", 1.5, [1], object()]


@pytest.fixture
def net():
    return caffe.Net.from_text(NET, caffe.TRAIN)


@pytest.mark.parametrize(("start", "end"), [(0, 99), (-1, 2), (0, 3), (3, 3), (2, 1), (2**31, 2**32)])
def test_layers_that_are_not_there_do_not_run(net, start, end):
    with pytest.raises(RuntimeError, match="no layer|behind"):
        net._forward(start, end)
    with pytest.raises(RuntimeError, match="no layer|behind"):
        net._backward(end if end < start else start, start if end < start else end)


def test_a_backward_pass_over_layers_that_are_not_there_is_an_exception(net):
    for start, end in ((1, -3), (99, 0), (0, 1)):
        with pytest.raises(RuntimeError, match="no layer|behind"):
            net._backward(start, end)
    assert net._forward(1, 1) == 0


@pytest.mark.parametrize("number", HUGE + NO_NUMBERS)
def test_what_is_no_number_or_too_large_is_refused_everywhere(net, number, tmp_path):
    wrong = pytest.raises((TypeError, ValueError))
    for call in (
        lambda: net._forward(0, number),
        lambda: net._backward(number, 0),
        lambda: net.blobs["data"].reshape(number, 3),
        lambda: caffe.set_random_seed(2**64 if number == 2**63 else number),
        lambda: caffe.set_solver_count(number),
        lambda: caffe.set_solver_rank(number),
        lambda: caffe._caffe.resize_image_u8(np.zeros((4, 4, 3), np.uint8), number, 4),
    ):
        with wrong:
            call()
    if number is not None:
        with wrong:
            caffe.init_log(number)
        with wrong:
            caffe.Net.from_text(NET, number)
    with wrong:
        caffe.Net.from_text(NET, caffe.TEST, level=number)


def test_numbers_of_numpy_are_numbers(net):
    net.blobs["data"].reshape(np.int32(5), np.uint8(3))
    assert net._forward(np.int64(0), np.int16(2)) == 0
    assert net.blobs["prob"].shape == (5, 4)


@pytest.mark.parametrize("dims", [(-1, 3), (2**31, 1), (2**20, 2**20), (2**62, 4), (1,) * 33, (1,) * 100])
def test_shapes_that_cannot_be_leave_the_blob_as_it_is(net, dims):
    with pytest.raises((RuntimeError, ValueError)):
        net.blobs["data"].reshape(*dims)
    assert net.blobs["data"].shape == (2, 3)


def test_names_of_layers_and_blobs_are_asked_for(net):
    with pytest.raises(TypeError, match="start is the name of a layer, not 1"):
        net.forward(start=1)
    with pytest.raises(TypeError, match="end is the name of a layer"):
        net.backward(end=0)
    with pytest.raises(TypeError, match="list of names"):
        net.forward(blobs="prob")
    with pytest.raises(KeyError, match="did you mean 'prob'"):
        net.forward(blobs=["porb"])
    with pytest.raises(KeyError, match="no blob 3"):
        net.backward(diffs=[3])
    with pytest.raises(RuntimeError, match="'prob'. lies behind layer 1"):
        net.forward(start="prob", end="ip")


def test_objects_of_another_kind_are_refused(net, tmp_path):
    for other in (None, 3, net.blobs["data"], net.layers[0], "net"):
        with pytest.raises(TypeError):
            net.share_with(other)
    for phase in (2, -1):
        with pytest.raises(RuntimeError, match="caffe.TEST"):
            caffe.Net.from_text(NET, phase)
    with pytest.raises(TypeError):
        caffe.Net(0, caffe.TEST)  # 0 would be the standard input
    with pytest.raises(RuntimeError, match="Could not open file"):
        caffe.Net(str(tmp_path), caffe.TEST)


def test_the_library_itself_looks_at_handles_and_addresses(net):
    blob = net.blobs["data"]._handle
    for call, arguments in (
        (lib.net_forward, (None, 0, 1, None)),
        (lib.net_forward, (blob, 0, 1, ctypes.addressof(ctypes.c_float()))),
        (lib.net_forward, (net._handle, 0, 1, None)),
        (lib.net_copy_from, (net._handle, None, None)),
        (lib.net_save, (net._handle, None, False)),
        (lib.net_share_with, (net._handle, blob, None)),
        (lib.net_add_hook, (net._handle, 9, 0, lib.HookFunction(lambda a, b: 0))),
        (lib.net_set_input_arrays, (net._handle, None, 5, None, -1, False)),
        (lib.net_unpack, (None, 9, None)),
        (lib.blob_reshape, (blob, None, 3)),
        (lib.blob_reshape, (net._handle, (ctypes.c_ssize_t * 1)(3), 1)),
        (lib.solver_step, (net._handle, 1)),
        (lib.solver_step, (None, 1)),
        (lib.solver_create, (None, None, None)),
        (lib.layer_reshape, (net._handle,)),
        (lib.image_decode, (None, 7, True, None, None)),
        (lib.image_resize, (None, 1 << 40, 1 << 40, 3, 2, 2, None)),
        (lib.image_write, (b"x.png", None, 2, 2, 3)),
        (lib.draw_net, (None, None, None, 0, False, None, None)),
        (lib.log, (None,)),
    ):
        with pytest.raises(RuntimeError):
            lib.check(call(*arguments))
    assert lib.net_blob(net._handle, 99) is None and lib.net_layer(net._handle, -1) is None
    assert lib.blob_shape(None, lib.Extents()) == -2 and lib.blob_view(net._handle, False, 0, None) == -2
    assert lib.solver_net(blob) is None and lib.net_describe(None) is None


def test_a_deleted_object_is_an_exception(net):
    blob, layer = net.blobs["data"], net.layers[1]
    for thing in (blob, layer, net):
        thing.__del__()
        thing.__del__()
    for call in (
        lambda: blob.data,
        lambda: blob.shape,
        lambda: blob.reshape(1),
        lambda: layer.reshape([], []),
        lambda: net.forward(),
        lambda: net.save("x"),
    ):
        with pytest.raises((RuntimeError, AttributeError)):
            call()
    with pytest.raises(AttributeError, match="never been built"):
        caffe.Net.__new__(caffe.Net).forward()


def test_a_net_that_is_built_a_second_time_is_the_second_net(net, tmp_path):
    (tmp_path / "net.prototxt").write_text(NET.replace("num_output: 4", "num_output: 7"))
    assert net.forward()["prob"].shape == (2, 4)
    net.__init__(str(tmp_path / "net.prototxt"), caffe.TEST)
    assert net.forward()["prob"].shape == (2, 7) and net.phase == caffe.TEST


def test_a_parameter_keeps_its_size(net):
    weights = net.params["ip"][0]
    with pytest.raises(RuntimeError, match="as many values as it has"):
        weights.reshape(4, 4)
    weights.reshape(3, 4)
    assert weights.data.shape == (3, 4)
    net.forward()


def test_gradients_need_a_forward_pass_over_the_present_shapes(net):
    net.forward()
    net.backward()
    for name in ("data", "ip", "prob"):
        net.blobs[name].reshape(7, 5)
        with pytest.raises(RuntimeError, match="Run forward first"):
            net.backward()
        net.blobs["data"].reshape(4, 3)
        net.forward()
        net.backward()
    net.blobs["data"].reshape(1, 3)
    net.forward(end="ip")
    net.backward(start="ip")
    with pytest.raises(RuntimeError, match="Run forward first"):
        net.backward(start="prob")
    net.reshape()
    net.backward()


def test_shapes_do_not_change_while_gradients_are_computed(net):
    net.forward()
    net.before_backward(lambda layer: net.blobs["prob"].reshape(9))
    with pytest.raises(RuntimeError, match="while gradients are computed"):
        net.backward()


def test_items_and_gradients_must_be_as_many(net):
    with pytest.raises(Exception, match="do not match"):
        net.forward_all()
    with pytest.raises(ValueError, match="different numbers of items"):
        net.forward_backward_all(data=np.zeros((4, 3)), prob=np.zeros((3, 4)))


def test_pictures_are_whole_numbers_from_0_to_255(tmp_path):
    path = str(tmp_path / "x.png")
    for pixels in (np.full((2, 2, 3), 0.5), np.full((2, 2, 3), 256), np.full((2, 2, 3), -1), "pixels"):
        with pytest.raises(TypeError, match="from 0 to 255"):
            caffe._caffe.write_image(path, pixels)
    caffe._caffe.write_image(path, np.full((2, 2, 3), 255))
    with pytest.raises(RuntimeError, match="cannot write"):
        caffe._caffe.write_image(str(tmp_path / "none" / "x.png"), np.zeros((2, 2, 3), np.uint8))
