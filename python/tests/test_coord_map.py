"""Tests of maps between the pixels of blobs."""

import numpy as np
import pytest

import caffe
from caffe import layers as L
from caffe import params as P
from caffe.coord_map import (
    AxisMismatchException,
    UndefinedMapException,
    compose,
    coord_map,
    coord_map_from_to,
    crop,
    inverse,
)


def spec(pool=2, stride=2, pad=0, deconvolution_pad=0):
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[1, 1, 100, 100]))
    n.conv = L.Convolution(n.data, num_output=1, kernel_size=3, pad=pad)
    n.pool = L.Pooling(n.conv, pool=P.Pooling.MAX, kernel_size=pool, stride=pool)
    n.score = L.Deconvolution(n.pool, kernel_size=2 * stride, stride=stride, pad=deconvolution_pad)
    return n


def test_a_convolution_scales_by_its_stride():
    axis, scale, shift = coord_map(L.Convolution(kernel_size=5, stride=2, pad=1).fn)
    assert (axis, scale, shift) == (1, 0.5, -0.5)
    assert coord_map(L.Deconvolution(kernel_size=4, stride=2, pad=1).fn) == (1, 2, 0.5)
    assert coord_map(L.Convolution(kernel_size=3, dilation=2).fn)[2] == -2


def test_settings_for_each_axis_give_a_map_for_each():
    _, scale, shift = coord_map(L.Pooling(kernel_h=3, kernel_w=5, stride_h=1, stride_w=2).fn)
    assert list(scale) == [1, 0.5] and list(shift) == [-1, -1]


def test_a_crop_moves_against_its_offset():
    assert coord_map(L.Crop(axis=2, offset=5).fn) == (1, 1, -5)


def test_neuron_layers_keep_places():
    n = spec()
    n.relu = L.ReLU(n.score)
    assert coord_map_from_to(n.relu, n.data) == coord_map_from_to(n.score, n.data)


def test_composition_and_inverse_undo_each_other():
    a_map = (1, np.array([0.5]), np.array([3.0]))
    assert compose(a_map, inverse(a_map)) == (1, 1, 0)
    with pytest.raises(AxisMismatchException):
        compose((1, 1, 0), (2, 1, 0))


def test_padding_moves_a_map():
    for pad in range(4):
        n = spec(pad=pad)
        assert coord_map_from_to(n.score, n.data) == (1, 1, -pad)
        n = spec(deconvolution_pad=pad)
        assert coord_map_from_to(n.score, n.data) == (1, 1, pad)


def test_crop_writes_the_offset():
    n = spec(pad=10)
    layer = crop(n.score, n.data).to_proto().layer[-1]
    assert (layer.crop_param.axis, list(layer.crop_param.offset)) == (2, [10])


def test_crop_refuses_what_does_not_fit():
    n = spec(pool=3)
    with pytest.raises(AssertionError, match="scale mismatch on crop"):
        crop(n.score, n.data)
    n = spec(deconvolution_pad=10)
    with pytest.raises(AssertionError, match="cannot crop negative offset"):
        crop(n.score, n.data)
    n = spec(pad=1)
    n.even = L.Convolution(n.score, kernel_size=2, pad=1)
    with pytest.raises(AssertionError, match="cannot crop noninteger offset"):
        crop(n.even, n.data)


def test_layers_that_keep_no_places_connect_nothing():
    n = spec()
    n.ip = L.InnerProduct(n.score, num_output=1)
    with pytest.raises(RuntimeError, match="Could not compute map between tops"):
        coord_map_from_to(n.ip, n.data)
    with pytest.raises(UndefinedMapException):
        coord_map(L.Pooling(global_pooling=True).fn)
