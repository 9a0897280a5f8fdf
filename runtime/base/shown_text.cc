#include "runtime/base/shown_text.h"

#include "runtime/base/json_text.h"

#include <cstdio>

namespace tramontane {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::string harmless(std::string_view bytes, bool keep_line_ends) {
  std::string whole = valid_utf8(bytes);
  std::string out;
  for (std::string_view rest = whole; !rest.empty();) {
    std::size_t length = utf8_length(rest);
    auto first = static_cast<unsigned char>(rest[0]);
    // C1 controls (U+0080 to U+009F) begin escape sequences on some terminals, as C0 ones do.
    bool c1 = first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0;
    bool space = first == '\n' || first == '\t' || first == '\r';
    if (space && (!keep_line_ends || first == '\r'))
      out += ' ';
    else if (!space && (first < 0x20 || first == 0x7F || c1))
      out += replacement;
    else
      out += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string one_line(std::string_view bytes) {
  return harmless(bytes, false);
}

std::string several_lines(std::string_view bytes) {
  return harmless(bytes, true);
}

void print_error(std::string_view who, std::string_view text) {
  std::string line = several_lines(who) + ": " + several_lines(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace tramontane
