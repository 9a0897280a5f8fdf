#include "actors/report/page.h"

#include "actors/view/fields.h"
#include "runtime/base/json_text.h"

namespace tramontane {

std::string script_json(const boost::json::object& data) {
  std::string plain = json_text(data);
  std::string out;
  out.reserve(plain.size() + plain.size() / 16);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    std::string_view rest = std::string_view(plain).substr(i, 3);
    // These occur only inside strings, where JSON may write any character as \u.
    if (rest[0] == '<') {
      out += "\\u003c";
    } else if (rest == "\xE2\x80\xA8" || rest == "\xE2\x80\xA9") {
      out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += plain[i];
    }
  }
  return out;
}

std::string page(const boost::json::object& data) {
  std::string out(page_head);
  out += script_json(data);
  out += page_tail;
  return out;
}

}  // namespace tramontane
