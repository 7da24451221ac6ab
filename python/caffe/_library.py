"""The native library: where it lies, and its functions as ctypes calls them.

Functions come in two kinds. Those that run a net let other Python threads run meanwhile; the small ones keep the interpreter,
which makes a call four times as fast. A function that can fail returns the address of a text, or nothing: see `check`.
"""

from __future__ import annotations

import ctypes
import operator
import os
import threading
from collections.abc import Callable
from ctypes import c_bool, c_char_p, c_float, c_int, c_ssize_t, c_uint64, c_void_p
from pathlib import Path
from typing import Any, NoReturn

_NAME = "libCaffePython.so" if os.uname().sysname != "Darwin" else "libCaffePython.dylib"


def _find() -> str:
    """The library named by CAFFE_LIBRARY, the one in this package, or the one that a build left in this clone."""
    here = Path(__file__).resolve().parent
    candidates = [here / "_native" / _NAME, here.parents[1] / ".build" / "release" / _NAME]
    named = os.environ.get("CAFFE_LIBRARY")
    for path in [Path(named)] if named else candidates:
        if path.exists():
            return str(path)
    raise ImportError(
        f"{named or _NAME} is missing. Install the package with pip, or build the library in the clone: "
        "swift build -c release --product CaffePython"
    )


def _load(path: str) -> ctypes.CDLL:
    """Loads the library, with a limit on how long its idle threads spin before they sleep.

    GNU OpenMP's default is milliseconds, for which threads take the processors from the very ones that they wait for when other
    processes are busy too. It reads the environment once, while it is loaded. `Spinning.swift` has the same limit.
    """
    if "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ:
        return ctypes.CDLL(path)
    os.environ["GOMP_SPINCOUNT"] = "30000"
    try:
        return ctypes.CDLL(path)
    finally:
        del os.environ["GOMP_SPINCOUNT"]


_path = _find()
_waiting = _load(_path)
_quick = ctypes.PyDLL(_path)

# Shapes of up to 32 axes, and what `caffe_blob_view` fills in.
Extents = c_ssize_t * 35
pointer = ctypes.POINTER

HookFunction = ctypes.CFUNCTYPE(c_int, c_ssize_t, c_ssize_t)
InterruptionFunction = ctypes.CFUNCTYPE(c_int)
MakeLayerFunction = ctypes.CFUNCTYPE(c_ssize_t, c_void_p, c_char_p, c_char_p, c_char_p, c_int)
CallLayerFunction = ctypes.CFUNCTYPE(
    c_int, c_ssize_t, c_int, pointer(c_void_p), c_ssize_t, c_ssize_t, pointer(c_bool)
)
ForgetLayerFunction = ctypes.CFUNCTYPE(None, c_ssize_t)


