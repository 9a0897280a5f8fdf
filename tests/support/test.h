#pragma once
// doctest, included last: c10's logging header defines CHECK, and the last definition wins.

#ifdef CHECK
#undef CHECK
#endif
#include <doctest/doctest.h>
