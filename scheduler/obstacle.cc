#include "scheduler/obstacle.h"

#include "runtime/base/check.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace tramontane {
namespace {

using Kind = Reason::Kind;

enum class Round : std::uint8_t { down = 0, up = 1 };

// `value` of `unit`, in hundredths: "1.5", "4", "0.25".
std::string decimal(std::int64_t value, std::int64_t unit, Round round) {
  std::int64_t rest = value % unit;
  std::int64_t whole = value / unit;
  // Less than a unit, so that nothing overflows: units are 2^30 at most.
  std::int64_t hundredths = (rest * 100 + (round == Round::up ? unit - 1 : 0)) / unit;
  whole += hundredths / 100;
  hundredths %= 100;
  if (hundredths == 0) return str(whole);
  std::string digits = str(hundredths < 10 ? "0" : "", hundredths);
  if (digits.back() == '0') digits.pop_back();
  return str(whole, ".", digits);
}

// What is free is rounded down and what is wanted up, so that they never look as if it fitted.
std::string amount(Kind kind, std::int64_t value, Round round) {
  constexpr std::int64_t gib = std::int64_t{1} << 30;
  if (kind == Kind::cpu || kind == Kind::gpu_share) return decimal(value, 1000, round);
  if (kind == Kind::memory) return decimal(value, gib, round);
  return str(value);
}

std::string unit(Kind kind) {
  if (kind == Kind::cpu) return " CPUs";
  return kind == Kind::memory ? " GiB of memory" : " GPUs";
}

std::string by_job_text(const Reason& reason) {
  if (reason.by_job == 0) return "";
  return str(" (this job's others take ", amount(reason.kind, reason.by_job, Round::up), ")");
}

std::string set_name(std::int64_t set) {
  return name(static_cast<InstructionSet>(set));
}

// `less`: "at most " where it stands for several nodes that differ.
std::string text_of(const Reason& reason, const std::string& group, std::string_view less) {
  switch (reason.kind) {
    case Kind::state:
      return reason.text;
    case Kind::run_directory:
      return "not the run directory's node";
    case Kind::label:
      return str("no label ", reason.text);
    case Kind::instruction_set:
      return str("has ", reason.text, ", the job's actors want ", set_name(reason.wants));
    case Kind::cpu:
    case Kind::memory:
    case Kind::whole_gpus: {
      std::string of = less.empty() ? str(" of ", amount(reason.kind, reason.of, Round::down)) : "";
      std::string job = less.empty() ? by_job_text(reason) : "";
      return str(less, amount(reason.kind, reason.has, Round::down), of, unit(reason.kind), " free",
          job, ", ", group, " wants ", amount(reason.kind, reason.wants, Round::up));
    }
    case Kind::gpu_share:
      if (reason.of == 0) return str("no GPU, ", group, " wants a share of one");
      return str(less, amount(reason.kind, reason.has, Round::down), " of one GPU free, ", group,
          " wants ", amount(reason.kind, reason.wants, Round::up));
    case Kind::strict_spread:
      return str("has an actor of ", reason.text, ", of which each wants a node of its own");
    case Kind::strict_pack:
      return str(less, "room for ", reason.has, " of the ", reason.wants, " that must be together");
    case Kind::elsewhere:
      return str(group, "'s other actors are on ", reason.text, ", and it must be together");
    case Kind::near:
      return str("no actor of ", reason.text, ", which ", group, " must be near");
    case Kind::apart:
      return str("has an actor of ", reason.text, ", which ", group, " must be apart from");
  }
  return "";
}

bool is_amount(Kind kind) {
  return kind == Kind::cpu || kind == Kind::memory || kind == Kind::whole_gpus ||
         kind == Kind::gpu_share || kind == Kind::strict_pack;
}

// Nodes that share a line.
struct Row {
  std::vector<Reason> reasons;  // amounts: the most that any of them has
  std::vector<std::string> names;
  bool differ = false;  // in amounts
};

std::string text_of(const Row& row, const std::string& group) {
  std::string text = row.names.size() == 1   ? str("  node ", row.names.front(), ": ")
                     : row.names.size() <= 3 ? "  nodes "
                                             : str("  ", row.names.size(), " nodes: ");
  if (row.names.size() == 2 || row.names.size() == 3) {
    for (const auto& name : row.names) text += (&name == row.names.data() ? "" : ", ") + name;
    text += ": ";
  }
  for (const auto& reason : row.reasons) {
    std::string_view less = row.differ && is_amount(reason.kind) ? "at most " : "";
    text += (&reason == row.reasons.data() ? "" : "; ") + text_of(reason, group, less);
  }
  return text;
}

// Nodes with equal texts; or, coarsely, those whose reasons are of the same kinds.
std::vector<Row> rows_of(const Obstacle& obstacle, bool coarse) {
  std::vector<Row> rows;
  std::map<std::string, std::size_t> known;
  for (const auto& node : obstacle.nodes) {
    std::string key;
    for (const auto& reason : node.reasons)
      key += coarse && is_amount(reason.kind) ? str(static_cast<int>(reason.kind), ";")
                                              : text_of(reason, obstacle.group, "") + ";";
    auto [at, is_new] = known.emplace(key, rows.size());
    if (is_new) rows.push_back({node.reasons, {}, false});
    Row& row = rows[at->second];
    row.names.push_back(node.name);
    for (std::size_t i = 0; i < node.reasons.size(); ++i) {
      row.differ = row.differ || node.reasons[i] != row.reasons[i];
      row.reasons[i].has = std::max(row.reasons[i].has, node.reasons[i].has);
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    if (a.reasons.size() != b.reasons.size()) return a.reasons.size() < b.reasons.size();
    return a.names.size() < b.names.size();
  });
  return rows;
}

std::string_view text_of(Prospect prospect) {
  switch (prospect) {
    case Prospect::when_something_ends:
      return "fits when something ends";
    case Prospect::when_a_node_is_ready:
      return "fits when a node is ready again";
    case Prospect::never:
      return "never fits on this cluster";
  }
  return "";
}

std::string wants(const Need& need) {
  std::vector<std::string> parts;
  auto add = [&](Kind kind, std::int64_t value) {
    if (value > 0) parts.push_back(amount(kind, value, Round::up) + unit(kind));
  };
  add(Kind::cpu, need.cpu_milli);
  add(Kind::memory, need.memory_bytes);
  add(Kind::gpu_share, need.gpu_milli);
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? ", each wants " : ", ") + part;
  return text;
}

}  // namespace

std::vector<std::string> Obstacles::lines(std::size_t most) const {
  std::vector<std::string> lines;
  std::size_t rows_max = groups.empty() ? 0 : most / groups.size();
  rows_max = rows_max > 3 ? rows_max - 2 : 1;
  for (const auto& obstacle : groups) {
    lines.push_back(str(obstacle.group, ": ", obstacle.missing, " of ", obstacle.count,
        " actors find no place", wants(obstacle.need), "; ", text_of(prospect)));
    for (const auto& hint : obstacle.hints) lines.push_back("  " + hint);
    std::vector<Row> rows = rows_of(obstacle, false);
    if (rows.size() > rows_max) rows = rows_of(obstacle, true);
    std::size_t left = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i < rows_max)
        lines.push_back(text_of(rows[i], obstacle.group));
      else
        left += rows[i].names.size();
    }
    if (left > 0) lines.push_back(str("  and ", left, left == 1 ? " node more" : " nodes more"));
  }
  return lines;
}

}  // namespace tramontane
