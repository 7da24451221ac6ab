"""Logistic regression from HDF5 files: the smallest net there is, against Newton's method; and with a hidden layer.

    python Examples/python/hdf5_logistic_regression.py [--iterations 400] [--out folder]      (needs h5py)
"""

import numpy as np

import common
import pictures

import caffe
from caffe import layers as L

TRAIN, TEST = 2000, 500
DECAY = 0.001


def two_moons(count, random):
    """Points of two classes, N×2 and N: two crescents, each around an end of the other, with noise."""
    labels = random.integers(0, 2, count)
    angle = random.uniform(0, np.pi, count)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.where(labels[:, np.newaxis] == 0, upper, lower) - (0.5, 0.25)
    return (points + random.normal(scale=0.2, size=points.shape)).astype(np.float32), labels


def write_hdf5(out, name, points, labels):
    """Writes two files of half the points each, and the list of files that HDF5Data reads."""
    import h5py

    out.mkdir(parents=True, exist_ok=True)
    half = len(points) // 2
    files = [out / f"{name}_{number}.h5" for number in (0, 1)]
    for path, part in zip(files, (slice(0, half), slice(half, None))):
        with h5py.File(path, "w") as file:
            # A data set for each top of the layer. Compressed ones are read too.
            settings = dict(compression="gzip", compression_opts=1)
            file.create_dataset("data", data=points[part], **settings)
            file.create_dataset("label", data=labels[part].astype(np.float32), **settings)
    listed = out / f"{name}.txt"
    listed.write_text("".join(f"{path}\n" for path in files))
    return str(listed)


def classifier(source, batch_size, hidden):
    """Scores for two classes, from the points or from `hidden` features that it learns of them."""
    n = caffe.NetSpec()
    n.data, n.label = L.HDF5Data(source=source, batch_size=batch_size, ntop=2)
    last = n.data
    if hidden:
        n.hidden = L.InnerProduct(n.data, num_output=hidden, weight_filler=dict(type="msra"))
        n.relu = last = L.ReLU(n.hidden, in_place=True)
    # Weights decay; biases do not.
    n.score = L.InnerProduct(
        last,
        num_output=2,
        weight_filler=dict(type="xavier"),
        param=[dict(decay_mult=1), dict(decay_mult=0)],
    )
    n.accuracy = L.Accuracy(n.score, n.label)
    n.loss = L.SoftmaxWithLoss(n.score, n.label)
    return n.to_proto()


def learn(out, name, sources, iterations, hidden=0):
    """The losses, the accuracy on the test points, and the test net."""
    nets = [
        common.write(out / f"{name}_{part}.prototxt", classifier(source, batch_size, hidden))
        for part, source, batch_size in zip(("train", "test"), sources, (TRAIN, TEST))
    ]
    # All points in each step: then nothing is random, and the loss falls to where Newton's method finds it.
    settings = common.solver(
        net=nets[0],
        test_net=[nets[1]],
        test_iter=[1],
        test_interval=10 * iterations,
        base_lr=1.0 if not hidden else 0.2,
        weight_decay=DECAY,
    )
    caffe.set_random_seed(1)
    solver = caffe.SGDSolver(common.write(out / f"{name}_solver.prototxt", settings))
    losses = np.zeros(iterations)
    for iteration in range(iterations):
        solver.step(1)
        losses[iteration] = solver.net.blobs["loss"].data
    test = solver.test_nets[0]
    test.forward()
    return losses, float(test.blobs["accuracy"].data), test


def newton(points, labels):
    """The minimum of the same loss by Newton's method: w and b of the score of class 1 over class 0.

    The net has weights for both classes. Decay makes them w/2 and −w/2, so that λ/2 · Σ weights² is λ/4 · w².
    """
    x = np.concatenate([points, np.ones((len(points), 1))], axis=1).astype(np.float64)
    decay = np.diag([DECAY / 2, DECAY / 2, 0])
    w = np.zeros(3)
    for _ in range(20):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (p - labels) / len(x) + decay @ w
        hessian = (x * (p * (1 - p))[:, np.newaxis]).T @ x / len(x) + decay
        w -= np.linalg.solve(hessian, gradient)
    p = 1 / (1 + np.exp(-x @ w))
    loss = -np.log(np.where(labels == 1, p, 1 - p)).mean()
    return w, float(loss)


def draw(path, title, net, points, labels):
    """Draws the test points on the probabilities that a net gives the places around them."""
    low, high = points.min(axis=0) - 0.2, points.max(axis=0) + 0.2
    chart = pictures.Chart(*zip(low, high), title=title)
    left, top, right, bottom = chart.plot
    x, y = np.meshgrid(
        np.linspace(low[0], high[0], right - left), np.linspace(high[1], low[1], bottom - top)
    )
    grid = np.stack([x.ravel(), y.ravel()], axis=1)
    # Any points can be run through the layers above the data.
    first = net._layer_names[1]
    net.blobs["data"].reshape(*grid.shape)
    net.blobs["label"].reshape(len(grid))
    net.blobs["data"].data[...] = grid
    net.blobs["label"].data[...] = 0
    net.forward(start=first)
    scores = net.blobs["score"].data
    share = 1 / (1 + np.exp(scores[:, 0] - scores[:, 1])).reshape(x.shape + (1,))
    color = np.array(pictures.COLORS[0]) * (1 - share) + np.array(pictures.COLORS[1]) * share
    chart.picture[top:bottom, left:right] = 255 - (255 - color) * 0.45
    for kind in (0, 1):
        of_kind = points[labels == kind]
        chart.points(*of_kind.T, pictures.COLORS[kind], f"class {kind}")
    pictures.save(path, chart.picture)


def main(arguments=None):
    options = common.parser(__doc__, "hdf5_logistic_regression", 400).parse_args(arguments)
    try:
        import h5py  # noqa: F401
    except ImportError:
        raise SystemExit("This example writes its data by h5py: pip install h5py")
    out = options.out

    random = np.random.default_rng(0)
    points, labels = two_moons(TRAIN, random)
    test_points, test_labels = two_moons(TEST, random)
    sources = (
        write_hdf5(out, "train", points, labels),
        write_hdf5(out, "test", test_points, test_labels),
    )

    losses, accuracy, test = learn(out, "logistic", sources, options.iterations)
    weights, biases = (blob.data.copy() for blob in test.params["score"])
    learned = np.append(weights[1] - weights[0], biases[1] - biases[0])
    best, best_loss = newton(points, labels)
    print(f"the net    w {learned[:2]}, b {learned[2]:.4f}, loss {losses[-1]:.5f}")
    print(f"Newton     w {best[:2]}, b {best[2]:.4f}, loss {best_loss:.5f}")

    deep_losses, deep_accuracy, deep_test = learn(out, "hidden", sources, options.iterations, 40)
    print(f"accuracy   {accuracy:.3f}; with 40 hidden units {deep_accuracy:.3f}")

    draw(out / "logistic.png", f"A line: {100 * accuracy:.1f} % right", test, test_points, test_labels)
    draw(out / "hidden.png", f"40 hidden units: {100 * deep_accuracy:.1f} %", deep_test, test_points, test_labels)
    steps = np.arange(options.iterations)
    pictures.save(
        out / "losses.png",
        pictures.chart(
            {"logistic": (steps, losses), "40 hidden units": (steps, deep_losses)},
            "Loss",
            "iteration",
        ),
    )
    return {
        "losses": losses,
        "best_loss": best_loss,
        "learned": learned,
        "best": best,
        "accuracy": accuracy,
        "deep_accuracy": deep_accuracy,
    }


if __name__ == "__main__":
    main()
