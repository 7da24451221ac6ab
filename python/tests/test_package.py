"""Tests of what the package has to offer."""

import pathlib

import caffe


def test_names_that_scripts_use_are_there():
    for name in caffe.__all__:
        assert hasattr(caffe, name), name
    assert caffe.__version__ == "1.0.0"
    assert (caffe.TRAIN, caffe.TEST) == (0, 1)
    assert (
        caffe.proto.caffe_pb2.NetParameter
        and caffe.net_spec.Top
        and caffe.classifier
        and caffe.detector
    )


def test_the_package_says_that_it_has_types():
    assert pathlib.Path(caffe.__file__).with_name("py.typed").exists()
