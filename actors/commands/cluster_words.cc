#include "actors/commands/cluster_words.h"

#include "actors/cluster/head_process.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/names.h"

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
  return {cluster_head(arguments), cluster_token(arguments), encryption_setting()};
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

std::vector<json::object> objects(const json::object& in, const char* key) {
  std::vector<json::object> all;
  for (const json::value& each : in.at(key).as_array()) all.push_back(each.as_object());
  return all;
}

bool is_over(const json::object& job) {
  std::string state = text(job, "state");
  return state == "finished" || state == "failed" || state == "stopped";
}

std::string wait_of(const json::object& actor) {
  std::string wait = text(actor, "waiting_for");
  return wait == "messages" ? "" : wait;
}

std::vector<json::object> actors_of(HeadClient& client, const CliArguments& arguments) {
  if (arguments.positionals() > 0)
    return objects(client.ask("actors", {{"id", job_number(arguments)}}), "actors");
  std::vector<json::object> all;
  for (const json::object& job : objects(client.ask("jobs", {}), "jobs")) {
    if (text(job, "state") != "running") continue;
    for (json::object& actor : objects(client.ask("actors", {{"id", job.at("id")}}), "actors"))
      all.push_back(std::move(actor));
  }
  return all;
}

std::string actor_table(const std::vector<json::object>& actors) {
  std::vector<std::vector<std::string>> rows;
  for (const json::object& actor : actors) {
    std::string mailbox = text(actor, "mailbox_limit") == "0"
                              ? text(actor, "mailbox")
                              : str(text(actor, "mailbox"), "/", text(actor, "mailbox_limit"));
    rows.push_back({text(actor, "job"), text(actor, "name"), text(actor, "node"),
        text(actor, "pid"), text(actor, "state"), mailbox, text(actor, "restarts"),
        ago_text(number(actor, "since")), wait_of(actor)});
  }
  return table(
      {"JOB", "ACTOR", "NODE", "PID", "STATE", "MAILBOX", "RESTARTS", "SINCE", "WAITING FOR"},
      rows);
}

json::object actor_found(HeadClient& client, const std::string& id) {
  std::size_t slash = id.find('/');
  if (slash == std::string::npos)
    throw UsageError("an actor is named JOB/NAME, like 7/generator/0");
  std::uint64_t job = parse_job_number(id.substr(0, slash));
  std::string name = id.substr(slash + 1);
  std::vector<std::string> names;
  json::object found;
  for (json::object& actor : objects(client.ask("actors", {{"id", job}}), "actors")) {
    names.push_back(text(actor, "name"));
    if (names.back() == name) found = std::move(actor);
  }
  if (found.empty()) throw Error(Errc::not_found, unknown_name("actor", name, names));
  json::array exits;
  for (json::object& exit : objects(client.ask("exits", {{"id", job}}), "exits"))
    if (text(exit, "actor") == name) exits.push_back(std::move(exit));
  found["exits"] = std::move(exits);
  return found;
}

}  // namespace tramontane
