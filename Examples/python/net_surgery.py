"""Net surgery: writes filters by hand, and makes a classifier of small images read a whole page.

    python Examples/python/net_surgery.py [--iterations 300] [--out folder]

1. Parameters are arrays: what is written into them is what the net computes with.
2. An InnerProduct layer is a Convolution whose filters are as large as their input. The weights are the same numbers in the
   same order; as a convolution, the net runs on images of any size, and classifies every place at once.
"""

import numpy as np

import classification
import common
import pictures

import caffe
from caffe import layers as L, params as P

NOTHING = 10  # The class after those of the digits.


# -- 1. Filters by hand ----------------------------------------------------------------------------


def one_convolution(height, width):
    n = caffe.NetSpec()
    n.data = L.Input(shape=dict(dim=[1, 1, height, width]))
    n.conv = L.Convolution(
        n.data, num_output=3, kernel_size=5, weight_filler=dict(type="gaussian", std=0.01)
    )
    return n.to_proto()


def edit_filters(out):
    """Shows what three filters make of a photograph before and after they are edited."""
    image = caffe.io.load_image(classification.CAT, color=False)[:, :, 0]
    model = common.write(out / "convolution.prototxt", one_convolution(*image.shape))
    net = caffe.Net(model, caffe.TEST)
    net.blobs["data"].data[0, 0] = image - image.mean()

    def show(name):
        net.forward()
        filtered = net.blobs["conv"].data[0].copy()
        weights = pictures.tiles(net.params["conv"][0].data[:, 0], columns=3, scale=10)
        maps = pictures.beside(*(pictures.tiles([each]) for each in filtered), gap=4)
        pictures.save(out / name, pictures.titled(pictures.below(weights, maps), "Filters, and what they give"))
        return filtered

    random = show("random_filters.png")

    weights, biases = net.params["conv"]
    around = np.arange(-2, 3)
    bell = np.exp(-(around**2) / 2)
    blur = np.outer(bell, bell) / np.outer(bell, bell).sum()
    weights.data[0, 0] = blur
    weights.data[1, 0] = np.outer(bell, around)  # Bright to the right: vertical edges.
    weights.data[2, 0] = weights.data[1, 0].T  # Bright below: horizontal edges.
    biases.data[...] = 0
    edited = show("edited_filters.png")

    # A bias shifts its channel, by the same everywhere.
    biases.data[0] = 1
    net.forward()
    shift = net.blobs["conv"].data[0, 0] - edited[0]
    return {"random": random, "edited": edited, "shift": shift}


# -- 2. From InnerProduct to Convolution -----------------------------------------------------------


