"""Brews LeNet: a net written in Python learns to read digits, and is watched while it does.

    python Examples/python/brewing_lenet.py [--iterations 300] [--out folder]
"""

import numpy as np

import common
import pictures

import caffe
from caffe import layers as L, params as P

BATCH = 64
TEST_BATCH = 100
TEST_COUNT = 1000


def lenet(batch_size):
    """The net as text. NetSpec writes it: each attribute is a blob, made by a layer of the same name."""
    filler = dict(type="xavier")
    n = caffe.NetSpec()
    # MemoryData reads arrays of ours. From a database: L.Data(source=folder, backend=P.Data.LMDB, batch_size=…, ntop=2)
    n.data, n.label = L.MemoryData(
        batch_size=batch_size, channels=1, height=28, width=28, ntop=2
    )
    n.conv1 = L.Convolution(n.data, kernel_size=5, num_output=20, weight_filler=filler)
    n.pool1 = L.Pooling(n.conv1, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.conv2 = L.Convolution(n.pool1, kernel_size=5, num_output=50, weight_filler=filler)
    n.pool2 = L.Pooling(n.conv2, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.fc1 = L.InnerProduct(n.pool2, num_output=500, weight_filler=filler)
    n.relu1 = L.ReLU(n.fc1, in_place=True)
    n.score = L.InnerProduct(n.fc1, num_output=10, weight_filler=filler)
    n.loss = L.SoftmaxWithLoss(n.score, n.label)
    return n.to_proto()


def main(arguments=None):
    options = common.parser(__doc__, "brewing_lenet", iterations=300).parse_args(arguments)
    out = options.out

    # The solver reads files: two nets and its own settings.
    settings = common.solver(
        net=common.write(out / "train.prototxt", lenet(BATCH)),
        test_net=[common.write(out / "test.prototxt", lenet(TEST_BATCH))],
        test_iter=[TEST_COUNT // TEST_BATCH],
        test_interval=500,
        base_lr=0.01,
        momentum=0.9,
        weight_decay=5e-4,
        lr_policy="inv",
        gamma=1e-4,
        power=0.75,
    )
    caffe.set_random_seed(1)
    solver = caffe.SGDSolver(common.write(out / "solver.prototxt", settings))
    train, test = solver.net, solver.test_nets[0]
    for name, blob in train.blobs.items():
        print(f"{name:8} {blob.data.shape}")

    # The nets read these arrays batch by batch, and start again at the end. Counts are multiples of the batch sizes.
    images, labels = common.digits("train", BATCH * max(1, min(options.iterations, 300)))
    train.set_input_arrays(images, labels)
    test.set_input_arrays(*common.digits("t10k", TEST_COUNT))

    # Before any learning: the first digits, as the net sees them.
    train.forward()
    test.forward()
    first = train.blobs["data"].data[:8, 0]
    print("labels", train.blobs["label"].data[:8].ravel().astype(int))
    pictures.save(out / "digits.png", pictures.tiles(first, columns=8, scale=2))

    # One step: forward, backward, update. What each filter of conv1 is told to change:
    solver.step(1)
    gradients = train.params["conv1"][0].diff[:, 0]
    pictures.save(out / "conv1_gradients.png", pictures.tiles(gradients, columns=5, scale=8))

    # The training loop. What happens inside can be seen, and changed, at every step.
    losses = np.zeros(options.iterations)
    accuracies = {}
    outputs = np.zeros((options.iterations, 8, 10))
    every = max(1, options.iterations // 8)
    shown = test.blobs["data"].data[:8, 0].copy()
    shown_labels = test.blobs["label"].data[:8].ravel().copy()
    for iteration in range(options.iterations):
        solver.step(1)
        losses[iteration] = train.blobs["loss"].data

        # Scores of the same eight digits: without the layer that would read the next batch.
        test.forward(start="conv1")
        outputs[iteration] = test.blobs["score"].data[:8]

        if iteration % every == 0 or iteration == options.iterations - 1:
            # As many batches as there are, so that the first one is the next again.
            correct = 0
            for _ in range(TEST_COUNT // TEST_BATCH):
                test.forward()
                # MemoryData gives labels of shape N×1×1×1, other layers N.
                labels = test.blobs["label"].data.ravel()
                correct += (test.blobs["score"].data.argmax(1) == labels).sum()
            accuracies[iteration] = correct / TEST_COUNT
            print(f"iteration {iteration:4}  loss {losses[iteration]:.3f}  accuracy {accuracies[iteration]:.3f}")

    pictures.save(
        out / "training.png",
        pictures.chart(
            {
                "loss": (np.arange(options.iterations), losses),
                "test accuracy": (list(accuracies), list(accuracies.values())),
            },
            "LeNet learns",
            "iteration",
        ),
    )
    pictures.save(
        out / "conv1_filters.png",
        pictures.tiles(train.params["conv1"][0].data[:, 0], columns=5, scale=8),
    )

    # Softmax over time: below each other the ten classes, from left to right the iterations.
    shares = np.exp(outputs - outputs.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    rows = []
    for digit in range(8):
        times = heat_over_time(shares[:, digit].T, width=480)
        rows.append(pictures.beside(pictures.photo(shown[digit], 4), times, gap=6))
    pictures.save(
        out / "softmax_over_time.png",
        pictures.titled(pictures.below(*rows), "What it takes each digit for, over time"),
    )

    weights = out / "lenet.caffemodel"
    train.save(weights)
    return {
        "losses": losses,
        "accuracies": accuracies,
        "gradients": gradients.copy(),
        "shares": shares,
        "labels": shown_labels,
        "weights": weights,
    }


def heat_over_time(shares, width):
    """A picture of 10 × iterations, stretched to 110 × `width`, with the classes at its left."""
    columns = np.arange(width) * shares.shape[1] // width
    picture = pictures.heat(shares[:, columns], 0, 1).repeat(11, axis=0)
    names = pictures.blank(110, 10)
    for digit in range(10):
        pictures.text(names, 2, 2 + 11 * digit, str(digit), size=1)
    return pictures.beside(names, picture, gap=2)


if __name__ == "__main__":
    main()
