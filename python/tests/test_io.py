"""Tests of images and of arrays in messages."""

import importlib.util

import numpy as np
import pytest
from conftest import pattern

import caffe
from caffe.proto import caffe_pb2

if importlib.util.find_spec("PIL"):

    def needs_decoder(test):
        return test

else:
    needs_decoder = pytest.mark.needs_library


# -- Messages --


def test_a_blob_keeps_an_array_and_its_gradients():
    array, diff = np.arange(6.0).reshape(1, 2, 3), np.ones((1, 2, 3))
    blob = caffe.io.array_to_blobproto(array, diff)
    assert np.array_equal(caffe.io.blobproto_to_array(blob), array)
    assert np.array_equal(caffe.io.blobproto_to_array(blob, return_diff=True), diff)
    assert caffe.io.blobproto_to_array(blob).dtype == np.float64


def test_an_old_blob_has_four_axes():
    blob = caffe_pb2.BlobProto(num=1, channels=2, height=1, width=2, data=range(4))
    assert caffe.io.blobproto_to_array(blob).shape == (1, 2, 1, 2)


def test_a_blob_without_a_shape_is_a_number():
    assert caffe.io.blobproto_to_array(caffe_pb2.BlobProto(data=[123])) == 123
    with pytest.raises(ValueError):
        caffe.io.blobproto_to_array(caffe_pb2.BlobProto(data=[1, 2]))


def test_a_blob_of_doubles_is_read():
    blob = caffe_pb2.BlobProto(double_data=[0.1], shape=caffe_pb2.BlobShape(dim=[1]))
    assert caffe.io.blobproto_to_array(blob)[0] == 0.1


def test_a_list_of_arrays_is_bytes_and_back():
    arrays = [np.zeros((2, 3)), np.arange(4.0)]
    wire = caffe.io.arraylist_to_blobprotovector_str(arrays)
    assert isinstance(wire, bytes)
    back = caffe.io.blobprotovector_str_to_arraylist(wire)
    assert [array.tolist() for array in back] == [array.tolist() for array in arrays]


def test_a_datum_keeps_bytes_as_bytes():
    image = pattern(3, 2, 4)
    datum = caffe.io.array_to_datum(image, label=7)
    assert (datum.channels, datum.height, datum.width, datum.label) == (3, 2, 4, 7)
    assert datum.data == image.tobytes() and not datum.float_data
    back = caffe.io.datum_to_array(caffe_pb2.Datum.FromString(datum.SerializeToString()))
    assert back.dtype == np.uint8 and np.array_equal(back, image)
    back[...] = 0


def test_a_datum_keeps_other_numbers_as_floats():
    datum = caffe.io.array_to_datum(np.full((1, 1, 2), 0.5))
    assert list(datum.float_data) == [0.5, 0.5] and not datum.HasField("label")
    assert caffe.io.datum_to_array(datum).dtype == np.float64


def test_a_datum_has_three_axes_and_is_not_compressed():
    with pytest.raises(ValueError, match="Incorrect array shape."):
        caffe.io.array_to_datum(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="compressed"):
        caffe.io.datum_to_array(caffe_pb2.Datum(data=b"jpg", encoded=True))


# -- Resizing: numbers of skimage.transform.resize 0.26 (mode='constant', anti_aliasing=False) and
# scipy.ndimage.zoom 1.17 --


@pytest.mark.parametrize(
    "shape, expected",
    [
        (
            (2, 5),
            [
                [0.262059, 0.40098, 0.526471, 0.651961, 0.685588],
                [0.444706, 0.603922, 0.729412, 0.633431, 0.203824],
            ],
        ),
        (
            (5, 3),
            [
                [0.325229, 0.492549, 0.659869],
                [0.263791, 0.472941, 0.682092],
                [0.049673, 0.258824, 0.467974],
                [0.426144, 0.635294, 0.352288],
                [0.541699, 0.70902, 0.220131],
            ],
        ),
        ((2, 2), [[0.369608, 0.683333], [0.572549, 0.517157]]),
    ],
)
def test_color_images_are_resized_as_by_scikit_image(shape, expected):
    resized = caffe.io.resize_image(pattern(3, 4, 3) / 255, shape)
    assert resized.shape == (*shape, 3) and resized.dtype == np.float32
    assert np.allclose(resized[:, :, 1], expected, atol=2e-6)


def test_images_with_other_numbers_of_channels_keep_their_corners():
    image = pattern(3, 4, 2) / 255
    resized = caffe.io.resize_image(image, (2, 5))
    expected = [
        [0.380392, 0.212745, 0.537255, 0.861765, 0.694118],
        [0.560784, 0.393137, 0.22549, 0.303922, 0.87451],
    ]
    assert np.allclose(resized[:, :, 1], expected, atol=2e-6)
    assert np.allclose(
        resized[[0, 0, -1, -1], [0, -1, 0, -1]], image[[0, 0, -1, -1], [0, -1, 0, -1]]
    )


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_constant_image_keeps_its_value(channels, order):
    resized = caffe.io.resize_image(np.full((4, 5, channels), 0.25), (7, 3), order)
    assert resized.shape == (7, 3, channels) and np.allclose(resized, 0.25)


def test_the_nearest_pixel_is_taken_in_order_0():
    image = pattern(2, 2, 1) / 255
    assert np.allclose(
        caffe.io.resize_image(image, (4, 4), 0)[:, :, 0], image[:, :, 0].repeat(2, 0).repeat(2, 1)
    )


