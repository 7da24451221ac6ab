"""A Siamese net: two branches with the same weights learn to place digits in a plane, alike ones together.

    python Examples/python/siamese.py [--iterations 400] [--out folder]

The net never sees what a digit is, only whether two are the same (Hadsell, Chopra and LeCun, 2006).
"""

import numpy as np

import common
import pictures

import caffe
from caffe import layers as L, params as P

BATCH = 64


def branch(n, image, suffix):
    """Adds a branch to the net. Parameters of the same name are the same memory: both branches learn together."""

    def shared(name):
        return [dict(name=name + "_w", lr_mult=1), dict(name=name + "_b", lr_mult=2)]

    filler = dict(type="xavier")

    def add(name, top):
        n[name + suffix] = top
        return top

    x = add("conv1", L.Convolution(image, num_output=10, kernel_size=5, weight_filler=filler, param=shared("conv1")))
    x = add("pool1", L.Pooling(x, pool=P.Pooling.MAX, kernel_size=2, stride=2))
    x = add("conv2", L.Convolution(x, num_output=20, kernel_size=5, weight_filler=filler, param=shared("conv2")))
    x = add("pool2", L.Pooling(x, pool=P.Pooling.MAX, kernel_size=2, stride=2))
    x = add("ip1", L.InnerProduct(x, num_output=128, weight_filler=filler, param=shared("ip1")))
    x = add("relu1", L.ReLU(x, in_place=True))
    return add("feature", L.InnerProduct(x, num_output=2, weight_filler=filler, param=shared("feature")))


def siamese():
    n = caffe.NetSpec()
    # A pair is an image of two channels; its label is 1 if both show the same digit.
    n.pair, n.same = L.MemoryData(batch_size=BATCH, channels=2, height=28, width=28, ntop=2)
    n.left, n.right = L.Slice(n.pair, axis=1, slice_point=1, ntop=2)
    left, right = branch(n, n.left, ""), branch(n, n.right, "_p")
    n.loss = L.ContrastiveLoss(left, right, n.same, margin=1)
    return n.to_proto()


def one_branch(batch_size):
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[batch_size, 1, 28, 28]))
    branch(n, n.data, "")
    return n.to_proto()


def pairs(images, labels, count, random):
    """Pairs of images, count×2×28×28, half of them of the same digit, and whether they are."""
    of_digit = [np.flatnonzero(labels == digit) for digit in range(10)]
    first = random.integers(0, len(images), count)
    second = random.integers(0, len(images), count)
    for index in range(0, count, 2):
        second[index] = random.choice(of_digit[int(labels[first[index]])])
    same = (labels[first] == labels[second]).astype(np.float32)
    return np.concatenate([images[first], images[second]], axis=1), same


def main(arguments=None):
    options = common.parser(__doc__, "siamese", iterations=400).parse_args(arguments)
    out = options.out

    settings = common.solver(
        net=common.write(out / "train.prototxt", siamese()), type="Adam", base_lr=0.001
    )
    caffe.set_random_seed(1)
    solver = caffe.get_solver(common.write(out / "solver.prototxt", settings))
    images, labels = common.digits("train", 5000)
    data, same = pairs(images, labels, BATCH * min(options.iterations, 400), np.random.default_rng(1))
    solver.net.set_input_arrays(data, same)

    losses = np.zeros(options.iterations)
    for iteration in range(options.iterations):
        solver.step(1)
        losses[iteration] = solver.net.blobs["loss"].data
        if iteration % 50 == 0 or iteration == options.iterations - 1:
            print(f"iteration {iteration:4}  loss {losses[iteration]:.4f}")
    twins = np.array_equal(solver.net.params["conv1"][0].data, solver.net.params["conv1_p"][0].data)

    # One branch places digits that the net has not seen.
    weights = str(out / "siamese.caffemodel")
    solver.net.save(weights)
    net = caffe.Net(common.write(out / "branch.prototxt", one_branch(100)), caffe.TEST, weights=weights)
    images, labels = common.digits("t10k", 1000)
    places = net.forward_all(data=images)["feature"]

    distances = np.hypot(*(places[:, np.newaxis] - places).transpose(2, 0, 1))
    alike = labels[:, np.newaxis] == labels
    np.fill_diagonal(distances, np.inf)
    nearest = float((labels[distances.argmin(axis=1)] == labels).mean())
    off = ~np.eye(len(labels), dtype=bool)
    same_distance = float(distances[alike & off].mean())
    other_distance = float(distances[~alike].mean())
    print(f"distance of the same digits {same_distance:.3f}, of different ones {other_distance:.3f}")
    print(f"{100 * nearest:.0f} % are nearest to one of their kind")

    chart = pictures.Chart(*zip(places.min(axis=0), places.max(axis=0)), "Digits in a plane", size=(560, 700))
    for digit in range(10):
        chart.points(*places[labels == digit].T, pictures.COLORS[digit], str(digit), 5)
    pictures.save(out / "plane.png", chart.picture)
    pictures.save(
        out / "loss.png",
        pictures.chart({"": (np.arange(options.iterations), losses)}, "Contrastive loss", "iteration"),
    )
    return {
        "losses": losses,
        "twins": twins,
        "same_distance": same_distance,
        "other_distance": other_distance,
        "nearest": nearest,
    }


if __name__ == "__main__":
    main()
