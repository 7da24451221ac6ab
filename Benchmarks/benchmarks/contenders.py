"""The programs that are compared, and how each is started."""

import ctypes.util
import dataclasses
import subprocess
import sys

from .files import BENCHMARKS, DECAY, MOMENTUM, RATE, graph_of
from .rows import INFERENCE, TRAINING

OURS = "caffe"
ONE_THREAD = OURS + "-1-thread"


@dataclasses.dataclass
class Contender:
    name: str
    kinds: tuple
    command: object  # of row, folder and the name of the net's file, to arguments
    precision: str = "float32"
    environment: dict = dataclasses.field(default_factory=dict)


def _ours_in_bfloat16(row, folder, form):
    return [*_ours(row, folder, form), "--precision", "bf16"]


def _ours(row, folder, form):
    worker = str(BENCHMARKS / ".build/release/benchmark-worker")
    files = ["--input", folder / "input.f32"]
    if row.kind == INFERENCE:
        return [
            worker,
            "infer",
            "--net",
            folder / f"{form}.prototxt",
            "--weights",
            folder / "deploy.caffemodel",
            *files,
        ]
    files += ["--labels", folder / "labels.f32"]
    return [
        worker,
        "train",
        "--solver",
        folder / f"{form}_solver.prototxt",
        "--weights",
        folder / "train.caffemodel",
        *files,
    ]


def _python(module, *arguments):
    return [sys.executable, "-m", f"benchmarks.workers.{module}", *arguments]


def _pytorch(mode):
    def command(row, folder, form):
        net = folder / f"{form}.prototxt"
        return _python(
            "pytorch_worker", row.kind, mode, net, folder, str(RATE), str(MOMENTUM), str(DECAY)
        )

    return command


def _ncnn(precision):
    def command(row, folder, form):
        graph = graph_of(row)
        return _python(
            "ncnn_worker",
            folder,
            precision,
            graph.output,
            *(str(size) for size in graph.inputs["data"]),
        )

    return command


def _onnxruntime(row, folder, form):
    return _python("onnxruntime_worker", folder)


def _openvino(precision):
    return lambda row, folder, form: _python("openvino_worker", folder, precision)


# glibc's allocator gives big blocks back to the system each time, unless told to keep them.
KEEPING = {
    "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=17179869184"
}


def all_contenders():
    both = (INFERENCE, TRAINING)
    contenders = [
        Contender(OURS, both, _ours),
        Contender("openvino", (INFERENCE,), _openvino("f32")),
        Contender("onnxruntime", (INFERENCE,), _onnxruntime),
        Contender("ncnn", (INFERENCE,), _ncnn("f32")),
    ]
    allocators = {"": {}, "-malloc": KEEPING}
    if library := ctypes.util.find_library("tcmalloc_minimal"):
        allocators["-tcmalloc"] = {"LD_PRELOAD": library}
    for mode in ("eager", "compiled"):
        for suffix, environment in allocators.items():
            name = "pytorch" + ("-compiled" if mode == "compiled" else "") + suffix
            contenders.append(Contender(name, both, _pytorch(mode), environment=environment))
    return [
        *contenders,
        Contender(OURS + "-bf16", (INFERENCE,), _ours_in_bfloat16, "bfloat16"),
        Contender("openvino-bf16", (INFERENCE,), _openvino("default"), "bfloat16"),
        Contender("ncnn-fp16", (INFERENCE,), _ncnn("default"), "float16"),
        Contender(ONE_THREAD, both, _ours, environment={"OMP_NUM_THREADS": "1"}),
    ]


def has_bfloat16():
    flags = subprocess.run(["lscpu"], capture_output=True, text=True).stdout
    return "avx512_bf16" in flags or "amx_bf16" in flags
