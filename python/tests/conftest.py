"""What the tests share: the package, or its pure-Python half where the library is not built."""

import pathlib
import signal
import struct
import sys
import types
import zlib

import numpy as np
import pytest

PYTHON = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PYTHON))

# Shells start jobs in the background with ctrl-C ignored.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class _StandIn(types.ModuleType):
    """A module that has every name; what is called fails."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def fail(self, *arguments, **settings):
            raise RuntimeError(f"{name} needs the native library.")

        made = type(name, (), {"__init__": fail})
        setattr(self, name, made)
        return made


try:
    import caffe

    LIBRARY_PROBLEM = ""
except (ImportError, OSError) as error:
    LIBRARY_PROBLEM = str(error)
    for module in [name for name in sys.modules if name.partition(".")[0] == "caffe"]:
        del sys.modules[module]
    stand_ins = {name: _StandIn(f"caffe.{name}") for name in ("_caffe", "pycaffe")}
    sys.modules.update((f"caffe.{name}", module) for name, module in stand_ins.items())
    import caffe

    vars(caffe).update(stand_ins)


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "needs_library: runs nets, so the native library must be built."
    )


def pytest_collection_modifyitems(items):
    if not LIBRARY_PROBLEM:
        return
    skip = pytest.mark.skip(reason=f"the native library cannot be loaded: {LIBRARY_PROBLEM}")
    for item in items:
        if "needs_library" in item.keywords:
            item.add_marker(skip)


def png_bytes(image: np.ndarray) -> bytes:
    """An 8-bit H×W×3, H×W×4 or H×W×1 image as a PNG file."""
    height, width, channels = image.shape
    color_type = {1: 0, 3: 2, 4: 6}[channels]
    lines = b"".join(b"\0" + line.tobytes() for line in image)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def pattern(*shape: int) -> np.ndarray:
    """An 8-bit image without much order, the same each time."""
    return (np.arange(np.prod(shape)) * 97 % 251).reshape(shape).astype(np.uint8)


@pytest.fixture
def write_png(tmp_path):
    """Writes an image to a temporary file and gives its name."""

    def write(image: np.ndarray, name: str = "image.png") -> str:
        path = tmp_path / name
        path.write_bytes(png_bytes(image))
        return str(path)

    return write


CLASSIFIER = """
name: "small"
layer {
  name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } }
}
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 3 weight_filler { type: "gaussian" std: 0.1 } }
}
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" relu_param { negative_slope: 0.5 } }
layer {
  name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 5 weight_filler { type: "gaussian" std: 0.1 } }
}
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
"""


@pytest.fixture
def classifier_files(tmp_path):
    """A small net 2×3×4×4 → 2×5, and two files of weights: (model, [weights, weights])."""
    model = tmp_path / "deploy.prototxt"
    model.write_text(CLASSIFIER)
    weights = []
    for seed in (1, 2):
        caffe.set_random_seed(seed)
        weights.append(str(tmp_path / f"{seed}.caffemodel"))
        caffe.Net(str(model), caffe.TEST).save(weights[-1])
    return str(model), weights