def reader(data, convolutional):
    """A net that tells ten digits and nothing apart, its last layers fully connected or convolutional."""
    filler = dict(type="xavier")
    n = caffe.NetSpec()
    n.data, *labels = data
    n.conv1 = L.Convolution(n.data, kernel_size=5, num_output=16, weight_filler=filler)
    n.pool1 = L.Pooling(n.conv1, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.conv2 = L.Convolution(n.pool1, kernel_size=5, num_output=32, weight_filler=filler)
    n.pool2 = L.Pooling(n.conv2, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    if convolutional:
        # pool2 is 4×4 for an image of 28×28. Layers with new shapes need new names.
        n["fc1-conv"] = L.Convolution(n.pool2, kernel_size=4, num_output=64)
        n.relu1 = L.ReLU(n["fc1-conv"], in_place=True)
        n["fc2-conv"] = score = L.Convolution(n["fc1-conv"], kernel_size=1, num_output=11)
    else:
        n.fc1 = L.InnerProduct(n.pool2, num_output=64, weight_filler=filler)
        n.relu1 = L.ReLU(n.fc1, in_place=True)
        n.fc2 = score = L.InnerProduct(n.fc1, num_output=11, weight_filler=filler)
    if labels:
        n.label = labels[0]
        n.loss = L.SoftmaxWithLoss(score, n.label)
    else:
        n.prob = L.Softmax(score)
    return n.to_proto()


def page(digits, rows, columns, step, random):
    """Digits in rows, with some disorder, on a page; and the place of each one's upper left."""
    made = np.zeros((rows * step, columns * step), np.float32)
    places = []
    for index, digit in enumerate(digits[: rows * columns, 0]):
        top = index // columns * step + random.integers(0, step - 27)
        left = index % columns * step + random.integers(0, step - 27)
        made[top : top + 28, left : left + 28] = digit
        places.append((top, left))
    return made, places


def windows_to_learn_from(count, random):
    """Windows of 28×28 cut from pages: about half with a digit in the middle, the others without."""
    images, labels = common.digits("train", 4900)
    windows = np.zeros((count, 1, 28, 28), np.float32)
    classes = np.full(count, NOTHING, np.float32)
    pages = [page(images[i : i + 49], 7, 7, 40, random) for i in range(0, 4900, 49)]
    for index in range(count):
        number = random.integers(len(pages))
        paper, places = pages[number]
        place = random.integers(49)
        shift = random.integers(-2, 3, 2) if index % 2 else random.integers(-28, 29, 2)
        top, left = np.clip(np.add(places[place], shift), 0, 7 * 40 - 28)
        windows[index, 0] = paper[top : top + 28, left : left + 28]
        if np.abs(np.subtract(places, (top, left))).max(axis=1).min() <= 2:
            classes[index] = labels[number * 49 + place]
    return windows, classes


def learn(out, iterations):
    """Trains the fully connected net on windows; gives the weights' file."""
    data = L.MemoryData(batch_size=64, channels=1, height=28, width=28, ntop=2)
    settings = common.solver(
        net=common.write(out / "train.prototxt", reader(data, False)), type="Adam", base_lr=0.002
    )
    caffe.set_random_seed(1)
    solver = caffe.get_solver(common.write(out / "solver.prototxt", settings))
    windows, classes = windows_to_learn_from(64 * 150, np.random.default_rng(1))
    solver.net.set_input_arrays(windows, classes)
    solver.step(iterations)
    print(f"loss after {iterations} iterations: {float(solver.net.blobs['loss'].data):.3f}")
    weights = str(out / "fully_connected.caffemodel")
    solver.net.save(weights)
    return weights


def operate(out, weights, height, width):
    """The trained net, and its convolutional twin for images of height × width."""
    window, whole = (
        [L.Input(shape=dict(dim=[1, 1, *size]))] for size in ((28, 28), (height, width))
    )
    model = common.write(out / "fully_connected.prototxt", reader(window, False))
    net = caffe.Net(model, caffe.TEST, weights=weights)
    model = common.write(out / "fully_convolutional.prototxt", reader(whole, True))
    # Layers of the same names, conv1 and conv2, take their weights from the file.
    full = caffe.Net(model, caffe.TEST, weights=weights)

    for name in ("fc1", "fc2"):
        weight, bias = net.params[name]
        conv_weight, conv_bias = full.params[name + "-conv"]
        print(f"{name}: {weight.data.shape} becomes {conv_weight.data.shape}")
        conv_weight.data.flat = weight.data.flat  # The same numbers, in other shapes.
        conv_bias.data[...] = bias.data
    full.save(out / "fully_convolutional.caffemodel")
    return net, full


def main(arguments=None):
    options = common.parser(__doc__, "net_surgery", iterations=300).parse_args(arguments)
    out = options.out
    filters = edit_filters(out)

    paper, places = page(
        *(common.digits("t10k", 100)[0][20:45], 5, 5, 48), np.random.default_rng(3)
    )
    labels = common.digits("t10k", 100)[1][20:45]
    net, full = operate(out, learn(out, options.iterations), *paper.shape)

    full.blobs["data"].data[0, 0] = paper
    dense = full.forward()["prob"][0]

    # Both pools halve: the outputs are for windows every 4 pixels. Each is what the first net says of that window.
    differences = []
    for row, column in ((0, 0), (dense.shape[1] // 2, dense.shape[2] // 2), (-1, -1)):
        top, left = 4 * (row % dense.shape[1]), 4 * (column % dense.shape[2])
        net.blobs["data"].data[0, 0] = paper[top : top + 28, left : left + 28]
        differences.append(np.abs(net.forward()["prob"][0] - dense[:, row, column]).max())
    print(f"{dense.shape[1]} × {dense.shape[2]} windows in one pass; largest difference {max(differences):.1e}")

    # Where is something, and what? Around each digit, the window that is surest.
    is_digit = 1 - dense[NOTHING]
    picture = pictures.photo(1 - paper, 2)
    correct = 0
    for (top, left), label in zip(places, labels):
        near_top, near_left = max(round(top / 4) - 1, 0), max(round(left / 4) - 1, 0)
        near = dense[:NOTHING, near_top : near_top + 3, near_left : near_left + 3]
        read = int(near.max(axis=(1, 2)).argmax())
        correct += read == label
        color = pictures.COLORS[2] if read == label else pictures.COLORS[3]
        pictures.text(picture, 2 * left - 4, 2 * top, str(read), color, 2)
    accuracy = correct / len(labels)
    print(f"{100 * accuracy:.0f} % of the page read correctly")

    # An output is about the middle of its window: 14 pixels from the upper left.
    heat = np.zeros(paper.shape, np.float32)
    large = is_digit.repeat(4, axis=0).repeat(4, axis=1)
    heat[12 : 12 + large.shape[0], 12 : 12 + large.shape[1]] = large
    pictures.save(
        out / "page.png",
        pictures.titled(
            pictures.beside(picture, pictures.heat(heat, 0, 1, 2)),
            "What it reads, and where it sees a digit in the middle of a window",
        ),
    )
    return {
        **filters,
        "difference": max(differences),
        "accuracy": accuracy,
        "is_digit": is_digit,
        "shape": dense.shape,
    }


if __name__ == "__main__":
    main()
