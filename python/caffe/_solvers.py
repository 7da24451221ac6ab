"""Solvers."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from google.protobuf import text_format

from . import _library as lib
from ._layers import HookOwner, hooks
from ._net import Net, require_file, running_all
from .proto import caffe_pb2


class SolverParameter:
    """The settings of a solver: the fields of `caffe_pb2.SolverParameter`.

    Those that count while it trains can be changed, such as `base_lr`, `max_iter` or `snapshot`; others are refused. A copy or pickle
    is a `caffe_pb2.SolverParameter` of its own.
    """

    def __init__(self, solver: Solver) -> None:
        message = caffe_pb2.SolverParameter()
        text_format.Merge(lib.take_text(lib.solver_definition(solver._handle)), message)
        vars(self).update(_solver=weakref.ref(solver), _message=message, _known=message.SerializeToString())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._message, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or not hasattr(self._message, name):
            raise AttributeError(f"a solver has no setting {name}")
        if isinstance(value, str):
            lib.text_bytes(value, name)
        changed = caffe_pb2.SolverParameter()
        changed.CopyFrom(self._message)
        field = getattr(changed, name)
        if hasattr(field, "extend"):
            del field[:]
            field.extend(value)
        else:
            setattr(changed, name, value)
        self._apply(changed)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} is a setting of a solver, which it keeps")

    def _apply(self, changed: Any) -> None:
        solver = self._solver()
        if solver is None:
            raise lib.CaffeError("the solver is gone, and with it what its settings could change")
        text = text_format.MessageToString(changed)
        solver._call(lib.solver_set_definition, lib.text_bytes(text, "a setting"))
        self._message.CopyFrom(changed)
        vars(self)["_known"] = changed.SerializeToString()

    def _sync(self) -> None:
        """Has changes inside lists, such as `param.stepvalue.append(7)`, take effect."""
        if self._message.SerializeToString() == self._known:
            return
        changed, known = caffe_pb2.SolverParameter(), caffe_pb2.SolverParameter()
        changed.CopyFrom(self._message)
        known.ParseFromString(self._known)
        # What is refused is not left there, as if it counted.
        self._message.CopyFrom(known)
        self._apply(changed)

    def __reduce__(self) -> tuple[Any, ...]:
        return caffe_pb2.SolverParameter.FromString, (self._message.SerializeToString(),)

    def __repr__(self) -> str:
        return str(self._message)


class Solver(HookOwner):
    """Trains a net by following its gradients downhill, and tests it on the way.

    solver = caffe.get_solver("solver.prototxt")
    solver.step(100)
    solver.net.blobs["loss"].data

    Each class trains by its own rule, whatever `type` the file names; `get_solver` makes one of the class that the file names.
    Other Python threads run while it trains; ctrl-C ends the training after the iteration under way.

    A solver can be copied and pickled: the copy trains on from the same weights, state and places in data and random numbers, with
    nets of its own. Callbacks stay with the original.
    """

    _type: str | None = None

    def __init__(self, solver_file: Any) -> None:
        require_file(solver_file)
        type_name = None if self._type is None else self._type.encode()
        handle = ctypes.c_void_p()
        lib.check(lib.solver_create(lib.path_bytes(solver_file), type_name, ctypes.byref(handle)))
        self._open(handle.value)

    def _open(self, handle: int | None) -> None:
        """Takes over the solver behind a handle."""
        assert handle is not None
        self.__del__()
        for name in _NATIVE:
            self.__dict__.pop(name, None)
        self._handle = handle
        self._hook_numbers: list[int] = []
        lib.check(lib.solver_set_interruption(handle, _interruption))

    def __getattr__(self, name: str) -> Any:
        if name in _NATIVE:
            raise AttributeError("this solver has never been built, or is gone")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        self._sync()
        content = lib.taken_bytes(lambda *result: lib.solver_pack(self._handle, *result))
        own = {name: value for name, value in self.__dict__.items() if name not in _NATIVE}
        return _rebuilt, (type(self), content), own

    @cached_property
    def net(self) -> Net:
        """The net that is trained."""
        return Net._of(lib.solver_net(self._handle))

    @cached_property
    def test_nets(self) -> list[Net]:
        """The nets that are tested; they have the trained weights from the first test, or from `restore`, on."""
        count = lib.solver_test_net_count(self._handle)
        return [Net._of(lib.solver_test_net(self._handle, index)) for index in range(count)]

    @property
    def iter(self) -> int:
        """How many updates have been made."""
        return lib.solver_iteration(self._handle)

    @property
    def lr(self) -> float:
        """The learning rate of the coming update."""
        self._sync()
        return lib.solver_learning_rate(self._handle)

    @cached_property
    def param(self) -> SolverParameter:
        """The settings."""
        return SolverParameter(self)

    def step(self, n: int) -> None:
        """Makes n updates, with tests, log lines and snapshots in between as the settings say."""
        self._call(lib.solver_step, lib.whole(n, "the number of updates"))

    def solve(self, resume_file: Any = None) -> None:
        """Trains to `max_iter`, from here or from a solverstate file."""
        if resume_file:
            require_file(resume_file)
        self._call(lib.solver_solve, lib.path_bytes(resume_file or ""))

    def restore(self, state_file: Any) -> None:
        """Goes back to where a solverstate file was written."""
        require_file(state_file)
        self._call(lib.solver_restore, lib.path_bytes(state_file))

    def snapshot(self) -> None:
        """Writes weights and state to files named by `snapshot_prefix` and the number of iterations."""
        self._call(lib.solver_snapshot)

    def apply_update(self) -> None:
        """Makes one update from the gradients as they are."""
        self._call(lib.solver_apply_update)

    def share_weights(self, net: Net) -> None:
        """Gives the trained weights to a net: one memory from now on."""
        if not isinstance(net, Net):
            raise TypeError(f"weights are given to a caffe.Net, not to {net!r:.50}")
        net.share_with(self.net)

    def add_callback(
        self,
        on_start: Any,
        on_gradients_ready: Callable[[], Any] | None = None,
    ) -> None:
        """Calls functions without arguments before an iteration's gradients are computed, and when they are there."""
        if not callable(on_start) and on_gradients_ready is None:
            return  # NCCL, which would sum gradients of several GPUs

        functions = (on_start, on_gradients_ready)
        for function in functions:
            if function is not None and not callable(function):
                raise TypeError(f"{function!r} is no function without arguments")

        def call(moment: int) -> None:
            function = functions[moment]
            if function is not None:
                function()

        number = hooks.add(call)
        self._hook_numbers.append(number)
        lib.check(lib.solver_add_callback(self._handle, number, hooks.function))

    def _call(self, function: Callable[..., int | None], *arguments: Any) -> None:
        """Calls a function of the library that runs or changes the nets."""
        if function is not lib.solver_set_definition:
            self._sync()
        with self._running():
            error = function(self._handle, *arguments)
        lib.check(error)

    def _sync(self) -> None:
        """Has what was changed inside of `param` take effect."""
        param = self.__dict__.get("param")
        if param is not None:
            param._sync()

    @contextmanager
    def _running(self) -> Iterator[None]:
        with running_all([self.net, *self.test_nets]), _interruptible():
            yield

    def __repr__(self) -> str:
        return f"<caffe.{type(self).__name__} at iteration {self.iter}>"


