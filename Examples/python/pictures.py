"""Pictures of images, filters, curves, points and boxes, drawn with numpy alone.

A picture is an array H×W×3 of bytes. Functions that draw change the picture they are given; the others make a new one.
Places are (x, y) in pixels, from the upper left.
"""

import numpy as np

import common  # finds caffe
import caffe._caffe

WHITE, GRAY, LIGHT, BLACK = (255,) * 3, (120,) * 3, (225,) * 3, (0,) * 3
COLORS = [
    (31, 105, 180), (225, 110, 20), (40, 150, 60), (200, 40, 50), (130, 95, 190),
    (130, 85, 65), (215, 100, 180), (90, 90, 90), (160, 160, 30), (20, 170, 190),
]  # fmt: skip

# The characters from space to ~, 5×7 pixels: a byte for each column, the lowest bit on top.
_FONT = np.frombuffer(
    bytes.fromhex(
        "000000000000005f00000007000700147f147f14242a7f2a1223130864623649552250000503000000"
        "1c2241000041221c0014083e081408083e08080050300000080808080800606000002010080402"
        "3e5149453e00427f400042615149462141454b311814127f1027454545393c4a494930017109050336"
        "49494936064949291e00363600000056360000081422410014141414140041221408"
        "0201510906324979413e7e1111117e7f494949363e414141227f4141221c7f494949417f09090901"
        "3e4149497a7f0808087f00417f41002040413f017f081422417f404040407f020c027f7f0408107f"
        "3e4141413e7f090909063e4151215e7f09192946464949493101017f01013f4040403f1f2040201f"
        "3f4038403f63140814630708700807615149454300" "7f414100020408102000" "41417f00"
        "04020102044040404040000102040020545454787f484444383844444420384444487f3854545418"
        "087e0901020c5252523e7f0804047800447d40002040443d007f1028440000417f40007c04180478"
        "7c0804047838444444387c14141408081414187c7c080404084854545420043f4440203c4040207c"
        "1c2040201c3c4030403c44281028440c5050503c4464544c44000836410000007f00000041360800"
        "1008081008"
    ),
    np.uint8,
).reshape(95, 5)  # fmt: skip


