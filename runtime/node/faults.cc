#include "runtime/node/faults.h"

#include "runtime/base/check.h"
#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>

namespace tramontane {
namespace {

constexpr const char* form =
    "expected kill WHO N/TIME, stop WHO N/TIME for TIME, or cut WHO N/TIME, like kill generator "
    "1/60s";
constexpr double seconds_least = 0.001;
constexpr double seconds_most = 1e7;

[[noreturn]] void refuse(const std::string& fault, const std::string& why) {
  throw Error(Errc::bad_input, str("the fault \"", fault, "\": ", why));
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Seconds.
double parse_time(const std::string& fault, const std::string& text) {
  std::size_t unit_at = text.find_first_not_of("0123456789.");
  std::string unit = unit_at == std::string::npos ? "" : text.substr(unit_at);
  auto value = number(std::string_view(text).substr(0, text.size() - unit.size()));
  constexpr std::pair<const char*, double> units[] = {
      {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  for (auto [name, seconds] : units)
    if (value && unit == name && *value * seconds >= seconds_least &&
        *value * seconds <= seconds_most)
      return *value * seconds;
  refuse(fault, str("\"", text, "\" is no time, which is like 500ms, 3s, 2m or 1h"));
}

Duration in_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

FaultRule parse_fault(const std::string& fault) {
  std::istringstream in(fault);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.size() < 3) refuse(fault, form);
  FaultRule rule{.who = words[1]};
  bool stops = words[0] == "stop";
  if (words[0] == "cut") rule.kind = FaultRule::Kind::cut;
  if (stops) rule.kind = FaultRule::Kind::stop;
  if (rule.kind == FaultRule::Kind::kill && words[0] != "kill") refuse(fault, form);
  if (words.size() != (stops ? 5 : 3) || (stops && words[3] != "for")) refuse(fault, form);
  std::size_t slash = words[2].find('/');
  auto times = number(std::string_view(words[2]).substr(0, slash));
  if (slash == std::string::npos || !times || !(*times > 0) || *times > 1e6) refuse(fault, form);
  double each = parse_time(fault, words[2].substr(slash + 1)) / *times;
  if (each < seconds_least) refuse(fault, "that is more often than every millisecond");
  rule.every = in_seconds(each);
  if (stops) rule.lasts = in_seconds(parse_time(fault, words[4]));
  return rule;
}

bool is_one_of(const std::string& worker, const std::string& who) {
  return who == "any" || worker == who || worker.substr(0, worker.find('/')) == who;
}

}  // namespace

std::vector<FaultRule> parse_faults(const std::string& text) {
  std::vector<FaultRule> rules;
  std::istringstream list(text);
  for (std::string fault; std::getline(list, fault, ',');) {
    std::size_t begin = fault.find_first_not_of(' ');
    if (begin == std::string::npos) refuse(fault, form);
    rules.push_back(parse_fault(fault.substr(begin, fault.find_last_not_of(' ') + 1 - begin)));
  }
  if (rules.empty() || text.back() == ',') refuse(text, form);
  return rules;
}

void check_faults(const std::vector<FaultRule>& rules, const Graph& graph) {
  if (rules.empty()) return;
  std::vector<std::string> names = graph.workers();
  if (names.empty())
    throw Error(Errc::bad_input,
        "faults meet workers, and all actors are in this process: --isolation process");
  for (const FaultRule& rule : rules)
    if (std::none_of(names.begin(), names.end(),
            [&](const std::string& worker) { return is_one_of(worker, rule.who); })) {
      names.emplace_back("any");
      throw Error(Errc::bad_input, unknown_name("worker", rule.who, names));
    }
}

FaultClock::FaultClock(std::vector<FaultRule> rules, std::uint64_t seed) : random_(seed) {
  for (FaultRule& rule : rules) waiting_.push_back({std::move(rule), std::nullopt});
}

// Of a Poisson process.
Duration FaultClock::draw(const FaultRule& rule) {
  double share = -std::log1p(-static_cast<double>(random_.uniform()));
  return Duration(static_cast<Duration::rep>(share * static_cast<double>(rule.every.count())));
}

std::vector<DueFault> FaultClock::due(Time now, const std::vector<std::string>& running) {
  std::vector<DueFault> faults;
  for (Waiting& waiting : waiting_) {
    if (!waiting.next) waiting.next = after(now, draw(waiting.rule));
    if (now < *waiting.next) continue;
    waiting.next = after(now, draw(waiting.rule));
    std::vector<std::string> meant;
    for (const std::string& worker : running)
      if (is_one_of(worker, waiting.rule.who)) meant.push_back(worker);
    if (meant.empty()) continue;
    faults.push_back({waiting.rule.kind, meant[random_.below(meant.size())], waiting.rule.lasts});
  }
  return faults;
}

}  // namespace tramontane