def _rebuilt(cls: type[Solver], content: bytes) -> Solver:
    """The solver that `Solver.__reduce__` has packed."""
    handle = ctypes.c_void_p()
    lib.check(lib.solver_unpack(content, len(content), ctypes.byref(handle)))
    solver = cls.__new__(cls)
    solver._open(handle.value)
    return solver


# What a solver has from the library, and keeps for itself when it is copied.
_NATIVE = frozenset(["_handle", "_hook_numbers", "net", "test_nets", "param"])


class SGDSolver(Solver):
    """Stochastic gradient descent with momentum."""

    _type: str | None = "SGD"


class NesterovSolver(SGDSolver):
    """Nesterov's accelerated gradient."""

    _type = "Nesterov"


class AdaGradSolver(SGDSolver):
    """AdaGrad."""

    _type = "AdaGrad"


class RMSPropSolver(SGDSolver):
    """RMSProp."""

    _type = "RMSProp"


class AdaDeltaSolver(SGDSolver):
    """AdaDelta."""

    _type = "AdaDelta"


class AdamSolver(SGDSolver):
    """Adam."""

    _type = "Adam"


class AdamWSolver(SGDSolver):
    """Adam with decoupled weight decay."""

    _type = "AdamW"


_classes = {
    cls._type: cls
    for cls in (
        SGDSolver,
        NesterovSolver,
        AdaGradSolver,
        RMSPropSolver,
        AdaDeltaSolver,
        AdamSolver,
        AdamWSolver,
    )
}


def get_solver(solver_file: str | os.PathLike[str]) -> Solver:
    """The solver that a file describes, of the class of the type that it names."""
    solver = Solver(solver_file)
    # The file may name the type in its old form, which the library knows.
    solver.__class__ = _classes.get(solver.param.type, SGDSolver)
    return solver


# Ctrl-C while a solver runs: the library asks once an iteration, and Python's own answer follows when it has stopped.

_interrupted = threading.Event()


def _is_interrupted() -> int:
    return 1 if _interrupted.is_set() else 0


_interruption = lib.InterruptionFunction(_is_interrupted)


@contextmanager
def _interruptible() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not callable(handler):
        yield
        return
    received: list[tuple[int, Any]] = []

    def note(number: int, frame: Any) -> None:
        received.append((number, frame))
        _interrupted.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if received:
            _interrupted.clear()
            handler(*received[0])
