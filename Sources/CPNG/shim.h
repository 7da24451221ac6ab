// The libpng interface. Functions that libpng leaves by longjmp are wrapped here, since Swift cannot be jumped over.
#pragma once
#include <stdio.h>
#include <png.h>
