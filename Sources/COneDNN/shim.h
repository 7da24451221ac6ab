// The oneDNN C interface.
#pragma once
#include <oneapi/dnnl/dnnl.h>
