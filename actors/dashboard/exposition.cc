#include "actors/dashboard/exposition.h"

#include "runtime/base/json_text.h"

#include <charconv>
#include <cmath>

namespace tramontane {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : valid_utf8(text)) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string value_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc{} ? std::string(text, end) : "NaN";
}

}  // namespace

void Exposition::family(const std::string& name, const char* type, std::string_view help) {
  name_ = "tramontane_" + name;
  out_ += "# HELP " + name_ + " ";
  for (char c : help)
    out_ += c == '\\' ? std::string("\\\\") : c == '\n' ? "\\n" : std::string(1, c);
  out_ += "\n# TYPE " + name_ + " " + type + "\n";
}

void Exposition::sample(double value, const Labels& labels) {
  if (std::isnan(value)) return;
  out_ += name_;
  std::string all;
  for (const auto& [name, text] : labels)
    all += (all.empty() ? "" : ",") + std::string(name) + "=\"" + escaped(text) + "\"";
  if (!all.empty()) out_ += "{" + all + "}";
  out_ += " " + value_text(value) + "\n";
}

void Exposition::one(const std::string& name, const char* type, std::string_view help, double value,
    const Labels& labels) {
  if (std::isnan(value)) return;
  family(name, type, help);
  sample(value, labels);
}

}  // namespace tramontane