def save(path, picture):
    """Writes a picture as a PNG or JPEG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    caffe._caffe.write_image(path, picture)
    print(f"  {path}")


# -- Making pictures -------------------------------------------------------------------------------


def blank(height, width, color=WHITE):
    """A picture of one colour."""
    return np.tile(np.array(color, np.uint8), (height, width, 1))


def photo(image, scale=1):
    """A picture of an image H×W×3 or H×W with values from 0 to 1, each pixel drawn scale×scale."""
    image = np.asarray(image)
    if image.ndim == 2:
        image = np.repeat(image[:, :, np.newaxis], 3, axis=2)
    pixels = np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def heat(values, low=None, high=None, scale=1):
    """A picture of an array H×W: dark blue for the lowest value, through green, to yellow."""
    low = np.min(values) if low is None else low
    high = np.max(values) if high is None else high
    stops = np.array([(40, 10, 85), (55, 85, 140), (30, 145, 140), (95, 200, 95), (253, 231, 37)])
    at = np.clip((np.asarray(values) - low) / max(high - low, 1e-12), 0, 1) * (len(stops) - 1)
    channels = [np.interp(at, range(len(stops)), stops[:, channel]) for channel in range(3)]
    return photo(np.stack(channels, axis=2) / 255, scale)


def tiles(images, columns=None, scale=1, low=None, high=None):
    """Images N×H×W or N×H×W×3 in a grid, the lowest value of them all black and the highest white."""
    images = np.asarray(images, dtype=np.float64)
    low = images.min() if low is None else low
    high = images.max() if high is None else high
    images = (images - low) / max(high - low, 1e-12)
    made = [photo(image, scale) for image in images]
    columns = columns or int(np.ceil(np.sqrt(len(made))))
    rows = [beside(*made[i : i + columns], gap=2) for i in range(0, len(made), columns)]
    return below(*rows, gap=2)


def beside(*pictures, gap=12):
    """Pictures from left to right."""
    height = max(len(picture) for picture in pictures)
    parts = []
    for picture in pictures:
        part = blank(height, picture.shape[1] + gap)
        part[: len(picture), : picture.shape[1]] = picture
        parts.append(part)
    return np.concatenate(parts, axis=1)[:, : -gap or None]


def below(*pictures, gap=12):
    """Pictures from top to bottom."""
    turned = [picture.transpose(1, 0, 2) for picture in pictures]
    return np.ascontiguousarray(beside(*turned, gap=gap).transpose(1, 0, 2))


def titled(picture, *lines, size=2):
    """A picture with lines of text above it and a white margin."""
    margin, line = 10, 10 * size
    top = margin + line * len(lines)
    width = max([picture.shape[1], *(text_width(each, size) for each in lines)])
    made = blank(top + len(picture) + margin, width + 2 * margin)
    for row, each in enumerate(lines):
        text(made, margin, margin // 2 + row * line, each, size=size)
    made[top : top + len(picture), margin : margin + picture.shape[1]] = picture
    return made


# -- Drawing on pictures ---------------------------------------------------------------------------


def text_width(string, size=2):
    return 6 * size * len(string)


def text(picture, x, y, string, color=BLACK, size=2):
    """Writes a line of text whose upper left is at (x, y); a character is 6 · size wide, 8 · size high."""
    for index, character in enumerate(string):
        code = ord(character) - 32
        columns = _FONT[code if 0 <= code < 95 else ord("?") - 32]
        bits = np.unpackbits(columns[np.newaxis], axis=0, bitorder="little").astype(bool)
        bits = bits.repeat(size, axis=0).repeat(size, axis=1)
        left, top = max(int(x) + 6 * size * index, 0), max(int(y), 0)
        part = picture[top : top + bits.shape[0], left : left + bits.shape[1]]
        part[bits[: part.shape[0], : part.shape[1]]] = color


def line(picture, start, end, color=BLACK, width=2.0):
    """Draws a line with round ends; from a point to itself, it is a disc."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    reach = width / 2 + 1
    left, top = np.maximum(np.floor(np.minimum(start, end) - reach), 0).astype(int)
    right, bottom = np.maximum(np.ceil(np.maximum(start, end) + reach), 0).astype(int) + 1
    part = picture[top:bottom, left:right]
    y, x = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
    along = end - start
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(along @ along, 1e-12)
    share = np.clip(share, 0, 1)
    distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
    cover = np.clip(width / 2 + 0.5 - distance, 0, 1)[:, :, np.newaxis]
    part[...] = part * (1 - cover) + np.array(color) * cover + 0.5


def dot(picture, place, color=BLACK, width=6.0):
    line(picture, place, place, color, width)


def box(picture, window, color, label="", size=1):
    """Draws the border of a window (ymin, xmin, ymax, xmax), and a label at its upper left."""
    top, left, bottom, right = (int(round(each)) for each in window)
    for a, b in (((left, top), (right, top)), ((left, bottom), (right, bottom)),
                 ((left, top), (left, bottom)), ((right, top), (right, bottom))):  # fmt: skip
        line(picture, a, b, color, 2)
    if label:
        y = max(top - 9 * size - 1, 0)
        part = picture[y : y + 9 * size, max(left, 0) : left + text_width(label, size) + size]
        part[...] = color
        text(picture, left + size, y + size, label, WHITE, size)


# -- Charts ----------------------------------------------------------------------------------------


