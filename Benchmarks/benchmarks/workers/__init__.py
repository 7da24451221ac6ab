"""One program for each framework: it loads a net once and then obeys the driver's lines."""
