// The HDF5 C interface.
#pragma once
#include <hdf5.h>
