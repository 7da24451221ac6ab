"""Tests of what the package has to offer."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from conftest import PYTHON

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


def test_the_mean_of_imagenet_is_where_scripts_look_for_it():
    mean = np.load(pathlib.Path(caffe.__file__).parent / "imagenet" / "ilsvrc_2012_mean.npy")
    assert mean.shape == (3, 256, 256)
    assert np.allclose(mean.mean(1).mean(1), [104.007, 116.669, 122.679], atol=1e-3)


def test_a_picture_is_written_with_one_or_three_channels(tmp_path):
    path = str(tmp_path / "picture.png")
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    caffe._caffe.write_image(path, pixels)
    assert np.array_equal(caffe._caffe.decode_image(path), pixels)
    with pytest.raises(ValueError, match="H x W x 3"):
        caffe._caffe.write_image(path, np.zeros((2, 4, 4)))


@pytest.mark.skipif(sys.platform != "linux", reason="GNU OpenMP is Linux'")
def test_idle_threads_spin_for_a_moment_only_unless_the_environment_says_otherwise():
    program = "import caffe, os; caffe.layer_type_list(); print(os.environ.get('GOMP_SPINCOUNT'))"
    environment = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    environment.update(OMP_DISPLAY_ENV="verbose", PYTHONPATH=str(PYTHON))
    for given, spins in (({}, "30000"), ({"GOMP_SPINCOUNT": "77"}, "77"), ({"OMP_WAIT_POLICY": "passive"}, "0")):
        run = subprocess.run(
            [sys.executable, "-c", program], env={**environment, **given}, capture_output=True, text=True, check=True
        )
        assert f"GOMP_SPINCOUNT = '{spins}'" in run.stderr, run.stderr
        assert run.stdout.split() == [str(given.get("GOMP_SPINCOUNT"))]
