"""Fine-tunes SqueezeNet, which knows a thousand things, to tell five flowers apart; beside it, the same net from scratch.

    python Examples/python/fine_tuning.py [--iterations 30] [--images 600] [--out folder]

The filters that were learned from a million photographs serve flowers too. Only the last layer is new: it has a new name, so
that it takes no weights from the file, and it learns ten times as fast as the others.
"""

import tarfile

import numpy as np

import classification
import common
import pictures

import caffe
from caffe import layers as L, params as P

FLOWERS = common.ROOT / "Examples" / "flowers"
MEAN = [104, 117, 123]
SIZE = 96  # The photographs are small and soft; larger inputs would cost time and show no more.
TEST_BATCH = 25


def fire(n, name, bottom, squeeze, expand):
    """SqueezeNet's module: few 1×1 filters, then more 1×1 and 3×3 filters side by side."""

    def convolution(part, bottom, **settings):
        n[f"{name}/{part}"] = convolved = L.Convolution(
            bottom,
            # For weights and biases: how fast they learn, and decay, compared with the others.
            param=[dict(lr_mult=1, decay_mult=1), dict(lr_mult=2, decay_mult=0)],
            weight_filler=dict(type="xavier"),
            **settings,
        )
        n[f"{name}/relu_{part}"] = relu = L.ReLU(convolved, in_place=True)
        return relu

    few = convolution("conv1x1_1", bottom, num_output=squeeze, kernel_size=1)
    points = convolution("conv1x1_2", few, num_output=expand, kernel_size=1)
    squares = convolution("conv3x3_2", few, num_output=expand, kernel_size=3, pad=1)
    n[f"{name}/concat"] = joined = L.Concat(points, squares)
    return joined


def squeezenet(photos, batch_size, is_training):
    """The net for the photographs that a file lists, as text. All names but the last layer's are those of the weights' file."""

    def pool(bottom):
        return L.Pooling(bottom, pool=P.Pooling.MAX, kernel_size=3, stride=2)

    n = caffe.NetSpec()
    n.data, n.label = L.ImageData(
        source=str(photos),
        root_folder=str(photos.parent) + "/",
        batch_size=batch_size,
        new_height=SIZE,
        new_width=SIZE,
        shuffle=is_training,
        transform_param=dict(mirror=is_training, mean_value=MEAN),
        ntop=2,
    )
    n.conv1 = L.Convolution(
        n.data, num_output=96, kernel_size=7, stride=2, weight_filler=dict(type="xavier")
    )
    n.relu_conv1 = L.ReLU(n.conv1, in_place=True)
    x = n.pool1 = pool(n.relu_conv1)
    for number, squeeze, expand in ((2, 16, 64), (3, 16, 64), (4, 32, 128)):
        x = fire(n, f"fire{number}", x, squeeze, expand)
    x = n.pool4 = pool(x)
    for number, squeeze, expand in ((5, 32, 128), (6, 48, 192), (7, 48, 192), (8, 64, 256)):
        x = fire(n, f"fire{number}", x, squeeze, expand)
    x = n.pool8 = pool(x)
    x = fire(n, "fire9", x, 64, 256)
    n.drop9 = L.Dropout(x, dropout_ratio=0.5, in_place=True)
    n.conv_flowers = L.Convolution(
        n.drop9,
        num_output=5,
        kernel_size=1,
        param=[dict(lr_mult=10, decay_mult=1), dict(lr_mult=20, decay_mult=0)],
        weight_filler=dict(type="constant", value=0),  # No opinion to begin with.
    )
    n.score = L.Pooling(n.conv_flowers, pool=P.Pooling.AVE, global_pooling=True)
    n.loss = L.SoftmaxWithLoss(n.score, n.label)
    return n.to_proto()


