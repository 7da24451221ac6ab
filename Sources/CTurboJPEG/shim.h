// The TurboJPEG interface of libjpeg-turbo.
#pragma once
#include <turbojpeg.h>