def test_cubic_interpolation_follows_a_parabola_inside():
    line = (np.arange(9.0) ** 2)[:, None, None].repeat(3, 1)
    resized = caffe.io.resize_image(line, (18, 3), 3)[:, 1, 0]
    places = (np.arange(18) + 0.5) / 2 - 0.5
    assert np.allclose(resized[4:-4], places[4:-4] ** 2, atol=1e-4)
    with pytest.raises(ValueError, match="interp_order is 2"):
        caffe.io.resize_image(line, (18, 3), 2)


def test_an_image_without_pixels_cannot_be_resized():
    with pytest.raises(ValueError):
        caffe.io.resize_image(np.zeros((4, 4, 3)), (0, 3))


# -- Crops --


def test_ten_crops_are_corners_centre_and_their_mirror_images():
    image = np.arange(5 * 6, dtype=np.float32).reshape(5, 6, 1)
    crops = caffe.io.oversample([image, image + 100], (2, 3))
    assert crops.shape == (20, 2, 3, 1) and crops.dtype == np.float32
    assert crops[:5, 0, 0, 0].tolist() == [0, 3, 18, 21, 7]
    assert np.array_equal(crops[5:10], crops[:5, :, ::-1])
    assert np.array_equal(crops[10:], crops[:10] + 100)


def test_a_crop_cannot_be_larger_than_the_image():
    with pytest.raises(ValueError, match="do not fit"):
        caffe.io.oversample(np.zeros((1, 4, 4, 3)), (5, 4))


# -- Transformer --


def transformer():
    made = caffe.io.Transformer({"data": (1, 3, 2, 2)})
    made.set_transpose("data", (2, 0, 1))
    return made


def test_steps_come_in_a_fixed_order():
    t = transformer()
    t.set_input_scale("data", 0.5)
    t.set_mean("data", np.array([1, 2, 3]))
    t.set_raw_scale("data", 255)
    t.set_channel_swap("data", (2, 1, 0))
    image = pattern(2, 2, 3) / 255
    expected = (image.transpose(2, 0, 1)[::-1] * 255 - np.array([1, 2, 3])[:, None, None]) * 0.5
    made = t.preprocess("data", image)
    assert made.dtype == np.float32 and np.allclose(made, expected, atol=1e-4)
    assert np.allclose(t.deprocess("data", made), image, atol=1e-6)
    assert np.allclose(t.deprocess("data", made[np.newaxis]), image, atol=1e-6)


def test_the_image_of_the_caller_is_never_changed():
    t = transformer()
    t.set_raw_scale("data", 255)
    image = np.ones((2, 2, 3), dtype=np.float32)
    t.preprocess("data", image)
    assert (image == 1).all()


def test_images_of_other_sizes_are_resized():
    assert transformer().preprocess("data", np.zeros((7, 5, 3))).shape == (3, 2, 2)
    listed = caffe.io.Transformer({"data": [1, 3, 2, 2]})
    assert listed.preprocess("data", pattern(2, 2, 3)).tolist() == pattern(2, 2, 3).tolist()


def test_a_gray_input_is_deprocessed_to_height_by_width():
    t = caffe.io.Transformer({"data": (1, 1, 2, 3)})
    t.set_transpose("data", (2, 0, 1))
    assert t.deprocess("data", np.zeros((1, 1, 2, 3), dtype=np.float32)).shape == (2, 3)


def test_a_mean_can_be_values_a_plane_or_an_image():
    t = transformer()
    for mean in (
        np.ones(3),
        np.ones((2, 2)),
        np.ones((3, 2, 2)),
        np.ones((3, 5, 4)),
        np.ones((6, 6)),
    ):
        t.set_mean("data", mean)
        assert np.allclose(t.preprocess("data", np.ones((2, 2, 3))), 0)
    with pytest.raises(ValueError, match="Mean channels incompatible with input."):
        t.set_mean("data", np.ones(4))
    with pytest.raises(ValueError, match="Mean shape invalid"):
        t.set_mean("data", np.ones((1, 3, 2, 2)))


def test_settings_must_fit_an_input_of_the_net():
    t = transformer()
    with pytest.raises(Exception, match="label is not one of the net inputs"):
        t.set_raw_scale("label", 1)
    with pytest.raises(Exception, match="axes"):
        t.set_transpose("data", (1, 0))
    with pytest.raises(Exception, match="channels"):
        t.set_channel_swap("data", (1, 0))


# -- Image files --


@needs_decoder
def test_a_color_image_is_rgb_from_0_to_1(write_png):
    image = pattern(4, 5, 3)
    loaded = caffe.io.load_image(write_png(image))
    assert loaded.dtype == np.float32 and np.allclose(loaded, image / 255)


@needs_decoder
def test_transparency_is_dropped_and_gray_repeated(write_png):
    with_alpha, gray = pattern(4, 5, 4), pattern(4, 5, 1)
    assert np.allclose(caffe.io.load_image(write_png(with_alpha)), with_alpha[:, :, :3] / 255)
    assert np.allclose(caffe.io.load_image(write_png(gray)), gray.repeat(3, 2) / 255)


@needs_decoder
def test_without_color_there_is_luminance(write_png):
    image = pattern(4, 5, 3)
    loaded = caffe.io.load_image(write_png(image), color=False)
    assert loaded.shape == (4, 5, 1)
    assert np.allclose(loaded[:, :, 0], image / 255 @ [0.2125, 0.7154, 0.0721], atol=1e-6)


def test_a_missing_image_is_named():
    with pytest.raises(FileNotFoundError, match="nothing.png"):
        caffe.io.load_image("nothing.png")