class Chart:
    """A picture with axes, on which curves and points are drawn in units of the data."""

    def __init__(self, x_range, y_range, title="", x_label="", y_label="", size=(370, 560)):
        self.ranges = [_widened(x_range), _widened(y_range)]
        self.picture = blank(*size)
        self.plot = (70, 34, size[1] - 20, size[0] - 60)  # left, top, right, bottom
        left, top, right, bottom = self.plot
        for value in _ticks(*self.ranges[0]):
            x = self.place(value, self.ranges[1][0])[0]
            line(self.picture, (x, top), (x, bottom), LIGHT, 1)
            label = f"{value:.6g}"
            text(self.picture, x - text_width(label, 1) / 2, bottom + 6, label, GRAY, 1)
        for value in _ticks(*self.ranges[1]):
            y = self.place(self.ranges[0][0], value)[1]
            line(self.picture, (left, y), (right, y), LIGHT, 1)
            label = f"{value:.6g}"
            text(self.picture, left - text_width(label, 1) - 4, y - 4, label, GRAY, 1)
        text(self.picture, left + 12, 8, title)
        text(self.picture, (left + right - text_width(x_label, 1)) / 2, bottom + 22, x_label, size=1)
        text(self.picture, 4, 8, y_label, size=1)
        self.frame()
        self.legend_x = left + 4

    def frame(self):
        left, top, right, bottom = self.plot
        line(self.picture, (left, top), (left, bottom), GRAY, 1)
        line(self.picture, (left, bottom), (right, bottom), GRAY, 1)

    def place(self, x, y):
        """Where a point of the data lies in the picture."""
        left, top, right, bottom = self.plot
        (x0, x1), (y0, y1) = self.ranges
        return left + (x - x0) / (x1 - x0) * (right - left), bottom - (y - y0) / (y1 - y0) * (
            bottom - top
        )

    def curve(self, x, y, color=COLORS[0], name="", width=2.0):
        places = [self.place(*each) for each in zip(x, y) if np.isfinite(each).all()]
        for a, b in zip(places, places[1:]):
            line(self.picture, a, b, color, width)
        self.legend(name, color)

    def points(self, x, y, color=COLORS[0], name="", width=5.0):
        for each in zip(x, y):
            dot(self.picture, self.place(*each), color, width)
        self.legend(name, color)

    def legend(self, name, color):
        """Adds a name to the line below the axes."""
        if not name:
            return
        dot(self.picture, (self.legend_x, self.plot[3] + 43), color, 8)
        text(self.picture, self.legend_x + 8, self.plot[3] + 40, name, size=1)
        self.legend_x += text_width(name, 1) + 28


def chart(curves, title="", x_label="", y_label=""):
    """A picture of curves: {name: (x, y)}."""
    finite = [np.asarray(y)[np.isfinite(y)] for _, y in curves.values()]
    xs = np.concatenate([np.asarray(x, float) for x, _ in curves.values()])
    ys = np.concatenate(finite)
    made = Chart(
        (xs.min(), xs.max()), (min(ys.min(), 0), ys.max()), title, x_label, y_label
    )
    for color, (name, (x, y)) in zip(COLORS, curves.items()):
        made.curve(x, y, color, name)
    return made.picture


def bars(names, values, width=420, size=2):
    """A picture of shares from 0 to 1, the largest first, each with its name."""
    row = 24 * size // 2 + 18
    made = blank(row * len(names), width)
    for index, (name, value) in enumerate(zip(names, values)):
        top = index * row
        text(made, 0, top, name[: width // (6 * size)], size=size)
        bar = made[top + 8 * size + 2 : top + row - 8]
        bar[...] = LIGHT
        bar[:, : round(float(value) * width)] = COLORS[0]
        label = f"{100 * value:.1f} %"
        text(made, width - text_width(label, 1) - 4, top + 8 * size + 5, label, size=1)
    return made


def _widened(values):
    low, high = float(values[0]), float(values[1])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(low, high):
    """About five round numbers from low to high."""
    rough = (high - low) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough)
    first = np.ceil(low / step - 1e-9)
    return [float(step * i) + 0.0 for i in np.arange(first, np.floor(high / step + 1e-9) + 1)]
