"""What the examples share: where things are, the command line, the digits, and the text of a solver."""

import argparse
import gzip
import importlib.util
import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]

# Solvers log every step of setting up. Only errors are of interest here.
os.environ.setdefault("GLOG_minloglevel", "2")

# Where caffe is not installed, the package of this clone serves.
if importlib.util.find_spec("caffe") is None:
    sys.path.insert(0, str(ROOT / "python"))

from caffe.proto import caffe_pb2  # noqa: E402


def parser(about, name, iterations=None):
    """A command line with `--out` and, for what trains, `--iterations`."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--out",
        type=_folder,
        default=ROOT / "output" / "python" / name,
        help="the folder for pictures and files (output/python/%s)" % name,
    )
    if iterations is not None:
        made.add_argument(
            "--iterations",
            type=int,
            default=iterations,
            help="the number of training steps (%(default)s)",
        )
    return made


def _folder(name):
    return Path(name)


def digits(part, count):
    """The first `count` images of MNIST, count×1×28×28 from 0 to 1, and what they show.

    `part` is 'train' (60,000 images) or 't10k' (10,000).
    """
    folder = ROOT / "Examples" / "mnist" / "data"
    # A header of 16 and of 8 bytes, then one byte for each pixel or label.
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(16 + count * 784), np.uint8, offset=16)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(8 + count), np.uint8, offset=8)
    return pixels.reshape(count, 1, 28, 28).astype(np.float32) / 256, labels.astype(np.float32)


def write(path, content):
    """Writes a net or a solver as prototxt, and gives the name of the file as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(content))
    return str(path)


def solver(net, **settings):
    """The settings of a solver: stochastic gradient descent with momentum, unless they say otherwise."""
    defaults = dict(base_lr=0.01, momentum=0.9, lr_policy="fixed", random_seed=1, max_iter=100000)
    return caffe_pb2.SolverParameter(train_net=net, **{**defaults, **settings})