def unpack(folder, images):
    """Unpacks the photographs; gives two lists of as many of each kind, `images` to train on and 100 to test."""
    with tarfile.open(FLOWERS / "data" / "flowers5.tar") as tar:
        tar.extractall(folder)
    lists = []
    for part, count in (("train", images // 5), ("test", 20)):
        lines = (folder / f"{part}.txt").read_text().splitlines()
        of_kind = [[line for line in lines if line.endswith(f" {kind}")][:count] for kind in range(5)]
        chosen = [line for of_each in zip(*of_kind) for line in of_each]
        lists.append(folder / f"{part}_{len(chosen)}.txt")
        lists[-1].write_text("\n".join(chosen) + "\n")
    return lists


def answers(test):
    """The scores of all test photographs, and their kinds."""
    scores, kinds = [], []
    for _ in range(100 // TEST_BATCH):
        test.forward()
        scores.append(test.blobs["score"].data.reshape(TEST_BATCH, 5).copy())
        kinds.append(test.blobs["label"].data.copy())
    return np.concatenate(scores), np.concatenate(kinds).astype(int)


def main(arguments=None):
    parser = common.parser(__doc__, "fine_tuning", iterations=30)
    parser.add_argument("--images", type=int, default=600, help="photographs to learn from, at most 1000 (%(default)s)")
    parser.add_argument("--batch", type=int, default=16, help="photographs in a step (%(default)s)")
    options = parser.parse_args(arguments)
    out = options.out
    kinds = (FLOWERS / "class_names.txt").read_text().split()
    train_list, test_list = unpack(out / "flowers", options.images)

    net = common.write(out / "train.prototxt", squeezenet(train_list, options.batch, True))
    settings = common.solver(net=net, type="Adam", base_lr=3e-5, weight_decay=0.0002)
    solver_file = common.write(out / "solver.prototxt", settings)

    solvers = {}
    for name in ("fine-tuned", "from scratch"):
        caffe.set_random_seed(1)
        solvers[name] = caffe.get_solver(solver_file)
    # By the names of the layers: all but conv_flowers, which the file does not have.
    solvers["fine-tuned"].net.copy_from(str(classification.MODEL / "squeezenet.caffemodel"))

    # Alternately, so that both can be compared at any time.
    losses = {name: np.zeros(options.iterations) for name in solvers}
    for iteration in range(options.iterations):
        for name, solver in solvers.items():
            solver.step(1)
            losses[name][iteration] = solver.net.blobs["loss"].data
        if iteration % 5 == 0 or iteration == options.iterations - 1:
            now = ", ".join(f"{name} {losses[name][iteration]:.3f}" for name in solvers)
            print(f"iteration {iteration:3}  loss: {now}")

    # A test net has the solver's weights, not a copy of them, once it shares them.
    test_file = common.write(out / "test.prototxt", squeezenet(test_list, TEST_BATCH, False))
    accuracies, right = {}, {}
    for name, solver in solvers.items():
        test = caffe.Net(test_file, caffe.TEST)
        test.share_with(solver.net)
        scores, labels = answers(test)
        right[name] = scores.argmax(1) == labels
        accuracies[name] = float(right[name].mean())
        print(f"{name}: {100 * accuracies[name]:.0f} % of 100 other flowers recognised (chance: 20 %)")
        if name == "fine-tuned":
            solver.net.save(out / "flowers.caffemodel")
            draw_answers(out / "answers.png", test, kinds)

    steps = np.arange(options.iterations)
    pictures.save(
        out / "losses.png",
        pictures.chart(
            {
                f"{name}, {100 * accuracies[name]:.0f} % right": (steps, losses[name])
                for name in solvers
            },
            "Five kinds of flowers",
            "iteration",
            "loss",
        ),
    )
    return {"losses": losses, "accuracies": accuracies}


def draw_answers(path, test, kinds):
    """Draws the last batch that was tested; what the net takes each flower for is red if that is wrong."""
    images = test.blobs["data"].data.transpose(0, 2, 3, 1) + MEAN
    guesses = test.blobs["score"].data.reshape(TEST_BATCH, 5).argmax(1)
    labels = test.blobs["label"].data.astype(int)
    rows = []
    for begin in range(0, TEST_BATCH, 5):
        row = []
        for image, guess, label in list(zip(images, guesses, labels))[begin : begin + 5]:
            name = pictures.blank(12, SIZE)
            pictures.text(name, 0, 2, kinds[guess], pictures.COLORS[2 if guess == label else 3], 1)
            row.append(pictures.below(name, pictures.photo(image[:, :, ::-1] / 255), gap=0))
        rows.append(pictures.beside(*row, gap=6))
    pictures.save(path, pictures.titled(pictures.below(*rows, gap=6), "What flower is it?"))


if __name__ == "__main__":
    main()
