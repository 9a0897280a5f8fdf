#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/operators.h"
#include "actors/model/chat_template/printing.h"

#include <algorithm>
#include <cmath>

namespace tramontane::jinja {

namespace {

// json.dumps() of CPython, character for character.
class Dump {
 public:
  Dump(const JsonForm& form, Work& work) : form_(form), work_(work) {}

  std::string take() { return std::move(out_); }

  void value(const Value& value, int depth) {
    Work::Level level(work_);
    work_.spend(16);
    switch (value.kind()) {
      case Kind::none:
        add("null");
        break;
      case Kind::boolean:
        add(value.as_boolean() ? "true" : "false");
        break;
      case Kind::integer:
        add(std::to_string(value.as_integer()));
        break;
      case Kind::real:
        add(number(value.as_real()));
        break;
      case Kind::text:
        text(value.as_text());
        break;
      case Kind::list:
      case Kind::tuple:
        items(value.items(), depth);
        break;
      case Kind::dict:
        pairs(value.pairs(), depth);
        break;
      default:
        fail("`tojson` of a value of type " + type_name(value));
    }
  }

 private:
  void add(std::string_view text) {
    work_.spend(static_cast<std::int64_t>(text.size()));
    out_ += text;
  }

  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return float_repr(value);
  }

  void escape(unsigned unit) {
    constexpr const char* digit = "0123456789abcdef";
    std::string out = "\\u";
    for (int i = 3; i >= 0; --i) out += digit[unit >> (4 * i) & 0xFU];
    add(out);
  }

  void text(std::string_view text) {
    add("\"");
    for (std::size_t at = 0; at < text.size();) {
      std::size_t begin = at;
      char32_t c = next_point(text, at);
      switch (c) {
        case '"':
          add("\\\"");
          break;
        case '\\':
          add("\\\\");
          break;
        case '\n':
          add("\\n");
          break;
        case '\r':
          add("\\r");
          break;
        case '\t':
          add("\\t");
          break;
        case '\f':
          add("\\f");
          break;
        case '\b':
          add("\\b");
          break;
        default:
          if (c >= 0x20 && !(form_.ascii && c > 0x7E)) {
            add(text.substr(begin, at - begin));
          } else if (c == 0x7F) {
            add("\x7f");  // ASCII, and no control character of JSON's
          } else if (c < 0x10000) {
            escape(c);
          } else {
            escape(0xD800U + ((c - 0x10000U) >> 10));
            escape(0xDC00U + ((c - 0x10000U) & 0x3FFU));
          }
      }
    }
    add("\"");
  }

  void line(int depth) {
    if (!form_.indent) return;
    add("\n");
    for (int i = 0; i < depth; ++i) add(*form_.indent);
  }

  void items(const Value::Items& items, int depth) {
    if (items.empty()) return add("[]");
    add("[");
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) add(form_.item_separator);
      line(depth + 1);
      value(items[i], depth + 1);
    }
    line(depth);
    add("]");
  }

  void key(const Value& key) {
    switch (key.kind()) {
      case Kind::text:
        return text(key.as_text());
      case Kind::none:
        return text("null");
      case Kind::boolean:
        return text(key.as_boolean() ? "true" : "false");
      case Kind::integer:
        return text(std::to_string(key.as_integer()));
      case Kind::real:
        return text(number(key.as_real()));
      default:
        fail("`tojson` of a dict with a key of type " + type_name(key));
    }
  }

  void pairs(Value::Pairs pairs, int depth) {
    if (pairs.empty()) return add("{}");
    if (form_.sort_keys)
      std::stable_sort(pairs.begin(), pairs.end(),
          [&](const auto& a, const auto& b) { return is_less(a.first, b.first, work_); });
    add("{");
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (i > 0) add(form_.item_separator);
      line(depth + 1);
      key(pairs[i].first);
      add(form_.key_separator);
      value(pairs[i].second, depth + 1);
    }
    line(depth);
    add("}");
  }

  const JsonForm& form_;
  Work& work_;
  std::string out_;
};

}  // namespace

std::string to_json(const Value& value, const JsonForm& form, Work& work) {
  Dump dump(form, work);
  dump.value(value, 0);
  return dump.take();
}

}  // namespace tramontane::jinja
