"""Classifies a photograph with SqueezeNet, and draws it beside the five most probable classes.

    python Examples/python/classification.py [--image photo.jpg] [--out folder]

The net was trained on ImageNet, and knows the thousand classes in imagenet_classes.txt.
"""

import time

import numpy as np

import common
import pictures

import caffe

MODEL = common.ROOT / "Models" / "squeezenet_v1.0"
CAT = common.ROOT / "Examples" / "python" / "photos" / "chelsea.jpg"


def load():
    """The net, and what makes its input from images."""
    caffe.set_mode_cpu()
    net = caffe.Net(
        str(MODEL / "deploy.prototxt"),  # the layers
        caffe.TEST,  # without dropout
        weights=str(MODEL / "squeezenet.caffemodel"),
    )
    # load_image gives H×W×RGB from 0 to 1. The net was trained on BGR×H×W from 0 to 255, less the mean colour.
    transformer = caffe.io.Transformer({"data": net.blobs["data"].data.shape})
    transformer.set_transpose("data", (2, 0, 1))
    transformer.set_channel_swap("data", (2, 1, 0))
    transformer.set_raw_scale("data", 255)
    transformer.set_mean("data", np.array([104, 117, 123]))
    return net, transformer


def class_names():
    """'tabby' and so on. In the file, a line is an identifier and the names of a class: 'n02123045 tabby, tabby cat'."""
    lines = (common.ROOT / "Examples" / "python" / "imagenet_classes.txt").read_text().splitlines()
    return [line.split(" ", 1)[1].split(",")[0] for line in lines]


def softmax(scores):
    """Scores as probabilities. (This net ends with scores; many others end with a layer that does this.)"""
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def milliseconds_a_photo(net, batch, repeats):
    """How long a photo takes when the net is given `batch` of them at a time."""
    net.blobs["data"].reshape(batch, 3, 227, 227)
    net.forward()  # The first pass makes the memory ready.
    begin = time.perf_counter()
    for _ in range(repeats):
        net.forward()
    return (time.perf_counter() - begin) / repeats / batch * 1000


def main(arguments=None):
    parser = common.parser(__doc__, "classification")
    parser.add_argument("--image", default=CAT, help="a JPEG or PNG file (a cat)")
    parser.add_argument("--repeats", type=int, default=5, help="passes to time (%(default)s)")
    options = parser.parse_args(arguments)

    net, transformer = load()
    image = caffe.io.load_image(options.image)

    # One image: the first axis of every blob is the number of images, here 1.
    net.blobs["data"].data[0] = transformer.preprocess("data", image)
    output = net.forward()
    probabilities = softmax(output["pool_final"][0].ravel())

    names = class_names()
    top5 = probabilities.argsort()[::-1][:5]
    for index in top5:
        print(f"{100 * probabilities[index]:5.1f} %  {names[index]}")

    height, width = image.shape[:2]
    small = caffe.io.resize_image(image, (300, round(300 * width / height)))
    answer = pictures.bars([names[index] for index in top5], probabilities[top5], width=340)
    pictures.save(
        options.out / "top5.png",
        pictures.titled(pictures.beside(pictures.photo(small), answer, gap=20), "What is it?"),
    )

    times = {batch: milliseconds_a_photo(net, batch, options.repeats) for batch in (1, 4)}
    for batch, milliseconds in times.items():
        print(f"{milliseconds:6.1f} ms a photo, {batch} at a time")
    return {"top5": [names[index] for index in top5], "probabilities": probabilities[top5], "times": times}


if __name__ == "__main__":
    main()
