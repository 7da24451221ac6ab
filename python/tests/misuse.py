"""Random scripts of calls that make no sense: run as `python misuse.py FIRST COUNT`, each script from a seed of its own.

A script builds nets and solvers and calls their methods, and the functions of the package, with values of wrong types, out of range,
in the wrong order, on deleted objects. Exceptions are fine; a signal, a hang or a net that computes something else afterwards is not.
The seed of each script is printed before it runs, and what it does is written to `misuse.log` in the working directory.
"""

import copy
import faulthandler
import gc
import inspect
import os
import pathlib
import pickle
import random
import resource
import sys
import threading
import warnings

os.environ["GLOG_minloglevel"] = "3"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402

import caffe  # noqa: E402
import caffe.coord_map  # noqa: E402
import caffe.draw  # noqa: E402
from caffe.proto import caffe_pb2  # noqa: E402

SECONDS = 20  # for a script that takes a few milliseconds
BYTES = 6 << 30  # so that a forged size is an error before it is a machine without memory

INFER = """
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv'
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'gaussian' std: 0.5 } } }
layer { name: 'relu' type: 'ReLU' bottom: 'conv' top: 'conv' }
layer { name: 'pool' type: 'Pooling' bottom: 'conv' top: 'pool' pooling_param { kernel_size: 2 stride: 2 } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'pool' top: 'ip'
  inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } }
layer { name: 'prob' type: 'Softmax' bottom: 'ip' top: 'prob' }
"""

TRAIN = """
force_backward: true
layer { name: 'data' type: 'DummyData' top: 'data' top: 'target'
  dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 } data_filler { type: 'gaussian' } } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' param { name: 'w' }
  inner_product_param { num_output: 3 weight_filler { type: 'xavier' } } }
layer { name: 'drop' type: 'Dropout' bottom: 'ip' top: 'ip' }
layer { name: 'ip2' type: 'InnerProduct' bottom: 'ip' top: 'ip2' param { name: 'w' }
  inner_product_param { num_output: 3 } }
layer { name: 'slice' type: 'Slice' bottom: 'ip2' top: 'a' top: 'b' slice_param { axis: 1 slice_point: 2 } }
layer { name: 'loss' type: 'EuclideanLoss' bottom: 'a' bottom: 'target' top: 'loss' }
"""

MEMORY = """
layer { name: 'data' type: 'MemoryData' top: 'data' top: 'label'
  memory_data_param { batch_size: 2 channels: 1 height: 2 width: 3 } }
layer { name: 'sum' type: 'Reduction' bottom: 'data' top: 'sum' }
"""

LSTM = """
layer { name: 'x' type: 'Input' top: 'x' top: 'cont' input_param { shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } } }
layer { name: 'lstm' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'h'
  recurrent_param { num_output: 5 weight_filler { type: 'uniform' min: -0.1 max: 0.1 } } }
"""

PYTHON = """
force_backward: true
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 3 } } }
layer { name: 'odd' type: 'Python' bottom: 'data' top: 'odd' python_param { module: 'misuse' layer: 'Odd' } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'odd' top: 'ip' inner_product_param { num_output: 2 } }
layer { name: 'loss' type: 'Reduction' bottom: 'ip' top: 'loss' loss_weight: 1 }
"""

SOLVER = """
net: 'train.prototxt' base_lr: 0.01 lr_policy: 'step' gamma: 0.5 stepsize: 3 momentum: 0.9 max_iter: 5 test_iter: 1 test_interval: 2
snapshot_prefix: 's' snapshot_after_train: false
"""

FILES = {
    "infer.prototxt": INFER,
    "train.prototxt": TRAIN,
    "memory.prototxt": MEMORY,
    "solver.prototxt": SOLVER,
    "damaged.caffemodel": "no caffemodel at all",
}


class Odd(caffe.Layer):
    """A layer written in Python that does not keep to the rules."""

    random = random.Random(0)

    def setup(self, bottom, top):
        self.blobs.add_blob(2, 3)
        self.misbehave(bottom, top)

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)
        self.misbehave(bottom, top)

    def forward(self, bottom, top):
        top[0].data[...] = bottom[0].data
        self.misbehave(bottom, top)

    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = top[0].diff
        self.misbehave(bottom, top)

    def misbehave(self, bottom, top):
        kind = self.random.randrange(60)
        blob = self.random.choice([*bottom, *top, *self.blobs])
        if kind == 0:
            raise KeyError("odd")
        if kind == 1:
            blob.reshape(*(self.random.randrange(5) for _ in range(self.random.randrange(4))))
        if kind == 2:
            self.blobs.add_blob(self.random.randrange(4))
        if kind == 3:
            blob.data[...] = np.nan
        if kind == 4:
            bottom.clear()
        if kind == 5:
            del blob.data, blob.diff


