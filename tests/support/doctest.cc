// doctest's own code, compiled once for every test program.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/support/test.h"
