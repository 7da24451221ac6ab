"""Deep learning with nets that are written as text: train them, run them, look into them.

import caffe

net = caffe.Net('deploy.prototxt', caffe.TEST, weights='net.caffemodel')
net.blobs['data'].data[...] = images
probabilities = net.forward()['prob']
"""

__version__ = "1.0.0"

from . import dnn, io
from ._caffe import (
    Layer,
    get_solver,
    has_nccl,
    init_log,
    layer_type_list,
    log,
    set_device,
    set_mode_cpu,
    set_mode_gpu,
    set_multiprocess,
    set_engine,
    set_phase_test,
    set_phase_train,
    set_precision,
    set_random_seed,
    set_solver_count,
    set_solver_rank,
    solver_count,
    solver_rank,
)
from .classifier import Classifier
from .detector import Detector
from .ensemble import Ensemble
from .net_spec import NetSpec, layers, params, to_proto
from .proto.caffe_pb2 import TEST, TRAIN
from .pycaffe import (
    NCCL,
    AdaDeltaSolver,
    AdaGradSolver,
    AdamSolver,
    NesterovSolver,
    Net,
    RMSPropSolver,
    SGDSolver,
    Timer,
)

__all__ = [
    "AdaDeltaSolver", "AdaGradSolver", "AdamSolver", "Classifier", "Detector", "Ensemble", "Layer",
    "NCCL", "NesterovSolver", "Net", "NetSpec", "RMSPropSolver", "SGDSolver", "TEST", "TRAIN",
    "Timer", "dnn", "get_solver", "has_nccl", "init_log", "io", "layer_type_list", "layers", "log",
    "params", "set_device", "set_engine", "set_mode_cpu", "set_mode_gpu", "set_multiprocess", "set_phase_test",
    "set_phase_train", "set_precision",
    "set_random_seed", "set_solver_count", "set_solver_rank", "solver_count", "solver_rank", "to_proto",
]  # fmt: skip