sys.modules["misuse"] = sys.modules[__name__]

MODULES = [
    caffe, caffe.io, caffe.draw, caffe.dnn, caffe.coord_map, caffe.net_spec, caffe._caffe, caffe.classifier,
    caffe.layers, caffe.params,
]  # fmt: skip
# What runs for long, writes where it likes or changes the process when it is told to.
LEFT_OUT = {
    "detect_selective_search", "NMSBoxes", "set_mode_gpu", "np", "os", "re", "time", "ctypes", "warnings", "shutil", "subprocess",
    "text_format", "functools", "difflib", "importlib", "annotations", "Any", "Callable", "Optional", "Union", "Sequence", "Iterable",
}  # fmt: skip
PRIVATE = ["_forward", "_backward", "_set_input_arrays", "__del__", "__init__", "__array__", "__reduce__", "_repr_html_", "__dlpack__"]
INTEGERS = [-(2**63) - 1, -(2**31), -7, -1, 0, 1, 2, 3, 5, 2**31, 2**32 + 1, 2**40, 2**63 - 1, 2**63, 2**64 + 3]
SMALL = [-1, 0, 1, 2, 3]


def shown(value):
    """The value as a log shows it, whatever state it is in."""
    try:
        return repr(value)[:60]
    except Exception as error:
        return f"<{type(value).__name__}: {type(error).__name__}>"


_written = {}


def write_files():
    """Writes the files that scripts read, unless they are still as they were."""
    for name, text in FILES.items():
        path = pathlib.Path(name)
        if path.exists() and (path.stat().st_mtime_ns, path.stat().st_size) == _written.get(name):
            continue
        path.write_text(text)
        _written[name] = (path.stat().st_mtime_ns, path.stat().st_size)


