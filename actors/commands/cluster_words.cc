#include "actors/commands/cluster_words.h"

#include "actors/cluster/head_process.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace tramontane {

namespace json = boost::json;

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string cluster_head(const CliArguments& arguments) {
  std::string named = arguments.text("head", environment("TRAM_HEAD"));
  if (!named.empty()) return named;
  std::string home = home_folder();
  std::string address = head_address(home);
  if (address.empty())
    throw Error(Errc::not_found,
        str("there is no head in ", home, ": start one by tram head, or name one by --head"));
  return address;
}

std::string cluster_token_file(const CliArguments& arguments) {
  std::string file = arguments.text("token-file", environment("TRAM_TOKEN_FILE"));
  return file.empty() ? home_folder() + "/token" : file;
}

AccessToken cluster_token(const CliArguments& arguments) {
  return token_of(cluster_token_file(arguments));
}

std::string table(
    const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < headings.size(); ++column) {
    std::size_t width = width_of(headings[column]);
    for (const auto& row : rows) width = std::max(width, width_of(row.at(column)));
    widths.push_back(width);
  }
  std::string text;
  auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t column = 0; column < cells.size(); ++column)
      out += cells[column] + std::string(widths[column] + 2 - width_of(cells[column]), ' ');
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + "\n";
  };
  line(headings);
  for (const auto& row : rows) line(row);
  return text;
}

std::string ago_text(double seconds) {
  char text[32];
  auto show = [&](double value, const char* unit) {
    std::snprintf(text, sizeof text, "%.0f %s", std::floor(value), unit);
    return std::string(text);
  };
  if (seconds < 120) return show(std::max(seconds, 0.0), "s");
  if (seconds < 2 * 3600) return show(seconds / 60, "min");
  if (seconds < 48 * 3600) return show(seconds / 3600, "h");
  return show(seconds / 86400, "days");
}

HeadClient client_of(const CliArguments& arguments) {
  return {cluster_head(arguments), cluster_token(arguments)};
}

std::uint64_t job_number(const CliArguments& arguments) {
  return parse_job_number(arguments.positional(0));
}

std::uint64_t parse_job_number(const std::string& word) {
  std::uint64_t id = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error != std::errc() || end != word.data() + word.size())
    throw UsageError(str("\"", word, "\" is no job's number: tram jobs lists them"));
  return id;
}

std::string text(const json::object& in, const char* key) {
  const json::value& value = in.at(key);
  if (value.is_string()) return std::string(value.as_string());
  return value.is_null() ? "-" : json_text(value);
}

double number(const json::object& in, const char* key) {
  return in.at(key).to_number<double>();
}

void print_json(const json::object& object) {
  std::printf("%s\n", json_text(object).c_str());
}

std::string first_line(const std::string& text) {
  std::size_t end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end) + " …";
}

}  // namespace tramontane
