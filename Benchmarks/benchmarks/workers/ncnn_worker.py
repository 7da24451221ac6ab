import os
import sys

import ncnn
import numpy as np

from .orders import obey


def main(folder, precision, output, *shape):
    net = ncnn.Net()
    net.opt.num_threads = int(os.environ["OMP_NUM_THREADS"])
    if precision == "f32":
        # Else the weights of inner products are kept in 16 bits.
        net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    if net.load_param(f"{folder}/ncnn.param") or net.load_model(f"{folder}/ncnn.bin"):
        raise SystemExit("ncnn cannot load its files")
    data = np.fromfile(f"{folder}/input.f32", np.float32).reshape([int(size) for size in shape])
    last = []

    def run_once():
        # ncnn computes one image at a time.
        last.clear()
        for image in data:
            extractor = net.create_extractor()
            extractor.input("data", ncnn.Mat(image))
            code, out = extractor.extract(output)
            if code:
                raise SystemExit("ncnn cannot run the net")
            last.append(np.array(out))

    obey(run_once, lambda: np.stack(last))


main(*sys.argv[1:])
