#include "runtime/base/wall_time.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a moment is written as others read it, and read back") {
  CHECK(iso_time(1'767'225'600'123'456) == "2026-01-01T00:00:00.123Z");
  CHECK(iso_time(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(parse_iso_time("2026-01-01T00:00:00Z") == 1'767'225'600'000'000);
  CHECK(parse_iso_time("2026-01-01T00:00:00.5Z") == 1'767'225'600'500'000);
  CHECK(parse_iso_time("2026-01-01T00:00:00.123456789Z") == 1'767'225'600'123'456);
  for (Micros wall : {Micros{0}, Micros{1'795'748'810'398'000}})
    CHECK(parse_iso_time(iso_time(wall)) == wall);
}

TEST_CASE("what is no moment is nothing") {
  for (const char* text :
      {"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00:0xZ",
          "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00,5Z"})
    CHECK_FALSE(parse_iso_time(text));
}
