#include "runtime/base/json_text.h"

#include "runtime/base/random.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <limits>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;
namespace json = boost::json;

TEST_CASE("what is no UTF-8 becomes U+FFFD, byte by byte, and the rest stays") {
  // Unicode 15, section 3.9, table 3-7: what is well formed.
  CHECK(valid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") ==
        "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(valid_utf8("5\xE2\x82") == "5" + bad + bad);               // cut inside a character
  CHECK(valid_utf8("\x82!") == bad + "!");                         // a tail alone
  CHECK(valid_utf8("\xC0\xAF") == bad + bad);                      // overlong
  CHECK(valid_utf8("\xED\xA0\x80") == bad + bad + bad);            // a surrogate
  CHECK(valid_utf8("\xF4\x90\x80\x80") == bad + bad + bad + bad);  // beyond U+10FFFF
  CHECK(valid_utf8("\xE2\x82\xE2\x82\xAC") == bad + bad + "\xE2\x82\xAC");
  CHECK(valid_utf8(std::string_view("\0", 1)) == std::string(1, '\0'));
  CHECK(utf8_length("") == 0);
}

TEST_CASE("JSON text holds no number that JSON has not") {
  double nan = std::numeric_limits<double>::quiet_NaN();
  double infinite = std::numeric_limits<double>::infinity();
  json::object object{{"a", nan}, {"b", json::array{infinite, -infinite, 1}}, {"c", "x"}};
  CHECK(json_text(object) == R"({"a":null,"b":[null,null,1],"c":"x"})");
}

TEST_CASE("whatever the strings hold, JSON text is valid UTF-8 that parses") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    auto bytes = [&] {
      std::string out(random.below(20), ' ');
      for (char& c : out) c = static_cast<char>(random.below(256));
      return out;
    };
    json::object object;
    for (int i = 0; i < 5; ++i)
      object[bytes()] = json::array{json::string(bytes()), json::object{{bytes(), bytes()}}};
    std::string text = json_text(object);
    REQUIRE(valid_utf8(text) == text);
    boost::system::error_code error;
    json::value back = json::parse(text, error);
    REQUIRE(!error);
    // What was valid is unchanged.
    for (const auto& member : back.as_object())
      REQUIRE(valid_utf8(member.key()) == std::string_view(member.key()));
  }
}
