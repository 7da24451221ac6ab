// The LevelDB C interface.
#pragma once
#include <leveldb/c.h>
