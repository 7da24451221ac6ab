"""Layers written in Python, for python_layers.py. A net names this module and the class of each layer."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import common

import caffe


class DigitSomewhere(caffe.Layer):
    """A source of images with a digit somewhere, and of the place of its middle, from -1 to 1 in x and y.

    param_str, as JSON: "batch_size", "size" of the images, "part" of MNIST, how many digits to "count" on, and a "seed".

    The next batch is made in a thread while the net works on this one.
    """

    def setup(self, bottom, top):
        if len(bottom) != 0 or len(top) != 2:
            raise Exception("DigitSomewhere has no bottoms, and two tops: images and places.")
        settings = json.loads(self.param_str)
        self.batch_size, self.size = settings["batch_size"], settings["size"]
        self.random = np.random.default_rng(settings["seed"])
        self.digits = common.digits(settings["part"], settings["count"])[0]
        self.thread = ThreadPoolExecutor(1)
        self.next = self.thread.submit(self.make)

    def make(self):
        images = np.zeros((self.batch_size, 1, self.size, self.size), np.float32)
        corners = self.random.integers(0, self.size - 27, (self.batch_size, 2))
        chosen = self.random.integers(0, len(self.digits), self.batch_size)
        for image, (left, top), digit in zip(images, corners, chosen):
            image[0, top : top + 28, left : left + 28] = self.digits[digit, 0]
        return images, 2 * (corners + 14) / self.size - 1

    def reshape(self, bottom, top):
        top[0].reshape(self.batch_size, 1, self.size, self.size)
        top[1].reshape(self.batch_size, 2)

    def forward(self, bottom, top):
        top[0].data[...], top[1].data[...] = self.next.result()
        self.next = self.thread.submit(self.make)

    def backward(self, top, propagate_down, bottom):
        pass  # Nothing lies below a source.


class EuclideanLoss(caffe.Layer):
    """Half the mean squared distance between two blobs, Σ (a − b)² / 2N, as the library's layer of this name computes it."""

    def setup(self, bottom, top):
        if len(bottom) != 2:
            raise Exception("EuclideanLoss compares two bottoms.")

    def reshape(self, bottom, top):
        if bottom[0].count != bottom[1].count:
            raise Exception("EuclideanLoss compares bottoms of the same size.")
        self.difference = np.zeros(bottom[0].data.shape, np.float32)
        top[0].reshape(1)

    def forward(self, bottom, top):
        self.difference[...] = bottom[0].data - bottom[1].data.reshape(self.difference.shape)
        top[0].data[...] = np.sum(self.difference**2) / bottom[0].num / 2

    def backward(self, top, propagate_down, bottom):
        # The loss layer's own diff is its loss_weight.
        for index, sign in ((0, 1), (1, -1)):
            if propagate_down[index]:
                gradient = sign * top[0].diff.flat[0] * self.difference / bottom[index].num
                bottom[index].diff[...] = gradient.reshape(bottom[index].data.shape)
