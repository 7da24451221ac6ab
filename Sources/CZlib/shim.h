// The zlib C interface.
#pragma once
#include <zlib.h>
