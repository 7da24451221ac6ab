"""Layers written in Python: a source of data that prepares batches in a thread, and a loss, which train a net together.

    python Examples/python/python_layers.py [--iterations 200] [--out folder]

The layers are in my_layers.py. The net learns where in an image a digit is.
"""

import json

import numpy as np

import common
import pictures

import caffe
from caffe import layers as L, params as P

SIZE = 48


def locator(python_loss, **settings):
    n = caffe.NetSpec()
    # param_str is text for the layer to read as it likes; JSON keeps it plain.
    settings = {"batch_size": 32, "size": SIZE, "part": "train", "count": 2000, "seed": 1, **settings}
    n.image, n.place = L.Python(
        ntop=2,
        python_param=dict(
            module="my_layers", layer="DigitSomewhere", param_str=json.dumps(settings)
        ),
    )
    filler = dict(type="xavier")
    n.conv1 = L.Convolution(n.image, kernel_size=5, stride=2, num_output=16, weight_filler=filler)
    n.relu1 = L.ReLU(n.conv1, in_place=True)
    n.conv2 = L.Convolution(n.conv1, kernel_size=3, stride=2, num_output=16, weight_filler=filler)
    n.relu2 = L.ReLU(n.conv2, in_place=True)
    n.guess = L.InnerProduct(n.conv2, num_output=2, weight_filler=filler)
    if python_loss:
        # A Python layer is a loss if its loss_weight says so.
        n.loss = L.Python(
            n.guess,
            n.place,
            python_param=dict(module="my_layers", layer="EuclideanLoss"),
            loss_weight=1,
        )
    else:
        n.loss = L.EuclideanLoss(n.guess, n.place)
    return n.to_proto()


def compare_losses(out):
    """The largest differences of loss and gradients between our loss layer and the library's."""
    results = []
    for python_loss in (True, False):
        caffe.set_random_seed(1)  # The same weights; the source has a seed of its own.
        name = "python_loss.prototxt" if python_loss else "library_loss.prototxt"
        net = caffe.Net(common.write(out / name, locator(python_loss)), caffe.TRAIN)
        net.forward()
        net.backward()
        results.append(
            (
                float(net.blobs["loss"].data.item()),
                net.blobs["guess"].diff.copy(),
                net.params["conv1"][0].diff.copy(),
            )
        )
    (loss, *gradients), (library_loss, *library_gradients) = results
    difference = max(np.abs(a - b).max() for a, b in zip(gradients, library_gradients))
    return loss, library_loss, float(difference)


LOSS_ALONE = """
force_backward: true
layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 3 dim: 4 } } }
layer { name: "b" type: "Input" top: "b" input_param { shape { dim: 3 dim: 4 } } }
layer {
  name: "loss" type: "Python" bottom: "a" bottom: "b" top: "loss" loss_weight: 2
  python_param { module: "my_layers" layer: "EuclideanLoss" }
}
"""


def check_gradient():
    """The largest error of the layer's gradients: each input is moved a little to both sides, to see how the loss changes."""
    net = caffe.Net.from_text(LOSS_ALONE, caffe.TRAIN)
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        net.blobs[name].data[...] = random.normal(size=(3, 4))
    net.forward()
    net.backward()
    worst = 0.0
    step = 1e-2  # The loss is quadratic: central differences are exact at any step but for rounding.
    for name in ("a", "b"):
        gradient = net.blobs[name].diff.copy()
        for index in np.ndindex(3, 4):
            value = net.blobs[name].data[index]
            losses = []
            for moved in (value + step, value - step):
                net.blobs[name].data[index] = moved
                losses.append(2 * net.forward()["loss"].item())  # loss_weight is 2
            net.blobs[name].data[index] = value
            worst = max(worst, abs((losses[0] - losses[1]) / (2 * step) - gradient[index]))
    return float(worst)


def main(arguments=None):
    options = common.parser(__doc__, "python_layers", iterations=200).parse_args(arguments)
    out = options.out

    loss, library_loss, gradient_difference = compare_losses(out)
    print(f"loss in Python {loss:.7f}, in the library {library_loss:.7f}; gradients differ by {gradient_difference:.1e}")
    gradient_error = check_gradient()
    print(f"gradients against differences of the loss: {gradient_error:.1e}")

    settings = common.solver(
        net=str(out / "python_loss.prototxt"), base_lr=0.001, type="Adam", momentum2=0.999
    )
    caffe.set_random_seed(1)
    solver = caffe.get_solver(common.write(out / "solver.prototxt", settings))
    losses = np.zeros(options.iterations)
    for iteration in range(options.iterations):
        solver.step(1)
        losses[iteration] = solver.net.blobs["loss"].data.item()
    pictures.save(
        out / "loss.png",
        pictures.chart({"": (np.arange(options.iterations), losses)}, "Where is the digit?", "iteration", "loss"),
    )

    # Digits it has not seen.
    model = common.write(out / "test.prototxt", locator(True, part="t10k", count=500, seed=2))
    test = caffe.Net(model, caffe.TEST)
    test.share_with(solver.net)
    test.forward()
    guesses, places = (
        (test.blobs[name].data.copy() + 1) * SIZE / 2 for name in ("guess", "place")
    )
    error = float(np.hypot(*(guesses - places).T).mean())
    blind = float(np.hypot(*(SIZE / 2 - places).T).mean())
    print(f"the middle found to {error:.1f} pixels; guessing the middle of the image, to {blind:.1f}")

    shown = []
    for image, guess, place in list(zip(test.blobs["image"].data[:, 0], guesses, places))[:12]:
        picture = pictures.photo(image, 3)
        pictures.dot(picture, 3 * place, pictures.COLORS[2], 9)
        pictures.dot(picture, 3 * guess, pictures.COLORS[3], 9)
        shown.append(picture / 255.0)
    pictures.save(
        out / "places.png",
        pictures.titled(pictures.tiles(shown, 6, low=0, high=1), "Green: the middle. Red: the guess."),
    )
    return {
        "loss": loss,
        "library_loss": library_loss,
        "gradient_difference": gradient_difference,
        "gradient_error": gradient_error,
        "losses": losses,
        "error": error,
        "blind": blind,
    }


if __name__ == "__main__":
    main()
