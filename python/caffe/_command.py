"""What the scripts beside the package share."""

import argparse
import codecs
import csv
import os
import pathlib
import sys
from typing import Callable, Optional

import numpy as np
from google.protobuf.message import DecodeError

from . import _caffe, io

_PACKAGE = pathlib.Path(__file__).parent
_REFERENCE_NET = _PACKAGE.parent.parent / "models" / "bvlc_reference_caffenet"
_IMAGENET_MEAN = _PACKAGE / "imagenet" / "ilsvrc_2012_mean.npy"


def run(main: Callable[[], None]) -> None:
    """Runs a script; a mistake of its user ends it with one line and status 1."""
    try:
        main()
    except (AssertionError, ImportError, IndexError, OSError, RuntimeError, ValueError, csv.Error) as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")


def read_text(path: str) -> str:
    """The text in a file or a pipe, without the byte order mark that some editors write."""
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError(f"{path}: it is in UTF-16; save it in UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: it is not UTF-8; save it in that encoding.") from None


def numbers(text: str) -> list[int]:
    """An argument's list of whole numbers: '2,1,0'; none in ''."""
    return [int(part) for part in text.split(",") if part.strip()]


def add_net_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that name a net and say how images become its input."""
    add = parser.add_argument
    add("--model_def", default=str(_REFERENCE_NET / "deploy.prototxt"), help="The net (.prototxt).")
    add(
        "--pretrained_model",
        default=str(_REFERENCE_NET / "bvlc_reference_caffenet.caffemodel"),
        help="Its weights (.caffemodel).",
    )
    add("--gpu", action="store_true", help="Compute on the GPU.")
    add(
        "--mean_file",
        default=str(_IMAGENET_MEAN),
        help="The mean to subtract, channels × height × width (.npy or .binaryproto); '' for none.",
    )
    add("--input_scale", type=float, help="A factor for values after the mean is subtracted.")
    add(
        "--raw_scale",
        type=float,
        default=255.0,
        help="A factor for values, from 0 to 1, before that.",
    )
    add(
        "--channel_swap",
        type=numbers,
        default="2,1,0",
        help="The order of the image's channels in the input; 2,1,0 makes BGR of RGB.",
    )


def read_mean(path: str) -> Optional[np.ndarray]:
    """The mean in a file, float64."""
    if not path:
        return None
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"{path}: no such mean file; name yours by --mean_file, or '' for none."
        )
    try:
        if path.endswith(".npy"):
            return np.load(path).astype(float)
        with open(path, "rb") as file:
            blob = io.caffe_pb2.BlobProto.FromString(file.read())
        if not (blob.data or blob.double_data):
            raise ValueError("there are no numbers in it")
        return io.blobproto_to_array(blob).squeeze()
    except (DecodeError, EOFError, ValueError) as error:
        raise ValueError(f"{path}: it is no mean (.npy or .binaryproto): {error}") from None


def choose_mode(gpu: bool) -> None:
    """Sets where nets run, and says so."""
    (_caffe.set_mode_gpu if gpu else _caffe.set_mode_cpu)()
    print("GPU mode" if gpu else "CPU mode")
