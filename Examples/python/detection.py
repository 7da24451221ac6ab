"""Detection by windows: a net learns from windows of pictures what is a digit and what is not, and finds them in new pictures.

    python Examples/python/detection.py [--iterations 400] [--out folder]

As in R-CNN (Girshick et al., 2014): windows are proposed, warped to one size, classified, and of those that overlap the best
is kept. There the proposals come from selective search; here, from a grid.
"""

import numpy as np

import classification
import common
import pictures

import caffe
from caffe import layers as L, params as P

SIDE = 120  # of a picture
INPUT = 28  # of the net
PAD = 2  # how much of the input shows what is around the window
MEAN, SCALE = 100.0, 1 / 128  # (pixel - mean) * scale
BACKGROUND = 0  # Class 0 is none of the digits; class k + 1 is the digit k.


# -- Pictures with digits, and windows on them -----------------------------------------------------


def scene(images, labels, around, random):
    """Four digits of several sizes and colours on a part of a photograph; their windows and labels."""
    top, left = (random.integers(0, extent - SIDE) for extent in around.shape[:2])
    picture = around[top : top + SIDE, left : left + SIDE] * 0.6
    windows, kinds = [], []
    for quarter in range(4):
        index = random.integers(len(images))
        size = int(random.integers(28, 50))
        digit = caffe.io.resize_image(images[index, 0][4:24, 4:24, np.newaxis], (size, size))
        y = quarter // 2 * (SIDE // 2) + random.integers(0, SIDE // 2 - size + 1)
        x = quarter % 2 * (SIDE // 2) + random.integers(0, SIDE // 2 - size + 1)
        part = picture[y : y + size, x : x + size]
        part += digit * (random.uniform(0.75, 1, 3) - part)
        windows.append((y, x, y + size - 1, x + size - 1))
        kinds.append(int(labels[index]))
    return picture, np.array(windows), np.array(kinds)


def overlaps(windows, others):
    """How much of their union is the intersection of each of `windows` and each of `others`; all (ymin, xmin, ymax, xmax)."""
    windows, others = np.asarray(windows)[:, np.newaxis], np.asarray(others)
    low = np.maximum(windows[..., :2], others[..., :2])
    high = np.minimum(windows[..., 2:], others[..., 2:])
    shared = np.clip(high - low + 1, 0, None).prod(axis=2)

    def area(each):
        return (each[..., 2:] - each[..., :2] + 1).prod(axis=-1)

    return shared / (area(windows) + area(others) - shared)


def proposals(sides=(30, 37, 46)):
    """Square windows of three sizes all over a picture."""
    made = []
    for side in sides:
        places = range(0, SIDE - side + 1, side // 6)
        made += [(y, x, y + side - 1, x + side - 1) for y in places for x in places]
    return np.array(made)


def write_windows(out, count, images, labels, random):
    """Writes pictures and the file that WindowData reads: each picture's windows with their classes and overlaps."""
    around = caffe.io.load_image(classification.CAT)
    lines = []
    (out / "scenes").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture, truth, kinds = scene(images, labels, around, random)
        path = out / "scenes" / f"{number}.png"
        caffe._caffe.write_image(path, pictures.photo(picture))
        # Windows near the digits, and anywhere.
        near = np.repeat(truth, 12, axis=0) + random.integers(-5, 6, (12 * len(truth), 4))
        grid = proposals()
        anywhere = grid[random.choice(len(grid), 60, replace=False)]
        candidates = np.clip(np.concatenate([truth, near, anywhere]), 0, SIDE - 1)
        found = overlaps(candidates, truth)
        lines += [f"# {number}", str(path), "3", str(SIDE), str(SIDE), str(len(candidates))]
        for (top, left, bottom, right), overlap in zip(candidates, found):
            kind = kinds[overlap.argmax()] + 1
            lines.append(f"{kind} {overlap.max():.3f} {left} {top} {right} {bottom}")
    listed = out / "windows.txt"
    listed.write_text("\n".join(lines) + "\n")
    return str(listed)


# -- The net ---------------------------------------------------------------------------------------


def digit_net(windows=None):
    """The net to train on a file of windows; without one, the net to use."""
    filler = dict(type="xavier")
    n = caffe.NetSpec()
    if windows:
        # Windows that overlap a digit by 0.6 or more show it, and are half of a batch; below 0.4 is background.
        n.data, n.label = L.WindowData(
            ntop=2,
            window_data_param=dict(
                source=windows,
                batch_size=64,
                fg_threshold=0.6,
                bg_threshold=0.4,
                fg_fraction=0.5,
                context_pad=PAD,
                crop_mode="warp",
                scale=SCALE,  # This layer takes no notice of a scale in transform_param.
            ),
            transform_param=dict(crop_size=INPUT, mean_value=[MEAN] * 3),
        )
    else:
        n.data = L.Input(shape=dict(dim=[64, 3, INPUT, INPUT]))
    n.conv1 = L.Convolution(n.data, kernel_size=5, num_output=16, weight_filler=filler)
    n.pool1 = L.Pooling(n.conv1, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.conv2 = L.Convolution(n.pool1, kernel_size=5, num_output=32, weight_filler=filler)
    n.pool2 = L.Pooling(n.conv2, kernel_size=2, stride=2, pool=P.Pooling.MAX)
    n.fc1 = L.InnerProduct(n.pool2, num_output=96, weight_filler=filler)
    n.relu1 = L.ReLU(n.fc1, in_place=True)
    n.score = L.InnerProduct(n.fc1, num_output=11, weight_filler=filler)
    if windows:
        n.loss = L.SoftmaxWithLoss(n.score, n.label)
    else:
        n.prob = L.Softmax(n.score)
    return n.to_proto()


def keep_best(windows, scores, most=0.3):
    """Indices of the windows that overlap no better one by more than `most`, the best first."""
    left = list(np.argsort(scores)[::-1])
    kept = []
    while left:
        kept.append(left.pop(0))
        left = [other for other in left if overlaps(windows[other : other + 1], windows[kept[-1:]])[0, 0] <= most]
    return kept


def detect(detector, path, least=0.8):
    """Windows, digits and probabilities of what is found in an image file."""
    windows = proposals()
    found = detector.detect_windows([(str(path), windows)])
    probabilities = np.array([each["prediction"] for each in found])
    kinds = probabilities[:, 1:].argmax(axis=1)
    scores = probabilities[:, 1:].max(axis=1)
    sure = np.flatnonzero(scores >= least)
    kept = sure[keep_best(windows[sure], scores[sure])] if len(sure) else sure
    return windows[kept], kinds[kept], scores[kept]


def main(arguments=None):
    parser = common.parser(__doc__, "detection", iterations=400)
    parser.add_argument("--scenes", type=int, default=250, help="pictures to learn from (%(default)s)")
    options = parser.parse_args(arguments)
    out = options.out
    random = np.random.default_rng(1)

    listed = write_windows(out, options.scenes, *common.digits("train", 5000), random)
    settings = common.solver(
        net=common.write(out / "train.prototxt", digit_net(listed)), type="Adam", base_lr=0.001
    )
    caffe.set_random_seed(1)
    solver = caffe.get_solver(common.write(out / "solver.prototxt", settings))
    losses = np.zeros(options.iterations)
    for iteration in range(options.iterations):
        solver.step(1)
        losses[iteration] = solver.net.blobs["loss"].data
        if iteration % 50 == 0 or iteration == options.iterations - 1:
            print(f"iteration {iteration:4}  loss {losses[iteration]:.3f}")
    weights = str(out / "digits.caffemodel")
    solver.net.save(weights)

    # The Detector cuts windows as WindowData does: with context, warped, BGR from 0 to 255, less the mean.
    detector = caffe.Detector(
        common.write(out / "deploy.prototxt", digit_net()),
        weights,
        mean=np.array([MEAN] * 3),
        input_scale=SCALE,
        raw_scale=255,
        channel_swap=(2, 1, 0),
        context_pad=PAD,
    )
    around = caffe.io.load_image(classification.CAT)
    images, labels = common.digits("t10k", 1000)
    drawn, found, right, wrong = [], 0, 0, 0
    scenes = 4
    for number in range(scenes):
        picture, truth, kinds = scene(images, labels, around, random)
        path = out / f"test_{number}.png"
        caffe._caffe.write_image(path, pictures.photo(picture))
        windows, read, scores = detect(detector, path)
        large = pictures.photo(picture, 3)
        matches = overlaps(windows, truth) if len(windows) else np.zeros((0, 4))
        for window, digit, score, overlap in zip(windows, read, scores, matches):
            hit = overlap.max() >= 0.5
            good = hit and kinds[overlap.argmax()] == digit
            found, right, wrong = found + hit, right + good, wrong + (not good)
            color = pictures.COLORS[2 if good else 3]
            pictures.box(large, 3 * window, color, f"{digit}: {100 * score:.0f}%", size=2)
        drawn.append(large)
    count = 4 * scenes
    print(f"of {count} digits, {found} found and {right} read correctly; {wrong} windows wrong")

    pictures.save(
        out / "detections.png",
        pictures.titled(
            pictures.below(pictures.beside(*drawn[:2]), pictures.beside(*drawn[2:])),
            "Digits found: green where right, red where wrong",
        ),
    )
    pictures.save(
        out / "loss.png",
        pictures.chart({"": (np.arange(options.iterations), losses)}, "Loss", "iteration"),
    )
    return {"losses": losses, "count": count, "found": found, "right": right, "wrong": wrong}


if __name__ == "__main__":
    main()