def _function(library: ctypes.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(library, name)
    function.restype = result
    function.argtypes = arguments
    return function


def _long(name: str, *arguments: Any) -> Any:
    """A function that may take long, or wait for a net that another thread runs; it can fail."""
    return _function(_waiting, name, c_void_p, *arguments)


def _short(name: str, result: Any, *arguments: Any) -> Any:
    return _function(_quick, name, result, *arguments)


release = _short("caffe_release", None, c_void_p)
free = _short("caffe_free", None, c_void_p)

blob_view = _short("caffe_blob_view", c_ssize_t, c_void_p, c_bool, c_ssize_t, c_void_p)
blob_view_waiting = _function(
    _waiting, "caffe_blob_view_waiting", c_ssize_t, c_void_p, c_bool, c_ssize_t, c_void_p
)
blob_check = _long("caffe_blob_check", c_void_p)
blob_release_view = _short("caffe_blob_release_view", c_bool, c_void_p, c_bool)
structure_changes = _short("caffe_structure_changes", c_ssize_t)
blob_shape = _short("caffe_blob_shape", c_ssize_t, c_void_p, pointer(c_ssize_t))
blob_shape_waiting = _function(
    _waiting, "caffe_blob_shape_waiting", c_ssize_t, c_void_p, pointer(c_ssize_t)
)
blob_reshape = _long("caffe_blob_reshape", c_void_p, pointer(c_ssize_t), c_ssize_t)

net_create = _long(
    "caffe_net_create", c_char_p, c_char_p, c_int, c_int, c_char_p, pointer(c_void_p)
)
net_create_untrusted = _long(
    "caffe_net_create_untrusted",
    c_char_p,
    c_char_p,
    c_int,
    c_int,
    c_char_p,
    c_ssize_t,
    pointer(c_void_p),
)
net_describe = _short("caffe_net_describe", c_void_p, c_void_p)
net_multiplies = _long("caffe_net_multiplies", c_void_p)
net_blob = _short("caffe_net_blob", c_void_p, c_void_p, c_ssize_t)
net_layer = _short("caffe_net_layer", c_void_p, c_void_p, c_ssize_t)
net_hold = _long("caffe_net_hold", c_void_p)
net_held = _short("caffe_net_held", c_ssize_t, c_void_p)
net_let_go = _short("caffe_net_let_go", None, c_void_p, c_ssize_t)
net_pack = _long("caffe_net_pack", c_void_p, pointer(c_void_p), pointer(c_ssize_t))
net_unpack = _long("caffe_net_unpack", c_char_p, c_ssize_t, pointer(c_void_p))
net_forward = _long("caffe_net_forward", c_void_p, c_ssize_t, c_ssize_t, c_void_p)
net_backward = _long("caffe_net_backward", c_void_p, c_ssize_t, c_ssize_t)
net_reshape = _long("caffe_net_reshape", c_void_p)
net_clear_param_diffs = _long("caffe_net_clear_param_diffs", c_void_p)
net_copy_from = _long("caffe_net_copy_from", c_void_p, c_char_p, pointer(c_ssize_t))
net_copy_from_bytes = _long(
    "caffe_net_copy_from_bytes", c_void_p, c_char_p, c_ssize_t, c_char_p, pointer(c_ssize_t)
)
net_load_hdf5 = _long("caffe_net_load_hdf5", c_void_p, c_char_p, pointer(c_ssize_t))
net_share_with = _long("caffe_net_share_with", c_void_p, c_void_p, pointer(c_ssize_t))
net_save = _long("caffe_net_save", c_void_p, c_char_p, c_bool)
net_input_array_shape = _long("caffe_net_input_array_shape", c_void_p, pointer(c_ssize_t))
net_set_input_arrays = _long(
    "caffe_net_set_input_arrays", c_void_p, c_void_p, c_ssize_t, c_void_p, c_ssize_t, c_bool
)
net_add_hook = _long("caffe_net_add_hook", c_void_p, c_int, c_ssize_t, HookFunction)

layer_blob_count = _short("caffe_layer_blob_count", c_ssize_t, c_void_p)
layer_blob = _short("caffe_layer_blob", c_void_p, c_void_p, c_ssize_t)
layer_python_number = _short("caffe_layer_python_number", c_ssize_t, c_void_p)
layer_reshape = _long("caffe_layer_reshape", c_void_p)
layer_type_list = _short("caffe_layer_type_list", c_void_p)

set_python_layers = _short(
    "caffe_set_python_layers", None, MakeLayerFunction, CallLayerFunction, ForgetLayerFunction
)
python_layer_add_blob = _short(
    "caffe_python_layer_add_blob",
    c_void_p,
    c_void_p,
    pointer(c_ssize_t),
    c_ssize_t,
    pointer(c_void_p),
)

solver_create = _long("caffe_solver_create", c_char_p, c_char_p, pointer(c_void_p))
solver_definition = _long("caffe_solver_definition", c_void_p)
solver_net = _short("caffe_solver_net", c_void_p, c_void_p)
solver_test_net_count = _short("caffe_solver_test_net_count", c_ssize_t, c_void_p)
solver_test_net = _short("caffe_solver_test_net", c_void_p, c_void_p, c_ssize_t)
solver_iteration = _short("caffe_solver_iteration", c_ssize_t, c_void_p)
solver_learning_rate = _short("caffe_solver_learning_rate", c_float, c_void_p)
solver_set_definition = _long("caffe_solver_set_definition", c_void_p, c_char_p)
solver_pack = _long("caffe_solver_pack", c_void_p, pointer(c_void_p), pointer(c_ssize_t))
solver_unpack = _long("caffe_solver_unpack", c_char_p, c_ssize_t, pointer(c_void_p))
solver_step = _long("caffe_solver_step", c_void_p, c_ssize_t)
solver_solve = _long("caffe_solver_solve", c_void_p, c_char_p)
solver_restore = _long("caffe_solver_restore", c_void_p, c_char_p)
solver_snapshot = _long("caffe_solver_snapshot", c_void_p)
solver_apply_update = _long("caffe_solver_apply_update", c_void_p)
solver_add_callback = _long("caffe_solver_add_callback", c_void_p, c_ssize_t, HookFunction)
solver_set_interruption = _long("caffe_solver_set_interruption", c_void_p, InterruptionFunction)

set_random_seed = _short("caffe_set_random_seed", None, c_uint64)
set_engine = _long("caffe_set_engine", c_char_p)
set_precision = _long("caffe_set_precision", c_char_p)
solver_count = _short("caffe_solver_count", c_ssize_t)
set_solver_count = _long("caffe_set_solver_count", c_ssize_t)
solver_rank = _short("caffe_solver_rank", c_ssize_t)
set_solver_rank = _long("caffe_set_solver_rank", c_ssize_t)
init_log = _long("caffe_init_log", c_int, c_int)
log = _long("caffe_log", c_char_p)

image_read = _long("caffe_image_read", c_char_p, c_bool, pointer(c_void_p), pointer(c_ssize_t))
image_decode = _long(
    "caffe_image_decode", c_char_p, c_ssize_t, c_bool, pointer(c_void_p), pointer(c_ssize_t)
)
image_decode_png16 = _long(
    "caffe_image_decode_png16", c_char_p, c_ssize_t, pointer(c_void_p), pointer(c_ssize_t)
)
image_write = _long("caffe_image_write", c_char_p, c_void_p, c_ssize_t, c_ssize_t, c_ssize_t)
image_resize = _long(
    "caffe_image_resize",
    c_void_p,
    c_ssize_t,
    c_ssize_t,
    c_ssize_t,
    c_ssize_t,
    c_ssize_t,
    c_void_p,
)
draw_net = _long(
    "caffe_draw_net",
    c_char_p,
    c_char_p,
    c_char_p,
    c_int,
    c_bool,
    pointer(c_void_p),
    pointer(c_ssize_t),
)


class CaffeError(RuntimeError):
    """What the native library refused, in its words: the place, the cause and the way out."""


# The exception that a Python function raised while the library had called it, on this thread.
raised = threading.local()


def check(error: int | None) -> None:
    """Raises what the library reports, or what a Python function that it called raised."""
    if error:
        fail(error)


def fail(error: int) -> NoReturn:
    message = take_text(error)
    exception = raised.__dict__.pop("exception", None)
    if exception is not None:
        raise exception
    raise CaffeError(message)


def take_text(address: int | None) -> str:
    """The text at the address, which is given back to the library."""
    if not address:
        raise CaffeError("the net or solver cannot be described")
    text = ctypes.string_at(address).decode("utf-8", "replace")
    free(address)
    return text


def take_bytes(address: int, count: int) -> bytes:
    """A copy of the bytes at the address, which are given back to the library."""
    content = ctypes.string_at(address, count)
    free(address)
    return content


def taken_bytes(call: Callable[[Any, Any], int | None]) -> bytes:
    """The bytes that a function of the library puts where it is told."""
    memory, count = c_void_p(), c_ssize_t()
    check(call(ctypes.byref(memory), ctypes.byref(count)))
    assert memory.value is not None
    return take_bytes(memory.value, count.value)


def path_bytes(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> bytes:
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError("a path has no zero byte")
    try:
        encoded.decode()
    except UnicodeDecodeError:
        raise ValueError(f"the path {encoded!r} is not UTF-8; rename the file or the folder") from None
    return encoded


def text_bytes(text: str, what: str) -> bytes:
    """A text as the library takes it."""
    if not isinstance(text, str):
        raise TypeError(f"{what} is a string, not {text!r}")
    if "\0" in text:
        raise ValueError(f"{what} has no zero byte")
    return text.encode()


def whole(number: Any, what: str, low: int = -(1 << 63), high: int = (1 << 63) - 1) -> int:
    """A whole number in a range. ctypes would cut off what is larger, and refuse numpy's."""
    try:
        value = operator.index(number)
    except TypeError:
        raise TypeError(f"{what} is a whole number, not {number!r}") from None
    if not low <= value <= high:
        raise ValueError(f"{what} is {value}, but must be between {low} and {high}")
    return value


def whole_int(number: Any, what: str) -> int:
    """A whole number that C's `int` can hold."""
    return whole(number, what, -(1 << 31), (1 << 31) - 1)


def not_copied(thing: object, way_out: str) -> NoReturn:
    """Refuses a copy of what is part of something else."""
    raise TypeError(f"a {type(thing).__name__} cannot be copied or pickled by itself: {way_out}")
