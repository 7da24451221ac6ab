import os
import sys

import numpy as np
import openvino

from .orders import obey


def main(folder, precision):
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": int(os.environ["OMP_NUM_THREADS"]),
    }
    if precision == "f32":
        options["INFERENCE_PRECISION_HINT"] = "f32"
    model = openvino.Core().compile_model(f"{folder}/openvino.xml", "CPU", options)
    request = model.create_infer_request()
    data = np.fromfile(f"{folder}/input.f32", np.float32).reshape(model.inputs[0].shape)
    request.set_input_tensor(openvino.Tensor(data, shared_memory=True))
    obey(request.infer, lambda: request.get_output_tensor().data)


main(*sys.argv[1:])
