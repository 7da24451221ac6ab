// The LMDB C interface.
#pragma once
#include <lmdb.h>
