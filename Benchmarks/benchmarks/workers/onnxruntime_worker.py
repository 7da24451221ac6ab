import os
import sys

import numpy as np
import onnxruntime

from .orders import obey


def main(folder):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        f"{folder}/net.onnx", options, providers=["CPUExecutionProvider"]
    )
    shape = session.get_inputs()[0].shape
    feed = {"data": np.fromfile(f"{folder}/input.f32", np.float32).reshape(shape)}
    last = []

    def run_once():
        last[:] = session.run(None, feed)

    obey(run_once, lambda: last[0])


main(*sys.argv[1:])