class Script:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.log = open("misuse.log", "w", errors="replace")
        write_files()
        caffe.set_solver_count(1)
        caffe.set_solver_rank(0)
        caffe.set_precision(None)
        caffe.set_random_seed(seed)
        Odd.random = random.Random(seed)
        self.things = []

    def note(self, text):
        self.log.write(text[:500] + "\n")
        self.log.flush()

    def attempt(self, what, call):
        self.note(what)
        try:
            result = call()
        except (KeyboardInterrupt, MemoryError):
            raise
        except Exception as error:
            self.note(f"    {type(error).__name__}: {error}"[:300])
            return
        if result is not None and not inspect.isgenerator(result) and len(self.things) < 60:
            self.things.append(result)

    # Things to call.

    def build(self):
        choose = self.random.randrange(10)
        text = lambda net, phase: caffe.Net.from_text(net, phase)  # noqa: E731
        make = [
            lambda: text(INFER, caffe.TEST),
            lambda: text(INFER, caffe.TRAIN),
            lambda: text(TRAIN, caffe.TRAIN),
            lambda: text(MEMORY, caffe.TRAIN),
            lambda: text(LSTM, caffe.TEST),
            lambda: text(PYTHON, caffe.TRAIN),
            lambda: caffe.get_solver("solver.prototxt"),
            lambda: caffe.AdamSolver("solver.prototxt"),
            lambda: caffe.dnn.readNetFromCaffe("infer.prototxt"),
            lambda: caffe.io.Transformer({"data": (2, 3, 8, 8)}),
        ][choose]
        self.attempt(f"build {choose}", make)

    def thing(self):
        """Something to call a method of; often part of a net."""
        if not self.things:
            return caffe
        thing = self.random.choice(self.things)
        if isinstance(thing, caffe.Net) and self.random.random() < 0.5:
            try:
                parts = [*thing.blobs.values(), *thing.layers, *(blob for blobs in thing.params.values() for blob in blobs)]
            except Exception:
                return thing
            return self.random.choice(parts) if parts else thing
        if isinstance(thing, caffe._caffe.Solver) and self.random.random() < 0.5:
            try:
                return self.random.choice([thing.net, thing.param, *thing.test_nets])
            except Exception:
                return thing
        return thing

    # Values.

    def value(self, name=""):
        """A value for a parameter of that name: often of the right kind, often not."""
        pick = self.random.choice
        if self.random.random() < 0.6:
            near = self.near(name)
            if near is not None:
                return near
        return pick(
            [
                lambda: None,
                lambda: pick(INTEGERS),
                lambda: pick(SMALL),
                lambda: pick([0.5, -1.0, float("nan"), float("inf"), 1e300]),
                lambda: pick(["", "data", "conv", "ip", "loss", "prob", "nothing", "a\0b", "é", "\udc80", "x" * 300]),
                lambda: pick([b"", b"data", b"\x89PNG\r\n\x1a\n", b"II*\0" + b"\xff" * 20, b"P5 9 9 255 "]),
                lambda: pick([[], (), {}, [1, 2], ["data"], {"data": 3}, object(), int, len, lambda *_: None]),
                lambda: self.array(),
                lambda: pick([np.int64(3), np.float32(2), np.bool_(True), True]),
                lambda: self.thing(),
                lambda: pick([*FILES, "no.file", ".", "/dev/null"]),
                lambda: self.function(),
            ]
        )()

    def near(self, name):
        pick = self.random.choice
        if name in ("prototxt",):
            return pick([INFER, TRAIN, MEMORY, PYTHON])
        if "file" in name or name in ("path", "filename", "weights", "model", "prototxt_file", "caffeModel"):
            return pick([*FILES, "out.caffemodel", "out.png", "out.h5"])
        if name in ("start", "end", "layer", "name", "in_", "outputName"):
            return pick(["data", "conv", "relu", "ip", "prob", "loss"])
        if name in ("blobs", "diffs", "outBlobNames"):
            return pick([["conv"], ["ip"], ["data", "data"], []])
        if name in ("phase",):
            return pick([caffe.TEST, caffe.TRAIN])
        if name in ("data", "labels", "image", "im", "arr", "inputs", "images", "mean", "blob", "diff", "pixels"):
            return self.array()
        if name in ("function", "on_start", "on_gradients_ready"):
            return self.function()
        if name in ("other", "net", "solver", "caffe_net"):
            return pick(self.things) if self.things else None
        if name in ("n", "number", "numParam", "layerId", "axis"):
            return pick(SMALL)
        return None

    def array(self):
        shape = self.random.choice([(), (0,), (2,), (5,), (2, 3), (2, 3, 8, 8), (5, 3, 8, 8), (4, 1, 2, 3), (8, 8, 3), (6, 7), (0, 3, 8, 8)])
        kind = self.random.choice(["f4", "f4", "f4", "f8", "u1", "i8", "c8", "O", ">f4", "?", "U3"])
        array = np.zeros(shape, kind)
        if array.ndim and self.random.random() < 0.2:
            array = array[::-1]
        if kind == "f4" and self.random.random() < 0.3:
            array = np.random.default_rng(self.random.randrange(99)).standard_normal(shape).astype("f4")
        return array

    def function(self):
        things = self.things

        def fails(*_):
            raise ZeroDivisionError("on purpose")

        def calls_again(*_):
            for thing in list(things):
                if isinstance(thing, caffe.Net):
                    thing.forward()

        def reshapes(*_):
            for thing in list(things):
                if isinstance(thing, caffe.Net):
                    for blob in thing.blobs.values():
                        blob.reshape(1)

        def goes_back(*_):
            for thing in list(things):
                if isinstance(thing, caffe.Net):
                    thing.backward()

        def deletes(*_):
            things.clear()
            gc.collect()

        return self.random.choice([fails, calls_again, reshapes, goes_back, deletes, print, lambda: 3])

    # Calls.

    def step(self):
        kind = self.random.random()
        if kind < 0.15 or len(self.things) < 2:
            self.build()
        elif kind < 0.55:
            self.work()
        elif kind < 0.65:
            self.call(self.random.choice(MODULES))
        elif kind < 0.70:
            thing = self.thing()
            do = self.random.choice(
                [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), repr, str, bool, len, list, iter, hash, dict, np.asarray]
            )
            self.attempt(f"{getattr(do, '__name__', do)}({type(thing).__name__})", lambda: do(thing))
        elif kind < 0.73 and self.things:
            self.note("delete")
            self.things.pop(self.random.randrange(len(self.things)))
            gc.collect()
        elif kind < 0.80:
            self.set(self.thing())
        else:
            self.call(self.thing())

    def set(self, thing):
        name = self.name_of(thing)
        if name is None or inspect.ismodule(thing) or isinstance(thing, type):
            return
        value = self.value(name)
        if isinstance(thing, caffe._caffe.SolverParameter) and isinstance(value, int) and value > 9:
            value = 9  # a training that takes a year is no hang
        if isinstance(value, np.ndarray) and isinstance(thing, np.ndarray):
            return
        self.attempt(f"{type(thing).__name__}.{name} = {shown(value)}", lambda: setattr(thing, name, value))

    def name_of(self, thing):
        try:
            names = [name for name in dir(thing) if not name.startswith("_") and name not in LEFT_OUT]
        except Exception:
            return None
        names += [name for name in PRIVATE if hasattr(type(thing), name)] if not inspect.ismodule(thing) else []
        if thing is caffe.layers:
            return self.random.choice(["Convolution", "Data", "Python", "Convolutoin", "Silence"])
        if thing is caffe.params:
            return self.random.choice(["Pooling", "Poling", "Convolution"])
        return self.random.choice(names) if names else None

    def call(self, thing):
        if isinstance(thing, (np.ndarray, str, bytes, int, float, type, caffe_pb2.NetParameter)):
            return
        name = self.name_of(thing)
        if name is None:
            return
        label = f"{getattr(thing, '__name__', type(thing).__name__)}.{name}"
        try:
            found = getattr(thing, name)
        except Exception as error:
            self.note(f"{label}\n    {type(error).__name__}: {error}")
            return
        if isinstance(found, type) and issubclass(found, caffe.Layer) or not callable(found):
            self.attempt(label, lambda: found)
            return
        if name in ("Blob", "Net") or inspect.ismodule(found):
            return
        positional, named = self.arguments(found, name)
        if name in ("step", "reshape") and any(isinstance(a, (int, np.integer)) and 9 < a < 2**31 for a in positional):
            return
        if name == "solve" and not self.ends(thing):
            return
        text = ", ".join([*map(shown, positional), *(f"{key}={shown(value)}" for key, value in named.items())])
        call = lambda: found(*positional, **named)  # noqa: E731
        if self.random.random() < 0.1:
            self.attempt(f"in a thread: {label}({text})", lambda: self.in_thread(call))
        else:
            self.attempt(f"{label}({text})", call)

    @staticmethod
    def ends(solver):
        """Whether a training comes to an end soon."""
        try:
            return solver.param.max_iter < 50
        except Exception:
            return False

    # Calls that are right by themselves, in an order that is not.

    def work(self):
        nets = [thing for thing in self.things if isinstance(thing, caffe.Net)]
        solvers = [thing for thing in self.things if isinstance(thing, caffe._caffe.Solver)]
        for solver in solvers:
            if "_handle" in vars(solver) and self.random.random() < 0.5:
                # Anything may stand in their place by now.
                tested = solver.test_nets if isinstance(solver.test_nets, list) else []
                nets += [net for net in (solver.net, *tested) if isinstance(net, caffe.Net)]
        nets = [net for net in nets if "_handle" in vars(net)]
        if not nets:
            return self.build()
        net, other = self.random.choice(nets), self.random.choice(nets)
        number = lambda: self.random.randrange(-1, len(net._layer_names) + 1)  # noqa: E731
        dims = [self.random.randrange(7) for _ in range(self.random.randrange(5))]
        moments = ("before_forward", "after_forward", "before_backward", "after_backward")
        solver = self.random.choice(solvers) if solvers else None
        options = {
            "forward": lambda: net.forward(),
            "backward": lambda: net.backward(),
            "_forward": lambda: net._forward(number(), number()),
            "_backward": lambda: net._backward(number(), number()),
            "end": lambda: net.forward(end=self.random.choice(net._layer_names)),
            "reshape blob": lambda: self.random.choice(list(net._blobs)).reshape(*dims),
            "reshape input": lambda: net.blobs[net.inputs[0]].reshape(1 + self.random.randrange(4), *net.blobs[net.inputs[0]].shape[1:]),
            "reshape parameter": lambda: self.random.choice(list(net.params.values()))[0].reshape(*dims),
            "reshape net": lambda: net.reshape(),
            "reshape layer": lambda: self.random.choice(net.layers).reshape([], []),
            "share": lambda: net.share_with(other),
            "copy": lambda: copy.deepcopy(net),
            "save": lambda: net.save("out.caffemodel"),
            "save HDF5": lambda: net.save_hdf5("out.h5"),
            "load": lambda: net.copy_from(self.random.choice(["out.caffemodel", "out.h5", "s_iter_2.caffemodel"])),
            "hook": lambda: getattr(net, self.random.choice(moments))(self.function()),
            "write": lambda: self.random.choice(list(net._blobs)).data.fill(self.random.choice([0, np.nan, np.inf, 1e38, -3])),
            "write diff": lambda: self.random.choice(list(net._blobs)).diff.fill(self.random.choice([0, np.nan, np.inf])),
            "write weights": lambda: self.random.choice(list(net.params.values()))[0].data.fill(self.random.choice([0, np.nan, 1e38])),
            "clear": lambda: net.clear_param_diffs(),
            "table": lambda: repr(net),
            "hold": lambda: [blob.data for blob in net._blobs],
            "arrays": lambda: net.set_input_arrays(np.zeros((4, 1, 2, 3), "f4"), np.zeros(4, "f4")),
        }
        if solver is not None:
            options.update(
                {
                    "step": lambda: solver.step(self.random.randrange(4)),
                    "update": lambda: solver.apply_update(),
                    "snapshot": lambda: solver.snapshot(),
                    "restore": lambda: solver.restore(self.random.choice(["s_iter_2.solverstate", "s_iter_0.solverstate", "out.caffemodel"])),
                    "callback": lambda: solver.add_callback(self.function(), self.function()),
                    "give": lambda: solver.share_weights(net),
                    "copy solver": lambda: copy.copy(solver),
                    "rate": lambda: setattr(solver.param, "base_lr", self.random.choice([0.1, 0, -1, 1e30])),
                }
            )
        name = self.random.choice(list(options))
        call = options[name]
        if self.random.random() < 0.1:
            self.attempt(f"in a thread: {name} {dims}", lambda: self.in_thread(call))
        else:
            self.attempt(f"{name} {dims}", call)

    @staticmethod
    def in_thread(call):
        failed = []

        def run():
            try:
                call()
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]

    def arguments(self, function, name):
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        positional, named = [], {}
        for parameter in parameters:
            if parameter.kind == parameter.VAR_POSITIONAL:
                positional += [self.value(name) for _ in range(self.random.randrange(5))]
            elif parameter.kind == parameter.VAR_KEYWORD:
                for key in self.random.sample(["data", "label", "target", "prob", "loss", "ip", "x", "cont"], self.random.randrange(3)):
                    named[key] = self.value("data")
            elif parameter.kind == parameter.KEYWORD_ONLY:
                if self.random.random() < 0.3:
                    named[parameter.name] = self.value(parameter.name)
            elif parameter.default is parameter.empty or self.random.random() < 0.5:
                if parameter.default is parameter.empty and self.random.random() < 0.05:
                    break
                if named or parameter.default is not parameter.empty and self.random.random() < 0.5:
                    named[parameter.name] = self.value(parameter.name)
                else:
                    positional.append(self.value(parameter.name))
            else:
                break
        if self.random.random() < 0.05:
            positional.append(self.value())
        return positional, named

    def check(self):
        """Whether blobs are what they say."""
        for thing in self.things:
            if not isinstance(thing, caffe.Net) or "_handle" not in vars(thing):
                continue
            for blob in thing._blobs:
                if blob._handle is not None:
                    shape, data = blob.shape, blob.data
                    assert isinstance(data, np.ndarray) and data.shape == shape, blob


def canary():
    """What a small net computes, which nothing may change."""
    caffe.set_precision(None)
    caffe.set_random_seed(7)
    net = caffe.Net.from_text(INFER, caffe.TEST)
    return net.forward(data=np.linspace(-1, 1, 384).reshape(2, 3, 8, 8))["prob"]


def main(first, count):
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    expected = canary()
    # What is there for good need not be looked through each time.
    gc.collect()
    gc.freeze()
    for seed in range(first, first + count):
        print(seed, flush=True)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        script = Script(seed)
        try:
            for _ in range(script.random.randrange(5, 25)):
                script.step()
            script.check()
        except MemoryError:
            script.note("out of memory")
        script.things.clear()
        gc.collect()
        assert np.array_equal(canary(), expected), f"after script {seed} a net computes something else"
        faulthandler.cancel_dump_traceback_later()
    print("done", flush=True)


if __name__ == "__main__":
    faulthandler.enable()
    main(int(sys.argv[1]), int(sys.argv[2]))
