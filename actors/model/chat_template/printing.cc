#include "actors/model/chat_template/printing.h"

#include "actors/model/chat_template/letters.h"
#include "actors/model/chat_template/objects.h"
#include "runtime/base/check.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace tramontane::jinja {

namespace {

std::string hex(char32_t c, char mark, int digits) {
  constexpr const char* digit = "0123456789abcdef";
  std::string out = {'\\', mark};
  for (int i = digits - 1; i >= 0; --i) out += digit[c >> (4 * i) & 0xFU];
  return out;
}

class Printer {
 public:
  explicit Printer(Work& work) : work_(work) {}

  std::string take() { return std::move(out_); }

  void repr(const Value& value) {
    Work::Level level(work_);
    work_.spend(16);
    switch (value.kind()) {
      case Kind::missing:
      case Kind::undefined:
        add("Undefined");
        break;
      case Kind::none:
        add("None");
        break;
      case Kind::boolean:
        add(value.as_boolean() ? "True" : "False");
        break;
      case Kind::integer:
        add(std::to_string(value.as_integer()));
        break;
      case Kind::real:
        add(float_repr(value.as_real()));
        break;
      case Kind::text:
        text(value);
        break;
      case Kind::list:
        items(value.items(), "[", "]");
        break;
      case Kind::tuple:
        items(value.items(), "(", value.items().size() == 1 ? ",)" : ")");
        break;
      case Kind::dict:
        pairs(value.pairs());
        break;
      case Kind::view:
        view(value.as_view());
        break;
      case Kind::range:
        range(value.as_range());
        break;
      case Kind::space:
        add("<Namespace ");
        pairs(value.as_space().pairs);
        add(">");
        break;
      case Kind::macro: {
        const std::string& name = value.as_macro().name;
        add("<Macro " + (name.empty() ? "anonymous" : text_repr(name)) + ">");
        break;
      }
      case Kind::loop: {
        Loop& loop = value.as_loop();
        add(str("<LoopContext ", loop.index0 + 1, "/", loop.length(), ">"));
        break;
      }
      case Kind::generator:
        refuse("printing a generator (write `| list` before it)");
      case Kind::function:
        refuse("printing a function");
    }
  }

 private:
  void add(std::string_view text) {
    work_.spend(static_cast<std::int64_t>(text.size()));
    out_ += text;
  }

  void text(const Value& value) {
    std::string quoted = text_repr(value.as_text());
    add(value.is_safe() ? "Markup(" + quoted + ")" : quoted);
  }

  void items(const Value::Items& items, std::string_view begin, std::string_view end) {
    add(begin);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) add(", ");
      repr(items[i]);
    }
    add(end);
  }

  void pairs(const Value::Pairs& pairs) {
    add("{");
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (i > 0) add(", ");
      repr(pairs[i].first);
      add(": ");
      repr(pairs[i].second);
    }
    add("}");
  }

  void view(const View& view) {
    Value::Items parts;
    for (const auto& [key, value] : view.dict.pairs())
      parts.push_back(view.part == 'i'   ? Value::tuple({key, value})
                      : view.part == 'k' ? key
                                         : value);
    add(view.part == 'i' ? "dict_items(" : view.part == 'k' ? "dict_keys(" : "dict_values(");
    items(parts, "[", "])");
  }

  void range(const Range& range) {
    add(str("range(", range.start, ", ", range.stop));
    if (range.step != 1) add(str(", ", range.step));
    add(")");
  }

  Work& work_;
  std::string out_;
};

}  // namespace

std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char shortest[40];
  auto end =
      std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
  std::string text(shortest, end.ptr);
  std::size_t e = text.find('e');
  int exponent = std::atoi(text.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) {
    std::string digits = text.substr(0, e);
    std::string power = std::to_string(std::abs(exponent));
    return digits + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
  }
  char fixed[64];
  end = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  std::string out(fixed, end.ptr);
  return out.find('.') == std::string::npos ? out + ".0" : out;
}

std::string text_repr(std::string_view text) {
  bool single = text.find('\'') != std::string_view::npos;
  bool twice = text.find('"') != std::string_view::npos;
  char quote = single && !twice ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t begin = at;
    char32_t c = next_point(text, at);
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (is_printable(c)) {
      out += text.substr(begin, at - begin);
    } else {
      out += c < 0x100 ? hex(c, 'x', 2) : c < 0x10000 ? hex(c, 'u', 4) : hex(c, 'U', 8);
    }
  }
  return out + quote;
}

std::string to_text(const Value& value, Work& work) {
  if (value.is(Kind::text)) {
    work.spend(static_cast<std::int64_t>(value.as_text().size()));
    return value.as_text();
  }
  if (value.is(Kind::undefined) || value.is(Kind::missing)) return {};
  return to_repr(value, work);
}

std::string to_repr(const Value& value, Work& work) {
  Printer printer(work);
  printer.repr(value);
  return printer.take();
}

std::string type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::missing:
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "None";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::text:
      return "str";
    case Kind::list:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::dict:
      return "dict";
    case Kind::view:
      return "view of a dict";
    case Kind::range:
      return "range";
    case Kind::generator:
      return "generator";
    case Kind::function:
      return "function";
    case Kind::space:
      return "namespace";
    case Kind::macro:
      return "macro";
    case Kind::loop:
      return "loop";
  }
  return "value";
}

}  // namespace tramontane::jinja
