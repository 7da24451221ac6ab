"""Looks into SqueezeNet while it looks at a photograph: its layers, filters, activations and scores.

    python Examples/python/filters.py [--image photo.jpg] [--out folder]
"""

import numpy as np

import classification
import common
import pictures

import caffe


def brightened(channels):
    """Each channel with 1 as its highest value."""
    return channels / channels.max(axis=(1, 2), keepdims=True).clip(1e-6)


def main(arguments=None):
    parser = common.parser(__doc__, "filters")
    parser.add_argument("--image", default=classification.CAT, help="a JPEG or PNG file (a cat)")
    options = parser.parse_args(arguments)

    net, transformer = classification.load()
    image = caffe.io.load_image(options.image)
    net.blobs["data"].data[0] = transformer.preprocess("data", image)
    net.forward()

    # Values flow through blobs: images × channels × height × width.
    activations = [(name, blob.data.shape) for name, blob in net.blobs.items()]
    for name, shape in activations:
        print(f"{name:28} {' × '.join(map(str, shape))}")

    # Layers learn parameters: filters × channels × height × width, and a bias for each filter.
    parameters = {name: [blob.data.shape for blob in blobs] for name, blobs in net.params.items()}
    count = sum(blob.count for blobs in net.params.values() for blob in blobs)
    print(f"{len(parameters)} layers have learned {count:,} parameters")

    # The filters of the first layer work on colours, so they can be shown in colour (BGR made RGB): edges and blobs.
    # Those of the deeper layers have more channels than colours.
    filters = net.params["conv1"][0].data.transpose(0, 2, 3, 1)[:, :, :, ::-1]
    pictures.save(
        options.out / "conv1_filters.png",
        pictures.titled(pictures.tiles(filters, columns=12, scale=6), "The filters of conv1"),
    )

    # What they find in the photo. Each picture is one channel; bright is where the filter fits.
    first = net.blobs["conv1"].data[0, :36]
    pictures.save(
        options.out / "conv1_activations.png",
        pictures.titled(pictures.tiles(brightened(first)), "conv1: 36 of 96 channels"),
    )

    # Deep down, the maps are coarse and few places are lit: 13 × 13 values in each of 512 channels.
    deep = net.blobs["fire9/concat"].data[0]
    most = deep.max(axis=(1, 2)).argsort()[::-1][:64]
    pictures.save(
        options.out / "fire9_activations.png",
        pictures.titled(
            pictures.tiles(brightened(deep[most]), scale=5), "fire9: the 64 strongest channels"
        ),
    )

    # How often which value comes: after ReLU, most are 0, and so the rest can tell.
    share_of_zeros = float((deep == 0).mean())
    counts, edges = np.histogram(deep[deep > 0], bins=60)
    histogram = pictures.chart(
        {f"{100 * share_of_zeros:.0f} % more are 0": ((edges[:-1] + edges[1:]) / 2, counts)},
        "Values of fire9 above 0",
        "value",
        "count",
    )
    pictures.save(options.out / "fire9_histogram.png", histogram)

    # The scores of the thousand classes as probabilities: one or a few stand out.
    probabilities = classification.softmax(net.blobs["pool_final"].data[0].ravel())
    pictures.save(
        options.out / "probabilities.png",
        pictures.chart(
            {"": (np.arange(1000), probabilities)},
            "The thousand classes",
            "class",
            "probability",
        ),
    )
    return {
        "activations": dict(activations),
        "parameters": parameters,
        "count": count,
        "share_of_zeros": share_of_zeros,
    }


if __name__ == "__main__":
    main()
