"""Blobs: arrays over the memory of the net."""

import numpy as np
import pytest

import caffe


@pytest.fixture
def net():
    return caffe.Net.from_text(
        "layer { name: 'd' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 dim: 4 } } }"
        "layer { name: 'p' type: 'Power' bottom: 'x' top: 'y' power_param { scale: 2 } }"
        "layer { name: 'r' type: 'Reduction' bottom: 'y' top: 'sum' }",
        caffe.TRAIN,
    )


def test_data_and_diff_are_writeable_float32_arrays_in_c_order(net):
    for array in (net.blobs["x"].data, net.blobs["x"].diff):
        assert array.dtype == np.float32 and array.flags.c_contiguous and array.flags.writeable
        assert array.shape == (2, 3, 4) and not array.any()


def test_every_way_to_assign_reaches_the_net(net):
    x = net.blobs["x"]
    x.data[...] = 1
    x.data[0] = 2
    x.data[1].flat = np.arange(12)
    x.data.flat[0] = -1
    x.data[:, 1] += 1
    expected = np.concatenate([np.full((1, 3, 4), 2), np.arange(12).reshape(1, 3, 4)]).astype(float)
    expected[0, 0, 0] = -1
    expected[:, 1] += 1
    assert np.array_equal(net.forward(blobs=["y"])["y"], 2 * expected)


def test_a_view_that_a_script_keeps_is_live_both_ways(net):
    x, y = net.blobs["x"].data, net.blobs["y"].data
    for value in (1, 5, -3):
        x[...] = value
        net.forward()
        assert (y == 2 * value).all()


def test_a_view_of_a_view_is_live_too(net):
    row = net.blobs["x"].data[1, 2]
    row[...] = 4
    net.forward()
    assert net.blobs["y"].data.sum() == 2 * 4 * 4


def test_a_large_view_stays_live_although_the_engine_keeps_a_layout_of_its_own():
    net = caffe.Net.from_text(
        "layer { name: 'd' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 16 dim: 40 dim: 40 } } }"
        "layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'a'"
        "  convolution_param { num_output: 32 kernel_size: 3 weight_filler { type: 'constant' value: 1 } } }"
        "layer { name: 'b' type: 'Convolution' bottom: 'a' top: 'b'"
        "  convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: 'constant' value: 1 } } }",
        caffe.TEST,
    )
    held = net.blobs["a"].data
    part = net.blobs["b"].data[0, 3]
    for value in (1, 2):
        net.blobs["x"].data[...] = value
        net.forward()
        assert np.allclose(held, value * 144) and np.allclose(part, value * 144 * 288)
        assert net.blobs["a"].data is held
    # Changed in the middle, the rest of the net follows.
    held[...] = 1
    net.forward(start="b")
    assert np.allclose(part, 288)


def test_parameters_written_between_two_passes_count_whenever_their_array_was_taken():
    net = caffe.Net.from_text(
        "layer { name: 'd' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 16 dim: 8 dim: 8 } } }"
        "layer { name: 'a' type: 'Convolution' bottom: 'x' top: 'a' convolution_param {"
        "  num_output: 32 kernel_size: 1 bias_term: false weight_filler { type: 'constant' value: 1 } } }"
        "layer { name: 'bn' type: 'BatchNorm' bottom: 'a' top: 'a' batch_norm_param { eps: 0 } }"
        "layer { name: 's' type: 'Scale' bottom: 'a' top: 'a' scale_param { bias_term: true } }",
        caffe.TEST,
    )
    weights, (mean, variance, factor) = net.params["a"][0].data, (blob.data for blob in net.params["bn"])
    scale, shift = (blob.data for blob in net.params["s"])
    net.blobs["x"].data[...] = 1
    variance[...], factor[...] = 4, 1

    def check():
        for _ in range(2):
            expected = (weights.sum(axis=(1, 2, 3)) - mean) / 2 * scale + shift
            assert np.allclose(net.forward()["a"], expected[:, None, None])

    check()
    for array in (weights, mean, scale, shift):
        array[3] = 5
        check()
        array[3] = 5
        check()
        array[3] = 6
        check()


def test_the_shape_reads_as_a_sequence_and_by_the_old_names(net):
    x = net.blobs["x"]
    assert list(x.shape) == [2, 3, 4] and x.shape[-1] == 4 and len(x.shape) == 3
    assert (x.num, x.channels, x.height, x.width, x.count) == (2, 3, 4, 1, 24)
    assert net.blobs["sum"].data.shape == () and net.blobs["sum"].count == 1
    x.reshape(1, 1, 1, 1, 2)
    with pytest.raises(RuntimeError, match="at most 4 axes"):
        x.num  # noqa: B018


def test_reshape_keeps_values_and_takes_numbers_only(net):
    x = net.blobs["x"]
    x.data[...] = np.arange(24).reshape(2, 3, 4)
    x.reshape(6, 4)
    assert np.array_equal(x.data, np.arange(24).reshape(6, 4))
    x.reshape()
    assert x.data.shape == ()
    x.reshape(np.int64(2), 3, 4)
    with pytest.raises(TypeError):
        x.reshape(num=1)
    with pytest.raises(RuntimeError, match="dimension"):
        x.reshape(-1, 3)
    with pytest.raises(RuntimeError, match="INT_MAX"):
        x.reshape(1 << 20, 1 << 20)


def test_data_itself_cannot_be_replaced(net):
    with pytest.raises(AttributeError):
        net.blobs["x"].data = np.zeros((2, 3, 4))


def test_a_blob_is_an_array_for_numpy_and_dlpack(net):
    x = net.blobs["x"]
    x.data[...] = 3
    assert np.asarray(x).sum() == 72 and np.add(x, 1).sum() == 96
    if hasattr(np, "from_dlpack"):
        shared = np.from_dlpack(x)
        x.data[...] = 4
        assert (shared == 4).all()


def test_a_scalar_loss_reads_as_a_number(net):
    net.blobs["x"].data[...] = 1
    net.forward()
    assert float(net.blobs["sum"].data) == 48


def test_a_blob_shows_itself_as_a_table(net):
    x = net.blobs["x"]
    x.data[...] = [[[1], [2], [3]]]
    assert repr(x) == "<caffe.Blob 2 x 3 x 4>"
    assert "<td>1</td><td>2</td><td>3</td>" in x._repr_html_()
    x.reshape(0)
    assert "<th>data</th></tr>" in x._repr_html_()
