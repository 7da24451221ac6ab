"""Solvers."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
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
    """The settings of a solver: the fields of `caffe_pb2.SolverParameter`, of which `base_lr` can be changed."""

    def __init__(self, solver: Solver) -> None:
        self._solver_handle = solver._handle
        self._message = caffe_pb2.SolverParameter()
        text_format.Merge(lib.take_text(lib.solver_definition(solver._handle)), self._message)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._message, name)

    @property
    def base_lr(self) -> float:
        """The rate from which the learning rate policy goes out."""
        return self._message.base_lr

    @base_lr.setter
    def base_lr(self, rate: float) -> None:
        lib.check(lib.solver_set_base_learning_rate(self._solver_handle, rate))
        self._message.base_lr = rate

    def __repr__(self) -> str:
        return str(self._message)


class Solver(HookOwner):
    """Trains a net by following its gradients downhill, and tests it on the way.

    solver = caffe.get_solver("solver.prototxt")
    solver.step(100)
    solver.net.blobs["loss"].data

    Each class trains by its own rule, whatever `type` the file names; `get_solver` makes one of the class that the file names.
    Other Python threads run while it trains; ctrl-C ends the training after the iteration under way.
    """

    _type: str | None = None

    def __init__(self, solver_file: Any) -> None:
        require_file(solver_file)
        type_name = None if self._type is None else self._type.encode()
        handle = ctypes.c_void_p()
        lib.check(lib.solver_create(lib.path_bytes(solver_file), type_name, ctypes.byref(handle)))
        assert handle.value is not None
        self._handle = handle.value
        self._hook_numbers: list[int] = []
        lib.check(lib.solver_set_interruption(self._handle, _interruption))

    @cached_property
    def net(self) -> Net:
        """The net that is trained."""
        return Net._of(lib.solver_net(self._handle))

    @cached_property
    def test_nets(self) -> list[Net]:
        """The nets that are tested; they have the trained weights from the first test on."""
        count = lib.solver_test_net_count(self._handle)
        return [Net._of(lib.solver_test_net(self._handle, index)) for index in range(count)]

    @property
    def iter(self) -> int:
        """How many updates have been made."""
        return lib.solver_iteration(self._handle)

    @property
    def lr(self) -> float:
        """The learning rate of the coming update."""
        return lib.solver_learning_rate(self._handle)

    @cached_property
    def param(self) -> SolverParameter:
        """The settings."""
        return SolverParameter(self)

    def step(self, n: int) -> None:
        """Makes n updates, with tests, log lines and snapshots in between as the settings say."""
        self._call(lib.solver_step, n)

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

        def call(moment: int) -> None:
            function = functions[moment]
            if function is not None:
                function()

        number = hooks.add(call)
        self._hook_numbers.append(number)
        lib.check(lib.solver_add_callback(self._handle, number, hooks.function))

    def _call(self, function: Callable[..., int | None], *arguments: Any) -> None:
        """Calls a function of the library that runs or changes the nets."""
        with self._running():
            error = function(self._handle, *arguments)
        lib.check(error)

    @contextmanager
    def _running(self) -> Iterator[None]:
        with running_all([self.net, *self.test_nets]), _interruptible():
            yield

    def __repr__(self) -> str:
        return f"<caffe.{type(self).__name__} at iteration {self.iter}>"


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
